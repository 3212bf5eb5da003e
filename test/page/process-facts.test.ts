import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findApplication, readProcessFacts } from "../../src/page/process-facts.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

/** Runs a test in a folder of these files. */
function withFiles(files: Record<string, string>, run: (folder: string) => Promise<void>) {
  return withTempDir(async (folder) => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(folder, path, ".."), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    await run(folder);
  });
}

const FILES = {
  "package.json": '{ "name": "outer" }',
  "app/package.json": '{ "name": "@shop/web", "version": "1.2.3" }',
  "app/dist/package.json": '{ "type": "module" }',
  "torn/package.json": "{",
};

test("findApplication() reads the package.json that a program belongs to", () =>
  withFiles(FILES, async (folder) => {
    const find = (program?: string, directory?: string) =>
      findApplication(program && join(folder, program), directory && join(folder, directory));
    const app = { name: "@shop/web", version: "1.2.3" };
    const outer = { name: "outer", version: undefined };
    assert.deepEqual(await find("app/dist/main.js"), app);
    assert.deepEqual(await find("torn/main.js"), outer);
    // A tool of a dependency runs the application of the working directory.
    assert.deepEqual(await find("other/node_modules/next/bin/next", "app"), app);
    assert.deepEqual(await find(undefined, "app/dist"), app);
  }));

test("findApplication() names the program where there is no package.json", async () => {
  assert.deepEqual(await findApplication("/nowhere/at/all/server.js", undefined), {
    name: "server.js",
    version: undefined,
  });
  assert.equal((await findApplication(undefined, undefined)).name, "a Node.js process");
});

test("readProcessFacts() tells which process this is", async () => {
  const { host, pid, uptimeSeconds } = await readProcessFacts();
  assert.deepEqual([host, pid], [hostname(), process.pid]);
  assert.ok(uptimeSeconds > 0);
});
