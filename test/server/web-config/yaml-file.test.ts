import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/errors.ts";
import { parseYaml, type YamlNode } from "../../../src/server/web-config/yaml-file.ts";

/** The texts of a document, without lines; `null` for what is empty. */
type Plain = string | null | readonly Plain[] | ReadonlyMap<string, Plain>;

function plain(node: YamlNode): Plain {
  if (node.kind === "scalar") return node.text;
  if (node.kind === "list") return node.items.map(plain);
  if (node.kind === "null") return null;
  return new Map(Array.from(node.entries, ([key, value]) => [key, plain(value)]));
}

const GOOD: readonly [yaml: string, expected: Plain][] = [
  ["", null],
  ["# a comment", null],
  ["null", null],
  ["---\n", null],
  ["%YAML 1.1\n---\na: b", new Map([["a", "b"]])],
  ["\ufeffa: b\r\n", new Map([["a", "b"]])],
  ["a:", new Map([["a", null]])],
  [
    "{a: b, c: }",
    new Map<string, Plain>([
      ["a", "b"],
      ["c", null],
    ]),
  ],
  ["123: 0x1F", new Map([["123", "0x1F"]])],
  ["yes: 2026-01-01", new Map([["yes", "2026-01-01"]])],
  ['"a\\tb": "c\\nd"', new Map([["a\tb", "c\nd"]])],
  ["a: |\n  !one\n  *two\n", new Map([["a", "!one\n*two\n"]])],
  ["a: '!one'", new Map([["a", "!one"]])],
  [
    "a: b!\nc: d*e",
    new Map([
      ["a", "b!"],
      ["c", "d*e"],
    ]),
  ],
  ["- &anchor a\n- [b]", ["a", ["b"]]],
  [
    "__proto__: a\nconstructor: b",
    new Map([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]),
  ],
  ["'<<': a", new Map([["<<", "a"]])],
];

for (const [yaml, expected] of GOOD) {
  test(`parseYaml() reads ${JSON.stringify(yaml)}`, () => {
    assert.deepEqual(plain(parseYaml(Buffer.from(yaml), "web.yml")), expected);
  });
}

test("parseYaml() takes yes and on for booleans, unless they are in quotes", () => {
  const node = parseYaml(Buffer.from("[yes, on, off, True, 'yes', y]"), "web.yml");
  assert.ok(node.kind === "list");
  const values = node.items.map((item) => (item.kind === "scalar" ? item.value : undefined));
  assert.deepEqual(values, [true, true, false, true, "yes", true]);
});

test("parseYaml() gives a value the line of its key", () => {
  const node = parseYaml(Buffer.from("# one\na:\n  |\n  b\r\nc:\n\n  - d\n  - e"), "web.yml");
  assert.ok(node.kind === "map");
  const [a, c] = node.entries.values();
  assert.ok(c?.kind === "list");
  assert.deepEqual([a?.line, c.line, ...c.items.map(({ line }) => line)], [2, 5, 7, 8]);
});

const SECRET = "hunter2";

const BAD: readonly [yaml: string | Buffer, line: number | undefined, reason: string][] = [
  ["a: &a [b]\nc: *a", 2, "YAML aliases are not allowed"],
  [`a: !!binary ${SECRET}`, 1, "YAML tags are not allowed"],
  [`a: !${SECRET}`, 1, "YAML tags are not allowed"],
  ["%YAML 1.2\n---\na: b", 1, "YAML directives are not allowed"],
  ["%TAG ! x\n---\na: b", 1, "YAML directives are not allowed"],
  ["a: b\n---\n", 2, "more than one YAML document"],
  ["a: b\nc: d\na: e", 3, "the same key as on line 1"],
  ["1: b\n'1': d", 2, "the same key as on line 1"],
  ["<<: {a: b}", 1, "each key must be a text, and no merge key"],
  ["? [a]\n: b", 1, "each key must be a text, and no merge key"],
  ["a:\n\tb: c", 2, "not YAML: Tabs are not allowed as indentation"],
  [`a: "${SECRET}`, 1, "not YAML: Missing closing quote"],
  [`a: '${SECRET}`, 1, "not YAML: Missing closing quote"],
  [`a: "\\q${SECRET}"`, 1, "not YAML: Invalid escape sequence"],
  [`a: | ${SECRET}\n  b`, 1, "not YAML: Not a YAML token"],
  [`a: b\n${SECRET}`, 2, "not YAML: Implicit map keys need to be followed by map values"],
  [`a: [b] ${SECRET}`, 1, "not YAML: Unexpected scalar at node end"],
  [`[a]]${SECRET}`, 1, "not YAML: Unexpected flow-seq-end token in YAML stream"],
  ["{", 1, "not YAML: Flow map must end with a }"],
  ["[".repeat(17), 1, "nested deeper than 16 levels"],
  ["[".repeat(500_000), 1, "nested deeper than 16 levels"],
  ["- ".repeat(500_000), 1, "nested deeper than 16 levels"],
  ["? ".repeat(500_000), 1, "nested deeper than 16 levels"],
  ["- a\n".repeat(8_000), 6_554, "too many entries"],
  [`a: "${"\\q".repeat(40_000)}"`, 1, "too many entries"],
  ["a: b\nc: \0", 2, "a character that is not printable"],
  [Buffer.from([0x61, 0xff]), undefined, "it is not UTF-8"],
  [Buffer.from("\ufeffa: b", "utf16le"), undefined, "it is not UTF-8"],
  ["a".repeat(2 ** 20 + 1), undefined, "it is larger than 1 MiB"],
];

for (const [yaml, line, reason] of BAD) {
  const shown = JSON.stringify(String(yaml)).slice(0, 40);
  test(`parseYaml() refuses ${shown} as ${reason}`, () => {
    assert.throws(
      () => parseYaml(Buffer.from(yaml), "web.yml"),
      (error) => {
        assert.ok(error instanceof ConfigError);
        const place = line === undefined ? "web.yml" : `web.yml:${line}`;
        assert.equal(error.message, `Cannot use ${place}: ${reason}`);
        assert.equal(error.line, line);
        return true;
      },
    );
  });
}
