import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

// The tests of `npm test` on the other versions of Node that are supported. What they start runs on
// the same version as they do.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What `npm test` leaves out. */
const LANES = ["test/e2e", "test/fault", "test/long", "test/runtimes"];

/** The rooms of the program and the preload, which depend on Node the most. */
const ENTRIES = ["test/programs"];

const files = readdirSync(join(ROOT, "test"), { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith(".test.ts"))
  .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
  .filter((path) => !isIn(path, LANES))
  .sort();

for (const version of [22, 24, 26]) {
  test(`the program and the preload pass their tests on Node ${version}`, async () => {
    await run(
      version,
      files.filter((path) => isIn(path, ENTRIES)),
    );
  });

  test(`everything else passes its tests on Node ${version}`, async () => {
    await run(
      version,
      files.filter((path) => !isIn(path, ENTRIES)),
    );
  });
}

/** Runs test files on a version of Node, and shows what has failed. */
async function run(version: number, paths: readonly string[]): Promise<void> {
  const node = join(ROOT, `test/runtimes/node_modules/node-${version}/bin/node`);
  assert.ok(paths.length > 0);
  // A test runner that finds itself in a test does nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--import", "tsx", "--test", "--test-reporter=tap", ...paths];
  const child = spawn(node, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const failures = output.split(/^(?=not ok )/m).slice(1);
  assert.equal(code, 0, failures.map((failure) => failure.slice(0, 3_000)).join("\n"));
  assert.match(output, /^# pass [1-9]\d*$/m);
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}
