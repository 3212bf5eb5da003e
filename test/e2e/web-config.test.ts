import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readDocument, sectionOf } from "../docs/documents.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { type Case, CONFIG, FILES, REFUSED } from "./web-config/case.ts";
import { type StartExporter, startOurs, startTheirs } from "./web-config/exporters.ts";
import { RELOADS } from "./web-config/reloads.ts";
import { QUESTIONS } from "./web-config/requests.ts";
import { STARTS } from "./web-config/starts.ts";

// The same files and questions for the node_exporter of Debian and for the program. Where they differ, the
// guide says so, and nowhere else.

const CASES: readonly Case[] = [...STARTS, ...QUESTIONS, ...RELOADS];

/** What each row of the guide says of both. */
const TABLE = new Map(
  Array.from(
    sectionOf(
      readDocument("docs/guide/web-config.md"),
      "Differences from the official exporters",
    ).matchAll(/^\| (.+?) \| (.+?) \| (.+?) \| .+ \|$/gm),
    ([, name = "", theirs = "", ours = ""]) => [name, { theirs, ours }] as const,
  ).filter(([name]) => !/^(?:what|-+$)/.test(name)),
);

describe("the program and node_exporter", { concurrency: 4 }, () => {
  for (const example of CASES) {
    test(`do with ${example.name} what the guide says`, async () => {
      const [theirs, ours] = await Promise.all([
        outcomeOf(startTheirs, example),
        outcomeOf(startOurs, example),
      ]);
      const told = TABLE.get(example.name);
      assert.deepEqual(theirs === ours ? undefined : { theirs, ours }, told);
    });
  }
});

test("the guide has no difference that is not tried", () => {
  const tried = new Set(CASES.map(({ name }) => name));
  assert.deepEqual(
    [...TABLE.keys()].filter((name) => !tried.has(name)),
    [],
  );
  assert.ok(TABLE.size > 0);
});

async function outcomeOf(start: StartExporter, { config, look }: Case): Promise<string> {
  let outcome = REFUSED;
  await withTempDir(async (folder) => {
    for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
    const file = join(folder, CONFIG);
    if (config !== undefined) await writeFile(file, config);
    await using exporter = await start(folder, file);
    if (exporter === undefined) return;
    const seen = await look(exporter, folder);
    // One of them writes its last line before it has checked everything.
    if (seen !== "no answer" || !(await exporter.hasEnded())) outcome = seen;
  });
  return outcome;
}
