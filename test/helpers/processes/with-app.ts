import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withTempDir } from "../with-temp-dir.ts";
import { type Fixture, forkNode } from "./fork-fixture.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** An application in a folder of its own, with this package installed. */
export interface App {
  readonly folder: string;
  /** Runs Node in the folder. */
  node(args: readonly string[], env?: Readonly<Record<string, string | undefined>>): Fixture;
}

/**
 * Runs a test with an application.
 *
 * @param files The text of each file, by its path.
 * @param libraries The client libraries that are installed, too.
 */
export async function withApp(
  files: Readonly<Record<string, string>>,
  libraries: readonly string[],
  test: (app: App) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    for (const library of libraries) await install(folder, library, `node_modules/${library}`);
    await install(folder, "promhttp", ".");
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    // What it leaves for its next start goes with its folder.
    const own = { PROMHTTP_RUNTIME_DIR: join(folder, "run") };
    const children: Fixture[] = [];
    const node: App["node"] = (args, env) => {
      const child = forkNode(args, { cwd: folder, env: { ...own, ...env } });
      children.push(child);
      return child;
    };
    try {
      await test({ folder, node });
    } finally {
      // A test that fails leaves them running, and its process would wait for them forever.
      for (const child of children) child.signal("SIGKILL");
    }
  });
}

async function install(folder: string, name: string, source: string): Promise<void> {
  const path = join(folder, "node_modules", name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(join(ROOT, source), path);
}
