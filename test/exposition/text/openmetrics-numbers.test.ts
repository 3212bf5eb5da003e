import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatCanonical } from "../../../src/exposition/text/openmetrics.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";

// The list of OpenMetrics 1.0, "Considerations: Canonical Numbers", and cases of Go's strconv.
const CASES: readonly (readonly [number, string])[] = [
  [0, "0.0"],
  [-0, "0.0"],
  [0.001, "0.001"],
  [0.002, "0.002"],
  [0.01, "0.01"],
  [0.1, "0.1"],
  [0.9, "0.9"],
  [0.95, "0.95"],
  [0.999, "0.999"],
  [1, "1.0"],
  [1.7, "1.7"],
  [10, "10.0"],
  [100, "100.0"],
  [100_000, "100000.0"],
  [999_999, "999999.0"],
  [999_999.5, "999999.5"],
  [1e6, "1e+06"],
  [1_234_567, "1.234567e+06"],
  [27_234_304, "2.7234304e+07"],
  [1e10, "1e+10"],
  [1e21, "1e+21"],
  [1e100, "1e+100"],
  [0.0001, "0.0001"],
  [0.00012, "0.00012"],
  [0.00001, "1e-05"],
  [0.000012, "1.2e-05"],
  [1e-7, "1e-07"],
  [1e-10, "1e-10"],
  [-2.5, "-2.5"],
  [-3, "-3.0"],
  [-1e6, "-1e+06"],
  [Number.MIN_VALUE, "5e-324"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
];

for (const [value, expected] of CASES) {
  test(`formatCanonical() writes ${value} as ${expected}`, () => {
    assert.equal(formatCanonical(value), expected);
  });
}

const NUMBERS = fc.oneof(
  fc.double(),
  fc.integer(),
  fc
    .tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: -9, max: 9 }))
    .map(([digits, exponent]) => digits * 10 ** exponent),
);

test("formatCanonical() agrees with Go's strconv.FormatFloat", () => {
  fc.assert(
    fc.property(NUMBERS, (value) => {
      assert.equal(formatCanonical(value), formatLikeGo(value));
    }),
    { numRuns: scaleRuns(2_000) },
  );
});

test("formatCanonical() writes what reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(Number(formatCanonical(value)), value === 0 ? 0 : value);
    }),
  );
});

/**
 * `strconv.FormatFloat(value, 'g', -1, 64)` and `.0` after an integer, digit by digit: slower than
 * the function under test, and on another way.
 */
function formatLikeGo(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return "0.0";
  const sign = value < 0 ? "-" : "";
  const [mantissa = "", exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const zeros = /^0*/.exec(whole + fraction)?.[0].length ?? 0;
  const digits = (whole + fraction).slice(zeros).replace(/0+$/, "");
  const point = whole.length + Number(exponent) - zeros;
  const power = point - 1;
  if (power < -4 || power >= 6) {
    const tail = digits.length > 1 ? `.${digits.slice(1)}` : "";
    const size = Math.abs(power) < 10 ? `0${Math.abs(power)}` : `${Math.abs(power)}`;
    return `${sign}${digits.charAt(0)}${tail}e${power < 0 ? "-" : "+"}${size}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (digits.length <= point) return `${sign}${digits}${"0".repeat(point - digits.length)}.0`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
