import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatTimestamp } from "../../../src/exposition/text/sample-lines.ts";

const CASES: readonly { timestampMs: number | undefined; ms: string; s: string }[] = [
  { timestampMs: undefined, ms: "", s: "" },
  { timestampMs: 0, ms: " 0", s: " 0" },
  { timestampMs: -0, ms: " 0", s: " 0" },
  { timestampMs: 1, ms: " 1", s: " 0.001" },
  { timestampMs: 1e-9, ms: " 0", s: " 0" },
  { timestampMs: 1520879607789, ms: " 1520879607789", s: " 1520879607.789" },
  // A time in seconds with a fraction, times 1000, is rarely whole.
  { timestampMs: 1520879607788.9998, ms: " 1520879607789", s: " 1520879607.789" },
  { timestampMs: 1520879607000, ms: " 1520879607000", s: " 1520879607" },
  { timestampMs: Number.MAX_SAFE_INTEGER, ms: " 9007199254740991", s: " 9007199254740.99" },
  { timestampMs: 2 ** 53, ms: "", s: "" },
  { timestampMs: -1, ms: "", s: "" },
  { timestampMs: Number.NaN, ms: "", s: "" },
  { timestampMs: Number.POSITIVE_INFINITY, ms: "", s: "" },
];

for (const { timestampMs, ms, s } of CASES) {
  test(`formatTimestamp() writes ${timestampMs} in milliseconds as "${ms}"`, () => {
    assert.equal(formatTimestamp(timestampMs, 1), ms);
  });
  test(`formatTimestamp() writes ${timestampMs} in seconds as "${s}"`, () => {
    assert.equal(formatTimestamp(timestampMs, 1_000), s);
  });
}

test("formatTimestamp() writes only numbers, whatever JavaScript passes", () => {
  for (const value of [null, "5", 5n, new Date(5)]) {
    // A caller without types is not held to the signature.
    assert.equal(formatTimestamp(value as unknown as number, 1), "");
  }
});

test("formatTimestamp() never writes a sign or an exponent", () => {
  fc.assert(
    fc.property(fc.double(), (timestampMs) => {
      assert.match(formatTimestamp(timestampMs, 1_000), /^(?: \d+(?:\.\d{1,3})?)?$/);
    }),
  );
});
