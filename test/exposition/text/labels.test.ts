import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { escapeHelp, escapeQuoted, LabelEncoder } from "../../../src/exposition/text/labels.ts";
import type { Labels } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";

interface LabelCase {
  readonly name: string;
  readonly labels: Labels;
  readonly expected: string;
  readonly scheme?: EscapingScheme;
  readonly reserved?: string;
}

const CASES: readonly LabelCase[] = [
  { name: "writes nothing for no labels", labels: {}, expected: "" },
  {
    name: "writes labels in their order",
    labels: { b: "1", a: "2" },
    expected: 'b="1",a="2"',
  },
  {
    name: "escapes values",
    labels: { a: '\\\n"', b: "\r\t" },
    expected: 'a="\\\\\\n\\"",b="\r\t"',
  },
  {
    name: "omits labels that are empty",
    labels: { c: "", d: [], e: "x", f: "" },
    expected: 'e="x"',
  },
  {
    name: "converts values that are not strings",
    labels: { a: 0, b: false, c: 1n, d: { toString: () => "d" }, e: null, f: undefined },
    expected: 'a="0",b="false",c="1",d="d",e="null",f="undefined"',
  },
  {
    name: "skips __name__ and the empty name",
    labels: { __name__: "x", "": "y", a: "1" },
    expected: 'a="1"',
  },
  {
    name: "skips names that escape to __name__",
    labels: { "..name..": "x", a: "1" },
    expected: 'a="1"',
  },
  {
    name: "skips the reserved label",
    labels: { le: "x", a: "1", quantile: "2" },
    reserved: "le",
    expected: 'a="1",quantile="2"',
  },
  {
    name: "skips the reserved label when names are quoted",
    labels: { "a.b": "1", le: "x" },
    scheme: "allow-utf-8",
    reserved: "le",
    expected: '"a.b"="1"',
  },
  {
    name: "quotes names that are not of the legacy charset",
    labels: { path: "/", "http.status": 200, "a:b": "c", 'q"\\\n': "d" },
    scheme: "allow-utf-8",
    expected: 'path="/","http.status"="200","a:b"="c","q\\"\\\\\\n"="d"',
  },
  {
    name: "escapes names",
    labels: { "http.status": 200, "a:b": "c" },
    scheme: "dots",
    expected: 'http_dot_status="200",a__b="c"',
  },
  {
    name: "joins the values of names that escaping makes equal, in the order of the names",
    labels: { a_b: "2", "a.b": "1", c: "4", "a-b": "3" },
    expected: 'a_b="3;1;2",c="4"',
  },
  {
    name: "does not let a label without a value take a name",
    labels: { "a.b": "", a_b: "2" },
    expected: 'a_b="2"',
  },
  {
    name: "joins the values of names with the same bytes",
    labels: { "a\ud801": "2", "a\ud800": "\ud800" },
    scheme: "allow-utf-8",
    expected: '"a\ufffd"="\ufffd;2"',
  },
  { name: "reads only own properties", labels: Object.create({ a: "1" }), expected: "" },
];

function encoderOf(scheme: EscapingScheme, reserved?: string) {
  const encoder = new LabelEncoder(scheme, false, reserved);
  return (labels: Labels): string | undefined => {
    encoder.hold(labels);
    return encoder.held;
  };
}

for (const { name, labels, expected, scheme = "underscores", reserved } of CASES) {
  test(`LabelEncoder ${name}`, () => {
    const encode = encoderOf(scheme, reserved);
    assert.equal(encode(labels), expected);
    // The second time, the names are known.
    assert.equal(encode(labels), expected);
  });
}

test("LabelEncoder writes known names as it does new ones", () => {
  const encode = encoderOf("underscores");
  assert.equal(encode({ a: "1", b: 2, c: 3 }), 'a="1",b="2",c="3"');
  assert.equal(encode({ c: "", b: "x", a: [] }), 'b="x"');
  assert.equal(encode({ a: "\n" }), 'a="\\n"');
});

test("LabelEncoder bounds its cache when label names never repeat", () => {
  const encode = encoderOf("underscores");
  for (let index = 0; index < 2_500; index++) {
    assert.equal(
      encode({ [`n${index}`]: "1", n0: "0" }),
      index === 0 ? 'n0="0"' : `n${index}="1",n0="0"`,
    );
  }
});

test("LabelEncoder returns the same whichever labels it encoded before", () => {
  const names = fc.constantFrom("a", "b", "a.b", "a_b", "a:b", "le", "__name__", "", "é");
  const values = fc.constantFrom("", "1", "\n", null, undefined, 5, []);
  const labels = fc.dictionary(names, values);
  const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");
  fc.assert(
    fc.property(labels, fc.array(labels), schemes, (given, before, scheme) => {
      const experienced = encoderOf(scheme, "le");
      for (const earlier of before) experienced(earlier);
      assert.equal(experienced(given), encoderOf(scheme, "le")(given));
    }),
  );
});

const SAME: readonly (readonly [string, Labels, Labels])[] = [
  ["another order", { b: "1", a: "2" }, { a: "2", b: "1" }],
  ["an empty label", { a: "1" }, { b: "", a: "1" }],
  ["the type of a value", { a: "1", b: "undefined" }, { a: 1, b: undefined }],
  ["a lone surrogate", { a: "\ud800" }, { a: "\ufffd" }],
  ["a name that is escaped", { a_b: "1", c: "2" }, { c: "2", "a.b": "1" }],
  ["the order that escaping changes", { "a.b": "1", a_a: "2" }, { a_b: "1", a_a: "2" }],
  ["a reserved label", { le: "1", a: "1" }, { a: "1" }],
];

for (const [what, one, other] of SAME) {
  test(`hold() returns the same for labels that differ in ${what}`, () => {
    const encoder = new LabelEncoder("underscores", false, "le");
    // The second time, the names are known.
    for (let round = 0; round < 2; round++) assert.equal(encoder.hold(one), encoder.hold(other));
  });
}

test("LabelEncoder refuses labels that are not held, unless they are promised to be unique", () => {
  const labels = { b: "1", a: "2" };
  const encoder = new LabelEncoder("underscores", undefined);
  assert.deepEqual([encoder.encode(labels), encoder.isRefused], [undefined, true]);
  encoder.hold(labels);
  assert.equal(encoder.held, 'b="1",a="2"');
  encoder.release();
  assert.equal(encoder.held, undefined);
  assert.deepEqual([encoder.isRefused, encoder.encode(labels)], [false, undefined]);
  const trusting = new LabelEncoder("underscores", true);
  assert.deepEqual([trusting.encode(labels), trusting.isRefused], ['b="1",a="2"', false]);
});

for (const labels of [{ a: "" }, { a: null }, { a: [] }, { "a.b": "1" }, { a: "\ud800" }]) {
  test(`LabelEncoder trusts no promise any more after ${JSON.stringify(labels)}`, () => {
    const encoder = new LabelEncoder("underscores", true);
    assert.equal(encoder.encode({ a: "1" }), 'a="1"');
    assert.equal(encoder.encode(labels), undefined);
    assert.deepEqual([encoder.isRefused, encoder.isTrusting], [true, false]);
    encoder.release();
    assert.equal(encoder.encode({ a: "1" }), undefined);
  });
}

test("LabelEncoder says why it cannot hold labels", () => {
  const encoder = new LabelEncoder("underscores", true);
  assert.equal(encoder.hold({ a: Object.create(null) }), undefined);
  assert.equal(encoder.fault, "a label value cannot be converted to a string");
  assert.equal(encoder.hold({ "a.b": 1, "a-b": 2 }), 'a_b="2;1"');
  assert.equal(encoder.fault, undefined);
});

const ESCAPES: readonly { text: string; quoted: string; help: string }[] = [
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

for (const { text, quoted, help } of ESCAPES) {
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
