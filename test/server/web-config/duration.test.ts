import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../../src/server/web-config/duration.ts";

const DURATIONS: readonly [text: string, ms: number | undefined][] = [
  ["0", 0],
  ["+0", 0],
  ["-0", 0],
  ["1s", 1_000],
  ["+1s", 1_000],
  ["100ms", 100],
  ["1h30m", 5_400_000],
  ["1.5s", 1_500],
  ["1.s", 1_000],
  [".5s", 500],
  ["1s1s", 2_000],
  ["2500us", 2.5],
  ["2500\u00b5s", 2.5],
  ["2500\u03bcs", 2.5],
  ["0s", 0],
  ["", undefined],
  ["1", undefined],
  ["1000000000", undefined],
  ["0.0", undefined],
  ["-1s", undefined],
  ["1 s", undefined],
  ["s", undefined],
  [".s", undefined],
  ["1d", undefined],
  ["1S", undefined],
  ["1e3s", undefined],
  ["1s ", undefined],
  ["1:30", undefined],
  ["2562048h", undefined],
  ["Infinity", undefined],
];

for (const [text, ms] of DURATIONS) {
  test(`parseDuration() reads ${JSON.stringify(text)} as ${ms} ms`, () => {
    assert.equal(parseDuration(text), ms);
  });
}

test("parseDuration() counts nanoseconds", () => {
  assert.equal(parseDuration("1ns"), 1e-6);
});
