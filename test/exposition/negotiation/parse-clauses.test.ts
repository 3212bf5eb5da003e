import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Clause,
  MAX_CLAUSES,
  MAX_HEADER_BYTES,
  parseClauses,
} from "../../../src/exposition/negotiation/parse-clauses.ts";
import { codePoints } from "../../helpers/code-points.ts";

function clause(value: string, q = 1, params: Record<string, string> = {}): Clause {
  return { value, q, params: new Map(Object.entries(params)) };
}

const CASES: readonly {
  readonly name: string;
  readonly header: string | undefined;
  readonly expected: readonly Clause[];
}[] = [
  { name: "returns nothing for an absent header", header: undefined, expected: [] },
  { name: "returns nothing for an empty header", header: "", expected: [] },
  { name: "returns nothing for separators only", header: " , ,\t,", expected: [] },
  {
    name: "keeps the order of the header",
    header: "b,a",
    expected: [clause("b"), clause("a")],
  },
  {
    name: "ignores empty list elements",
    header: ",,gzip,, deflate,",
    expected: [clause("gzip"), clause("deflate")],
  },
  {
    name: "trims spaces and tabs",
    header: " gzip \t; q = 0.5 ,\tbr",
    expected: [clause("gzip", 0.5), clause("br")],
  },
  {
    name: "lower-cases values and parameter names, but no parameter values",
    header: "TEXT/Plain;Version=A;Q=0.3",
    expected: [clause("text/plain", 0.3, { version: "A" })],
  },
  {
    name: "takes the last of a repeated parameter",
    header: "a/b;x=1;x=2;q=0.1;q=0.9",
    expected: [clause("a/b", 0.9, { x: "2" })],
  },
  {
    name: "reads parameters after the weight",
    header: "a/b;q=0.5;x=1",
    expected: [clause("a/b", 0.5, { x: "1" })],
  },
  {
    name: "ignores parameters without a value",
    header: "a/b;;x;y=;q=0.5",
    expected: [clause("a/b", 0.5, { y: "" })],
  },
  {
    name: "keeps separators inside of quoted strings",
    header: 'a/b;x="1,2;q=0",c/d',
    expected: [clause("a/b", 1, { x: "1,2;q=0" }), clause("c/d")],
  },
  {
    name: "unescapes quoted strings",
    header: 'a/b;x="\\"\\\\,\\z";y=""',
    expected: [clause("a/b", 1, { x: '"\\,z', y: "" })],
  },
  {
    name: "reads an unterminated quoted string to the end",
    header: 'a/b;x="1,c/d',
    expected: [clause("a/b", 1, { x: '"1,c/d' })],
  },
  {
    name: "survives a backslash at the end",
    header: 'a/b;x="\\',
    expected: [clause("a/b", 1, { x: '"\\' })],
  },
  {
    name: "survives a lone quote",
    header: 'a/b;x="',
    expected: [clause("a/b", 1, { x: '"' })],
  },
  {
    name: "takes a backslash outside of quotes as it is",
    header: "a\\,b",
    expected: [clause("a\\"), clause("b")],
  },
  {
    name: "reads __proto__ as it does any other name",
    header: "__proto__;__proto__=1",
    expected: [{ value: "__proto__", q: 1, params: new Map([["__proto__", "1"]]) }],
  },
];

for (const { name, header, expected } of CASES) {
  test(`parseClauses() ${name}`, () => {
    assert.deepEqual(parseClauses(header), expected);
  });
}

const WEIGHTS: readonly (readonly [text: string, q: number])[] = [
  ["0", 0],
  ["0.", 0],
  ["0.000", 0],
  ["0.001", 0.001],
  ["0.5", 0.5],
  ["0.50", 0.5],
  ["0.999", 0.999],
  ["1", 1],
  ["1.", 1],
  ["1.000", 1],
  ['"0.5"', 0.5],
  ...["2", "1.1", "1.001", "1.0000", "0.0001", "-0", "-1", "+1", ".5", "00", "01", "1e0"].map(
    (text) => [text, 0.001] as const,
  ),
  ...["0x1", "NaN", "Infinity", "", "high", "0 .5", "0.5 x", "٠"].map(
    (text) => [text, 0.001] as const,
  ),
];

for (const [text, q] of WEIGHTS) {
  test(`parseClauses() reads the weight q=${text} as ${q}`, () => {
    assert.equal(parseClauses(`a;q=${text}`)[0]?.q, q);
  });
}

test("parseClauses() reads a header of the greatest length and no longer one", () => {
  assert.equal(parseClauses("a".repeat(MAX_HEADER_BYTES)).length, 1);
  assert.deepEqual(parseClauses("a".repeat(MAX_HEADER_BYTES + 1)), []);
});

test("parseClauses() reads the greatest number of clauses and no more", () => {
  assert.equal(parseClauses(`${"a,".repeat(MAX_CLAUSES)},,`).length, MAX_CLAUSES);
  assert.deepEqual(parseClauses("a,".repeat(MAX_CLAUSES + 1)), []);
});

test("parseClauses() never throws and returns weights from 0 to 1", () => {
  const hostile = fc.array(
    fc.constantFrom(",", ";", "=", '"', "\\", "q", "0", ".", "/", "*", " "),
    {
      maxLength: 300,
    },
  );
  const headers = fc.oneof(
    fc.string({ unit: codePoints, maxLength: 300 }),
    hostile.map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(headers, (header) => {
      for (const { q, value } of parseClauses(header)) {
        assert.ok(q >= 0 && q <= 1);
        assert.equal(value, value.toLowerCase());
      }
    }),
  );
});

// The bound is some hundred times what linear work takes, and far below what quadratic work takes
// on the slowest machine: it is the shape that is tested, not the speed.
test("parseClauses() takes linear time on the worst headers", () => {
  for (const unit of ['"', "\\", '"\\', ";", "=", " ", "\t", ";=", ',"', '";', "; q=0."]) {
    const header = `a;x=${unit.repeat(MAX_HEADER_BYTES)}`.slice(0, MAX_HEADER_BYTES);
    const started = performance.now();
    for (let i = 0; i < 10; i++) parseClauses(header);
    assert.ok(performance.now() - started < 1000, `slow on ${JSON.stringify(unit)}`);
  }
});
