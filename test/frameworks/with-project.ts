import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Fixture, forkNode } from "../helpers/processes/fork-fixture.ts";

const run = promisify(execFile);

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
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

/**
 * A program of a package that is installed in this folder, or in one below.
 *
 * @param path From `node_modules` on.
 */
export function programOf(path: string, folder = ""): string {
  return join(FOLDER, folder, "node_modules", path);
}

/** What a project is made of. */
export interface ProjectParts {
  /** The folder of `examples/` that it is a copy of, if it is one. */
  readonly example?: string;
  /** The text of each file that the example does not have, or has otherwise, by its path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Where its packages are installed, below this folder. @default this folder */
  readonly folder?: string;
  /** What `node()` starts. @default the Node of this process */
  readonly program?: string;
}

/** Runs a test with an application. */
export async function withProject(
  { example, files = {}, folder: parent = "", program = process.execPath }: ProjectParts,
  test: (project: Project) => Promise<void>,
): Promise<void> {
  // It is not a temporary folder: bundlers look for packages above a project, and follow no symbolic
  // links that lead out of it.
  const folder = await mkdtemp(join(FOLDER, parent, "project-"));
  const children: Fixture[] = [];
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
      node(args, env) {
        const child = forkNode(args, { cwd: folder, env: env ?? {}, program });
        children.push(child);
        return child;
      },
      async move(from, to) {
        await mkdir(dirname(join(folder, to)), { recursive: true });
        await rename(join(folder, from), join(folder, to));
      },
    });
  } finally {
    // A test that fails leaves them running, and its process would wait for them forever.
    for (const child of children) child.signal("SIGKILL");
    await rm(folder, { recursive: true });
  }
}

async function installPackage(folder: string): Promise<void> {
  const target = join(folder, "node_modules", "promhttp");
  await mkdir(target, { recursive: true });
  await run("tar", ["-xzf", await packedArchive(), "-C", target, "--strip-components=1"]);
}

/** The path of what npm would publish. It is packed once for all tests of a file. */
export function packedArchive(): Promise<string> {
  packed ??= pack();
  return packed;
}

let packed: Promise<string> | undefined;

after(async () => {
  if (packed !== undefined) await rm(dirname(await packed), { recursive: true });
});

/** Packs this package as npm would publish it, and returns the path of the tarball. */
async function pack(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "promhttp-"));
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  return join(folder, (await run("npm", args, { cwd: ROOT })).stdout.trim());
}
