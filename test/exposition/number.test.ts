import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatNumber, MAX_NUMBER_LENGTH, writeNumber } from "../../src/exposition/number.ts";

const CASES: readonly (readonly [number, string])[] = [
  [0, "0"],
  [-0, "0"],
  [1, "1"],
  [-1.5, "-1.5"],
  [1e-7, "1e-7"],
  [-0.0000011005154973999282, "-0.0000011005154973999282"],
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

/** Numbers just above 1e-6 have the longest texts; of random ones almost none is that long. */
const longNumber = fc.double({ min: 1e-6, max: 1e-5, noNaN: true }).map((value) => -value);

test("writeNumber() writes what formatNumber() returns, within MAX_NUMBER_LENGTH", () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.nat(), longNumber), (value) => {
      const bytes = Buffer.alloc(MAX_NUMBER_LENGTH);
      const length = writeNumber(bytes, 0, value);
      assert.ok(length <= MAX_NUMBER_LENGTH);
      assert.equal(bytes.toString("latin1", 0, length), formatNumber(value));
    }),
  );
});
