import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatMilliseconds, formatSeconds } from "../../../src/exposition/text/timestamp.ts";

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
  test(`formatMilliseconds() writes ${timestampMs} as "${ms}"`, () => {
    assert.equal(formatMilliseconds(timestampMs), ms);
  });
  test(`formatSeconds() writes ${timestampMs} as "${s}"`, () => {
    assert.equal(formatSeconds(timestampMs), s);
  });
}

test("formatMilliseconds() takes only numbers, whatever JavaScript passes", () => {
  for (const value of [null, "5", 5n, new Date(5)]) {
    // A caller without types is not held to the signature.
    assert.equal(formatMilliseconds(value as unknown as number), "");
  }
});

test("formatSeconds() never writes a sign or an exponent", () => {
  fc.assert(
    fc.property(fc.double(), (timestampMs) => {
      assert.match(formatSeconds(timestampMs), /^(?: \d+(?:\.\d{1,3})?)?$/);
    }),
  );
});
