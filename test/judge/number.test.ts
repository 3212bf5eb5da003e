import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalNumber, secondsToMs } from "./number.ts";

/** OpenMetrics 1.0, Considerations: Canonical Numbers, and what Go's `%g` makes of other numbers. */
const CANONICAL: readonly (readonly [value: number, text: string])[] = [
  [0, "0.0"],
  [-0, "0.0"],
  [0.001, "0.001"],
  [0.01, "0.01"],
  [0.1, "0.1"],
  [1, "1.0"],
  [-1, "-1.0"],
  [2.5, "2.5"],
  [10, "10.0"],
  [123456.5, "123456.5"],
  [100000, "100000.0"],
  [1e6, "1e+06"],
  [1e10, "1e+10"],
  [27234304, "2.7234304e+07"],
  [-1234567.5, "-1.2345675e+06"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [1.5e-5, "1.5e-05"],
  [1e-10, "1e-10"],
  [5e-324, "5e-324"],
  [1e100, "1e+100"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [Number.NaN, "NaN"],
];

for (const [value, text] of CANONICAL) {
  test(`canonicalNumber() spells ${value} as ${text}`, () => {
    assert.equal(canonicalNumber(value), text);
  });
}

test("canonicalNumber() loses nothing of a double", () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
      assert.equal(Number(canonicalNumber(value)), value === 0 ? 0 : value);
    }),
  );
});

test("secondsToMs() moves the point instead of multiplying", () => {
  assert.equal(secondsToMs("1520879607.789"), 1520879607789);
  assert.equal(secondsToMs("-1.001"), -1001);
  assert.equal(secondsToMs("1.5e3"), 1_500_000);
});
