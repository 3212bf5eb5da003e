import assert from "node:assert/strict";
import { test } from "node:test";
import { ROWS } from "./all-rows.ts";
import { reportRows, writtenReport } from "./report.ts";

test("the rows have every requirement that can be compared", () => {
  const numbers = new Set(ROWS.map((row) => row.number));
  const missing = Array.from({ length: 60 }, (_, index) => index + 1).filter(
    (number) => !numbers.has(number),
  );
  // 58 is about types (types.test.ts), and 60 is that all of it holds with SDK 1.
  assert.deepEqual(missing, [58, 60]);
});

test("a row says what the exporter does where it does not do what it should", () => {
  const silent = ROWS.filter(({ exporter, instead }) => exporter !== true && instead === undefined);
  assert.deepEqual(silent, []);
});

test("no two rows say the same", () => {
  const requirements = ROWS.map(({ requirement }) => requirement);
  assert.deepEqual([...new Set(requirements)], requirements);
});

test("bench/RESULTS.md has the table of all rows", () => {
  assert.equal(writtenReport(), reportRows());
});
