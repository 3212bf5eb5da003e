import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Fixture, forkNode } from "../helpers/processes/fork-fixture.ts";

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = join(ROOT, "test", "frameworks");

/** Far longer than a build takes, even on a machine that has much else to do. */
export const BUILD_MS = 300_000;

/** An application in a folder of its own, with this package installed as npm would publish it. */
export interface Project {
  readonly folder: string;
  /** Runs Node in the folder. */
  node(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Fixture;
  /** Moves a file or a folder to where there may not be a folder yet. */
  move(from: string, to: string): Promise<void>;
}

/** Reads a file of `examples/`. */
export function readExample(path: string): string {
  return readFileSync(join(ROOT, "examples", path), "utf8");
}

/** A program of a package that the tests of this folder install, from the root of the package. */
export function programOf(path: string): string {
  return join(FOLDER, "node_modules", path);
}

/**
 * Runs a test with an application.
 *
 * @param example The folder of `examples/` that it is a copy of, if it is one.
 * @param files The text of each file that the example does not have, or has otherwise, by its path.
 */
export async function withProject(
  example: string | undefined,
  files: Readonly<Record<string, string>>,
  test: (project: Project) => Promise<void>,
): Promise<void> {
  // The folder is in this one, and not a temporary one: bundlers look for packages only above a project,
  // and take no symbolic links that lead out of it.
  const folder = await mkdtemp(join(FOLDER, "project-"));
  try {
    if (example) await cp(join(ROOT, "examples", example), folder, { recursive: true });
    await installPackage(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    await test({
      folder,
      node: (args, env) => forkNode(args, { cwd: folder, env: env ?? {} }),
      async move(from, to) {
        await mkdir(dirname(join(folder, to)), { recursive: true });
        await rename(join(folder, from), join(folder, to));
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function installPackage(folder: string): Promise<void> {
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const tarball = join(folder, (await run("npm", pack, { cwd: ROOT })).stdout.trim());
  const target = join(folder, "node_modules", "promhttp");
  await mkdir(target, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
  await rm(tarball);
}
