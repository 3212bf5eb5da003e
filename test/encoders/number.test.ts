import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatNumber } from "../../src/encoders/number.ts";

const CASES: readonly (readonly [number, string])[] = [
  [0, "0"],
  [-0, "0"],
  [1, "1"],
  [-1.5, "-1.5"],
  [1e-7, "1e-7"],
  [1_000_000, "1000000"],
  [1e20, "100000000000000000000"],
  [1e21, "1e+21"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [Number.MIN_VALUE, "5e-324"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
];

for (const [value, expected] of CASES) {
  test(`formatNumber() writes ${value} as ${expected}`, () => {
    assert.equal(formatNumber(value), expected);
  });
}

test("formatNumber() writes what reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(Number(formatNumber(value)), value === 0 ? 0 : value);
    }),
  );
});
