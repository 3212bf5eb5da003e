import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeHelp, escapeQuoted } from "../../../src/exposition/text/escape.ts";

const CASES: readonly { text: string; quoted: string; help: string }[] = [
  { text: "", quoted: "", help: "" },
  { text: "plain", quoted: "plain", help: "plain" },
  { text: "C:\\dir", quoted: "C:\\\\dir", help: "C:\\\\dir" },
  { text: "two\nlines", quoted: "two\\nlines", help: "two\\nlines" },
  { text: 'say "hi"', quoted: 'say \\"hi\\"', help: 'say "hi"' },
  { text: '\\\n"', quoted: '\\\\\\n\\"', help: '\\\\\\n"' },
  { text: "\\n", quoted: "\\\\n", help: "\\\\n" },
  // No parser knows any other escape, so all the rest goes as it is.
  { text: "\0\r\t\u2028é😱", quoted: "\0\r\t\u2028é😱", help: "\0\r\t\u2028é😱" },
];

for (const { text, quoted, help } of CASES) {
  test(`escapeQuoted() escapes ${JSON.stringify(text)}`, () => {
    assert.equal(escapeQuoted(text), quoted);
  });
  test(`escapeHelp() escapes ${JSON.stringify(text)}`, () => {
    assert.equal(escapeHelp(text), help);
  });
}

const TEXT = fc.string({ unit: fc.constantFrom("\\", "\n", '"', "n", "a") });

test("escapeQuoted() writes what reads back, on one line and without a bare quote", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const escaped = escapeQuoted(text);
      assert.match(escaped, /^(?:[^\\\n"]|\\[\\n"])*$/);
      assert.equal(readBack(escaped), text);
    }),
  );
});

test("escapeHelp() writes what reads back, on one line", () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      const escaped = escapeHelp(text);
      assert.match(escaped, /^(?:[^\\\n]|\\[\\n])*$/);
      assert.equal(readBack(escaped), text);
    }),
  );
});

function readBack(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}
