import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

test("The package, as npm would publish it, brings the program and the preload", async () => {
  await withTempDir(async (folder) => {
    const here = { cwd: folder };
    const pack = ["pack", "--silent", "--pack-destination", folder];
    const tarball = (await run("npm", pack, { cwd: ROOT })).stdout.trim();
    await writeFile(join(folder, "package.json"), "{}");
    await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`], here);

    const { stdout } = await run("npx", ["promhttp", "--version"], here);
    assert.match(stdout, /^promhttp, version \d/);

    const args = ["--import", "promhttp/register", "--eval", ""];
    const { stderr } = await run(process.execPath, args, here);
    assert.match(stderr, /^promhttp: No metrics are served: there is no client library\. /);
  });
});
