import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLabelEncoder } from "../../../src/exposition/text/labels.ts";
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
    name: "omits labels without a value",
    labels: { a: null, b: undefined, c: "", d: [], e: "x", f: "" },
    expected: 'e="x"',
  },
  {
    name: "converts values that are no strings",
    labels: { a: 0, b: false, c: 1n, d: { toString: () => "d" } },
    expected: 'a="0",b="false",c="1",d="d"',
  },
  {
    name: "leaves out __name__ and the empty name",
    labels: { __name__: "x", "": "y", a: "1" },
    expected: 'a="1"',
  },
  {
    name: "leaves out what escapes to __name__",
    labels: { "..name..": "x", a: "1" },
    expected: 'a="1"',
  },
  {
    name: "leaves out the reserved label",
    labels: { le: "x", a: "1", quantile: "2" },
    reserved: "le",
    expected: 'a="1",quantile="2"',
  },
  {
    name: "leaves out the reserved label where names are quoted",
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
    name: "keeps the first of two names that escaping makes equal",
    labels: { "a.b": "1", a_b: "2", "a-b": "3" },
    expected: 'a_b="1"',
  },
  {
    name: "does not let a label without a value take a name",
    labels: { "a.b": "", a_b: "2" },
    expected: 'a_b="2"',
  },
  {
    name: "keeps the first of two names that are sent as the same bytes",
    labels: { "a\ud800": "1", "a\ud801": "2" },
    scheme: "allow-utf-8",
    expected: '"a\ufffd"="1"',
  },
  { name: "reads own properties alone", labels: Object.create({ a: "1" }), expected: "" },
];

for (const { name, labels, expected, scheme = "underscores", reserved } of CASES) {
  test(`createLabelEncoder() ${name}`, () => {
    const encode = createLabelEncoder(scheme, reserved);
    assert.equal(encode(labels), expected);
    // The second time, the names are known.
    assert.equal(encode(labels), expected);
  });
}

test("createLabelEncoder() writes known names as it does new ones", () => {
  const encode = createLabelEncoder("underscores");
  assert.equal(encode({ a: "1", b: 2, c: 3 }), 'a="1",b="2",c="3"');
  assert.equal(encode({ c: "", b: "x", a: [] }), 'b="x"');
  assert.equal(encode({ a: "\n" }), 'a="\\n"');
});

test("createLabelEncoder() bears a program that invents names without end", () => {
  const encode = createLabelEncoder("underscores");
  for (let index = 0; index < 2_500; index++) {
    assert.equal(
      encode({ [`n${index}`]: "1", n0: "0" }),
      index === 0 ? 'n0="0"' : `n${index}="1",n0="0"`,
    );
  }
});

test("createLabelEncoder() gives the same whichever labels it has seen before", () => {
  const names = fc.constantFrom("a", "b", "a.b", "a_b", "a:b", "le", "__name__", "", "é");
  const values = fc.constantFrom("", "1", "\n", null, undefined, 5, []);
  const labels = fc.dictionary(names, values);
  const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");
  fc.assert(
    fc.property(labels, fc.array(labels), schemes, (given, before, scheme) => {
      const experienced = createLabelEncoder(scheme, "le");
      for (const earlier of before) experienced(earlier);
      assert.equal(experienced(given), createLabelEncoder(scheme, "le")(given));
    }),
  );
});
