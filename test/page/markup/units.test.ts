import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatDuration, formatSpan } from "../../../src/page/markup/units.ts";

test("formatSpan() writes the two largest units", () => {
  const spans = [-1, 0.9, 42, 60, 3_599, 3_600, 12_000, 86_400, 90_061, 365 * 86_400];
  assert.deepEqual(spans.map(formatSpan), [
    "0 s",
    "0 s",
    "42 s",
    "1 min",
    "59 min",
    "1 h",
    "3 h 20 min",
    "1 d",
    "1 d 1 h",
    "365 d",
  ]);
});

test("formatDuration() and formatBytes() write two digits or more", () => {
  assert.deepEqual([0, 0.417, 3.44, 120.4, 1_234, 61_000].map(formatDuration), [
    "0.00 ms",
    "0.42 ms",
    "3.4 ms",
    "120 ms",
    "1.2 s",
    "61 s",
  ]);
  assert.deepEqual([0, 999, 34_120, 1_230_000].map(formatBytes), [
    "0 B",
    "999 B",
    "34.1 kB",
    "1.2 MB",
  ]);
});
