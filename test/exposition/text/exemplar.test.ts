import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatBucketExemplar, formatExemplar } from "../../../src/exposition/text/exemplar.ts";
import type { Exemplar } from "../../../src/model/metric-family.ts";

const CASES: readonly { name: string; exemplar: Exemplar | null | undefined; expected: string }[] =
  [
    { name: "writes nothing for undefined", exemplar: undefined, expected: "" },
    { name: "writes nothing for null", exemplar: null, expected: "" },
    {
      name: "writes labels, value and time",
      exemplar: { labels: { trace_id: "KOO5", n: 7 }, value: 0.67, timestampMs: 1520879607789 },
      expected: ' # {trace_id="KOO5",n="7"} 0.67 1520879607.789',
    },
    { name: "allows no labels", exemplar: { labels: {}, value: 1 }, expected: " # {} 1" },
    {
      name: "omits labels that are empty",
      exemplar: { labels: { b: undefined, c: "", d: [], e: "5", "f.g": "" }, value: 1 },
      expected: ' # {b="undefined",e="5"} 1',
    },
    {
      name: "escapes label values",
      exemplar: { labels: { a: "\\\n" }, value: 1 },
      expected: ' # {a="\\\\\\n"} 1',
    },
    {
      name: "omits a timestamp that is not legal",
      exemplar: { labels: {}, value: 1, timestampMs: Number.NaN },
      expected: " # {} 1",
    },
    {
      name: "writes values without digits",
      exemplar: { labels: {}, value: Number.POSITIVE_INFINITY },
      expected: " # {} +Inf",
    },
    {
      name: "drops a label name that is not of the legacy charset",
      exemplar: { labels: { "trace.id": "1" }, value: 1 },
      expected: "",
    },
    {
      name: "omits labels that no format writes",
      exemplar: { labels: { __name__: "a", "": "b", c: "d" }, value: 1 },
      expected: ' # {c="d"} 1',
    },
    {
      name: "drops a label value with a closing brace",
      exemplar: { labels: { route: "/users/{id}" }, value: 1 },
      expected: "",
    },
    {
      name: "drops a label value with a quote",
      exemplar: { labels: { path: '/a"b' }, value: 1 },
      expected: "",
    },
    {
      name: "drops a label value with NUL",
      exemplar: { labels: { path: "a", t: "a\0" }, value: 1 },
      expected: "",
    },
    {
      name: "keeps every other character",
      exemplar: { labels: { t: "\x01\t\r\x7f\u0085\u2028 # {=,'" }, value: 1 },
      expected: ' # {t="\x01\t\r\x7f\u0085\u2028 # {=,\'"} 1',
    },
    {
      name: "drops a label value without a text",
      exemplar: { labels: { a: Object.create(null) }, value: 1 },
      expected: "",
    },
    {
      name: "counts a lone surrogate as the one character that is sent",
      exemplar: { labels: { a: "\ud800".repeat(127) }, value: 1 },
      expected: ` # {a="${"\ud800".repeat(127)}"} 1`,
    },
    {
      name: "keeps 128 characters",
      exemplar: { labels: { abc: "x".repeat(60), d: "y".repeat(64) }, value: 1 },
      expected: ` # {abc="${"x".repeat(60)}",d="${"y".repeat(64)}"} 1`,
    },
    {
      name: "drops 129 characters",
      exemplar: { labels: { abc: "x".repeat(60), d: "y".repeat(65) }, value: 1 },
      expected: "",
    },
    {
      name: "counts code points, neither bytes nor UTF-16 code units",
      exemplar: { labels: { a: "😱".repeat(127) }, value: 1 },
      expected: ` # {a="${"😱".repeat(127)}"} 1`,
    },
    {
      name: "drops 129 code points",
      exemplar: { labels: { a: "😱".repeat(128) }, value: 1 },
      expected: "",
    },
    {
      name: "counts characters before they are escaped",
      exemplar: { labels: { a: "\n".repeat(127) }, value: 1 },
      expected: ` # {a="${"\\n".repeat(127)}"} 1`,
    },
    {
      name: "drops a value that is not a number",
      // A caller without types is not held to them.
      exemplar: { labels: {}, value: "1" as unknown as number },
      expected: "",
    },
  ];

for (const { name, exemplar, expected } of CASES) {
  test(`formatExemplar() ${name}`, () => {
    assert.equal(formatExemplar(exemplar), expected);
  });
}

test("formatExemplar() never writes more than 128 code points of labels", () => {
  const labels = fc.dictionary(
    fc.constantFrom("a", "bc", "def"),
    fc.string({ unit: fc.constantFrom("a", "é", "😱", "\n"), minLength: 30, maxLength: 70 }),
  );
  fc.assert(
    fc.property(labels, (given) => {
      const all = Object.entries(given).filter(([, value]) => value !== "");
      const size = [...all.flat().join("")].length;
      assert.equal(formatExemplar({ labels: given, value: 1 }) === "", size > 128);
    }),
  );
});

const BOUNDS = [-1, 0, 2.5];
const BUCKET_CASES: readonly {
  index: number;
  inside: readonly number[];
  outside: readonly number[];
}[] = [
  { index: 0, inside: [-1, -9], outside: [-0.9, 0, Number.NEGATIVE_INFINITY] },
  { index: 1, inside: [0, -0.5], outside: [-1, 0.1] },
  { index: 2, inside: [2.5, 0.1], outside: [0, 2.6] },
  { index: 3, inside: [2.6, Number.POSITIVE_INFINITY], outside: [2.5, Number.NaN] },
];

for (const { index, inside, outside } of BUCKET_CASES) {
  test(`formatBucketExemplar() keeps what bucket ${index} alone counts`, () => {
    for (const value of inside) {
      assert.notEqual(formatBucketExemplar({ labels: {}, value }, BOUNDS, index), "");
    }
    for (const value of outside) {
      assert.equal(formatBucketExemplar({ labels: {}, value }, BOUNDS, index), "");
    }
  });
}

test("formatBucketExemplar() writes nothing without an exemplar", () => {
  assert.equal(formatBucketExemplar(undefined, BOUNDS, 1), "");
  assert.equal(formatBucketExemplar(null, BOUNDS, 1), "");
});

test("formatBucketExemplar() accepts any value if there is one bucket", () => {
  assert.equal(formatBucketExemplar({ labels: {}, value: 7 }, [], 0), " # {} 7");
});
