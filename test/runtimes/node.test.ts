import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runTests } from "../helpers/run-tests.ts";

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

/**
 * What depends on the language, and on Node only where other tests see it, too. The oldest version, on which
 * `npm test` runs, and the newest one are enough.
 */
const LANGUAGE = [
  // What makes text, and the registries and groups that it comes from.
  "test/property",
  "test/exposition/blocking.test.ts",
  "test/exposition/changes-at-pauses.test.ts",
  // The answers of the ordinary server, which test/ways-in/ asks without a thread. What starts, stops and talks to
  // a thread is in test/server/thread/ and test/workers/.
  "test/ways-in/threads.test.ts",
  // What the documents show of servers, frameworks and the program.
  "test/docs/quick-start.test.ts",
  "test/examples",
  "test/programs/cli/package.test.ts",
];

const NEWEST = 26;

const files = readdirSync(join(ROOT, "test"), { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith(".test.ts"))
  .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
  .filter((path) => !isIn(path, [...LANES, ...TEXTS]))
  .sort();

for (const version of [22, 24, NEWEST]) {
  const node = join(ROOT, `test/runtimes/node_modules/node-${version}/bin/node`);
  const due = version === NEWEST ? files : files.filter((path) => !isIn(path, LANGUAGE));
  test(`all pass on Node ${version}`, () => runTests(due, { node }));
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
