import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const run = promisify(execFile);
const INSTALL = ["install", "--offline", "--no-audit", "--no-fund"];

/** Versions that promhttp does not support, or does not know yet. */
const CLIENT_LIBRARIES = [
  ["prom-client", "12.0.0"],
  ["prom-client", "17.0.0-rc.1"],
  ["@prometheus-io/client", "0.15.0"],
] as const;

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

test("the package, as npm would publish it, contains the program and the preload", async () => {
  await withTempDir(async (folder) => {
    const here = { cwd: folder };
    const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const tarball = (await run("npm", pack, { cwd: ROOT })).stdout.trim();
    await writeFile(join(folder, "package.json"), "{}");
    await run("npm", [...INSTALL, `./${tarball}`], here);

    const { stdout } = await run("npx", ["promhttp", "--version"], here);
    assert.match(stdout, /^promhttp, version \d/);

    const args = ["--import", "promhttp/register", "--eval", ""];
    const { stderr } = await run(process.execPath, args, here);
    assert.match(stderr, /^promhttp: Cannot serve metrics: no client library found\. /);

    // An optional peer in a version outside of its range is an error for npm.
    for (const [name, version] of CLIENT_LIBRARIES) {
      await mkdir(join(folder, "library"), { recursive: true });
      await writeFile(join(folder, "library/package.json"), JSON.stringify({ name, version }));
      await run("npm", [...INSTALL, `./${tarball}`, "./library"], here);
      await run("npm", ["ls"], here);
      await run("npm", ["uninstall", "--offline", "--no-audit", name], here);
    }
  });
});
