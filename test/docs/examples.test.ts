import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import { blocksOf, type Document, GUIDE, linesOf, ROOT, readDocument } from "./documents.ts";

/** The documents whose code is held to the examples. */
const TAUGHT: readonly Document[] = [readDocument("README.md"), ...GUIDE];

for (const document of TAUGHT) {
  for (const { caption, code } of blocksOf(document)) {
    const example = exampleOf(caption, document);
    if (example === undefined) continue;
    test(`${document.path} shows code of ${example}`, () => {
      const source = linesOf(readExample(example));
      // Lines may be left out, but none is another, nor in another order.
      for (const line of linesOf(code)) {
        const index = source.indexOf(line);
        assert.notEqual(index, -1, line);
        source.splice(0, index + 1);
      }
    });
  }

  test(`${document.path} names the example of every block of more than three lines`, () => {
    for (const { caption, code } of blocksOf(document)) {
      if (linesOf(code).length > 3) assert.ok(exampleOf(caption, document), code);
    }
  });
}

test("the README has at most 220 lines", () => {
  assert.ok(readDocument("README.md").text.split("\n").length <= 220);
});

for (const { path, text } of GUIDE) {
  test(`${path} begins with code, after its title and at most one line`, () => {
    assert.match(text, /^# .+\n\n(?:(?!```)[^\n]+\n\n)?```/);
  });
}

test("the mount of each framework stands in its example", () => {
  const mounts = readDocument("docs/guide/mounts.md");
  const rows = [...mounts.text.matchAll(/\[example\]\((\S+)\)\) \| `(.*)` \|$/gm)];
  assert.equal(rows.length, 8);
  for (const [, example = "", code = ""] of rows) {
    const source = readExample(posix.join("docs/guide", example));
    const short = source.replaceAll("createHandler(register)", "metrics");
    for (const statement of code.split("; ")) assert.ok(short.includes(statement), statement);
  }
});

/** The example that a caption names, from the root of the repository. */
function exampleOf(caption: string, { path }: Document): string | undefined {
  const [, link] = /\(\[example\]\(([^)]+)\)/.exec(caption) ?? [];
  return link === undefined ? undefined : posix.join(posix.dirname(path), link);
}

function readExample(path: string): string {
  assert.match(path, /^(?:examples|templates)\//);
  return readFileSync(new URL(path, ROOT), "utf8");
}
