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
const LANES = ["e2e", "fault", "frameworks", "long", "opentelemetry", "runtimes"].map(
  (name) => `test/${name}`,
);

/** What only reads text, or what compilers and npm make of it: all versions of Node read the same. */
const TEXTS = [
  "test/architecture.test.ts",
  ...["examples", "links", "reference", "tables", "words"].map(
    (name) => `test/docs/${name}.test.ts`,
  ),
  ...["compilers", "declarations", "pack"].map((name) => `test/package/${name}.test.ts`),
];

/** The rooms of the program and the preload, which depend on Node the most. */
const ENTRIES = ["test/programs"];

const files = readdirSync(join(ROOT, "test"), { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith(".test.ts"))
  .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
  .filter((path) => !isIn(path, LANES) && !TEXTS.includes(path))
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
  const args = [join(ROOT, "tools/testing/run.mjs"), ...paths];
  const child = spawn(node, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, 0, output);
  assert.match(output, /^[1-9]\d* passed/m);
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`));
}
