import assert from "node:assert/strict";
import { test } from "node:test";
import { RUNS, type RunReader, runReaderOf } from "../../src/model/metric-run.ts";

test("runReaderOf() returns the reader of metrics that have one", () => {
  // Nothing is read from it here.
  const reader = {} as RunReader;
  assert.equal(runReaderOf(Object.assign([], { [RUNS]: () => reader })), reader);
});

test("runReaderOf() takes no member of a user's gatherer for a reader", () => {
  const members = { runs: () => assert.fail(), readRun: () => assert.fail() };
  assert.equal(runReaderOf(Object.assign([], members)), undefined);
});
