import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { NameOrder } from "../../../src/exposition/label-pairs.ts";
import { LabelWriter } from "../../../src/exposition/protobuf/labels.ts";
import { ProtobufWriter } from "../../../src/exposition/protobuf/writer.ts";
import type { Labels, MetricFamily } from "../../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../../src/model/names.ts";
import { codePoints } from "../../helpers/code-points.ts";
import { encodedMetrics } from "./encode.ts";

interface LabelCase {
  readonly name: string;
  readonly labels: Labels;
  /** Names and values, one after the other. */
  readonly expected: readonly string[];
  readonly scheme?: EscapingScheme;
}

const CASES: readonly LabelCase[] = [
  { name: "writes nothing for no labels", labels: {}, expected: [] },
  {
    name: "writes labels in their order",
    labels: { b: "1", a: '\\\n"\0' },
    expected: ["b", "1", "a", '\\\n"\0'],
  },
  {
    name: "omits labels without a value",
    labels: { c: "", d: [], e: "x" },
    expected: ["e", "x"],
  },
  {
    name: "converts values that are not strings",
    labels: { a: 0, b: false, c: 1n, d: { toString: () => "d" } },
    expected: ["a", "0", "b", "false", "c", "1", "d", "d"],
  },
  {
    name: "skips __name__, the empty name and the reserved label",
    labels: { __name__: "x", "..name..": "x", "": "y", le: "1", a: "1" },
    expected: ["a", "1"],
  },
  {
    name: "escapes names",
    labels: { "http.status": 200, "a:b": "c" },
    scheme: "dots",
    expected: ["http_dot_status", "200", "a__b", "c"],
  },
  {
    name: "keeps names where UTF-8 is allowed",
    labels: { "http.status": 200, 花: "火", a: "1" },
    scheme: "allow-utf-8",
    expected: ["http.status", "200", "花", "火", "a", "1"],
  },
  {
    name: "joins the values of names that escaping makes equal, in the order of the names",
    labels: { a_b: "2", "a.b": "1", c: "4", "a-b": "3" },
    expected: ["a_b", "3;1;2", "c", "4"],
  },
  {
    name: "does not let a label without a value take a name",
    labels: { "a.b": "", a_b: "2" },
    expected: ["a_b", "2"],
  },
  {
    name: "writes U+FFFD for a lone surrogate",
    labels: { a: "x\ud800y" },
    expected: ["a", "x\ufffdy"],
  },
  { name: "reads only own properties", labels: Object.create({ a: "1" }), expected: [] },
];

/** The bytes that `write` makes of `labels`, in hexadecimal. */
function written(write: LabelWriter, labels: Labels): string {
  const writer = new ProtobufWriter();
  writer.uint(0x08, 1);
  write.write(labels, writer);
  return Buffer.from(writer.take(2)).toString("hex");
}

/** What `expected` must look like: two short strings in each pair. */
function pairs(expected: readonly string[]): string {
  const bytes: number[] = [];
  for (let index = 0; index < expected.length; index += 2) {
    const name = Buffer.from(expected[index] ?? "");
    const value = Buffer.from(expected[index + 1] ?? "");
    bytes.push(0x0a, name.length + value.length + 4);
    bytes.push(0x0a, name.length, ...name, 0x12, value.length, ...value);
  }
  return Buffer.from(bytes).toString("hex");
}

for (const { name, labels, expected, scheme = "underscores" } of CASES) {
  test(`LabelWriter ${name}`, () => {
    const write = new LabelWriter(scheme, "le");
    assert.equal(written(write, labels), pairs(expected));
    // The second time, the names are known.
    assert.equal(written(write, labels), pairs(expected));
  });
}

test("LabelWriter bounds its cache when label names never repeat", () => {
  const write = new LabelWriter("underscores");
  for (let index = 1; index < 2_500; index++) {
    assert.equal(
      written(write, { n0: "0", [`n${index}`]: "1" }),
      pairs(["n0", "0", `n${index}`, "1"]),
    );
  }
});

test("LabelWriter returns the same whichever labels it encoded before", () => {
  const names = fc.constantFrom("a", "b", "a.b", "a_b", "a:b", "le", "__name__", "", "é");
  const values = fc.constantFrom("", "1", "\n", null, undefined, 5, []);
  const labels = fc.dictionary(names, values);
  const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");
  fc.assert(
    fc.property(labels, fc.array(labels), schemes, (given, before, scheme) => {
      const experienced = new LabelWriter(scheme, "le");
      for (const earlier of before) written(experienced, earlier);
      assert.equal(written(experienced, given), written(new LabelWriter(scheme, "le"), given));
    }),
  );
});

test("LabelWriter writes nothing in order that cannot be converted to a string", () => {
  const writer = new ProtobufWriter();
  new LabelWriter("dots").writeInOrder({ a: Object.create(null) }, new NameOrder(), writer);
  assert.equal(writer.length, 0);
});

test("LabelWriter writes any text so that it reads back the same", () => {
  const text = fc.string({ unit: codePoints, minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(text, text, (name, value) => {
      fc.pre(name !== "__name__" && !name.includes("\0"));
      const family: MetricFamily = {
        name: "g",
        help: "",
        type: "gauge",
        metrics: [{ labels: { [name]: value }, value: 1 }],
      };
      assert.deepEqual(encodedMetrics(family, "allow-utf-8")[0]?.label, [{ name, value }]);
    }),
  );
});
