import assert from "node:assert/strict";
import { test } from "node:test";
import { FormerTotals } from "../../../src/gatherers/remote/former-totals.ts";
import { Sender, totalsOf } from "../../../src/gatherers/remote/sender.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { counterOf, histogramOf, takeSnapshot } from "./workers.ts";

const NONE = {};

/** What a sender tells of some families, one list after the other, when it has counted others before. */
function told(
  before: readonly MetricFamily[],
  ...after: readonly (readonly MetricFamily[])[]
): readonly (readonly number[])[] {
  const former = new FormerTotals(totalsOf(before), () => true);
  const sender = new Sender(() => [former]);
  return after.map((families) => [...takeSnapshot(sender, families).numbers]);
}

function jobs(...metrics: Parameters<typeof counterOf>[1][]): readonly MetricFamily[] {
  return [counterOf("jobs_total", ...metrics)];
}

test("a sender tells what has been counted since", () => {
  assert.deepEqual(told(jobs([NONE, 5]), jobs([NONE, 5]), jobs([NONE, 7])), [[0], [2]]);
});

test("a reset is not deducted twice, whenever it comes", () => {
  assert.deepEqual(
    told(jobs([NONE, 5]), jobs([NONE, 2]), jobs([NONE, 9]), jobs([NONE, 1]), jobs([NONE, 3])),
    [[2], [9], [10], [12]],
  );
});

test("label sets are found in any order of rows and names, and new ones count in full", () => {
  const [first, second] = [
    { a: "1", b: "2" },
    { a: "2", b: "1" },
  ];
  assert.deepEqual(
    told(
      jobs([first, 10], [second, 20]),
      jobs([{ b: "1", a: "2" }, 21], [{ a: "3" }, 5], [{ b: "2", a: "1" }, 12]),
      jobs([{ a: "3" }, 6], [second, 23]),
      // It was gone, and begins anew.
      jobs([first, 3], [second, 23]),
    ),
    [
      [1, 5, 2],
      [6, 3],
      [3, 3],
    ],
  );
});

test("a family that was gone begins anew; one that comes late does not", () => {
  const others = [counterOf("others_total", [NONE, 1])];
  assert.deepEqual(told(jobs([NONE, 5]), others, jobs([NONE, 6]), others, jobs([NONE, 6])), [
    [1],
    [1],
    [1],
    [6],
  ]);
});

test("a histogram is deducted bucket by bucket, and its sum may fall", () => {
  const sizes = (counts: readonly number[], sum: number) => [
    histogramOf("sizes", [1], counts, sum),
  ];
  assert.deepEqual(told(sizes([2, 3], 9), sizes([2, 4], 7), sizes([1, 1], 1)), [
    [0, 1, -2],
    [1, 2, -1],
  ]);
});

test("a histogram with other buckets begins anew", () => {
  const before = [histogramOf("sizes", [1], [2, 3], 9)];
  const after = (count: number) => [histogramOf("sizes", [1, 2], [0, 1, count], 5)];
  assert.deepEqual(told(before, after(1), after(2)), [
    [0, 1, 1, 5],
    [0, 1, 2, 5],
  ]);
});

test("what is not finite is not deducted", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(told(jobs([NONE, value]), jobs([NONE, value]), jobs([NONE, 4])), [
      [value],
      [4],
    ]);
  }
});

test("only what a hub retains is deducted, with timestamps beside it", () => {
  const families = (value: number): readonly MetricFamily[] => [
    {
      name: "a_total",
      help: "",
      type: "counter",
      metrics: [{ labels: {}, value, timestampMs: 1 }],
    },
    counterOf("b_total", [NONE, value]),
    counterOf("c_total", [NONE, value]),
  ];
  const isRetained = ({ name }: { name: string }) => name !== "b_total";
  const former = new FormerTotals(totalsOf(families(5)), isRetained);
  const { numbers } = takeSnapshot(new Sender(() => [former]), families(8));
  assert.deepEqual([...numbers], [3, 1, Number.NaN, 8, 3]);
});

test("a registry that is added later is deducted, too", () => {
  const [a, b] = [{ of: "a" }, { of: "b" }];
  const all: FormerTotals[] = [];
  const sender = new Sender(() => [...all]);
  assert.deepEqual([...takeSnapshot(sender, jobs([a, 10])).numbers], [10]);
  all.push(new FormerTotals(totalsOf(jobs([b, 5])), () => true));
  assert.deepEqual([...takeSnapshot(sender, jobs([a, 11], [b, 7])).numbers], [11, 2]);
  all.push(new FormerTotals(totalsOf(jobs([{ of: "c" }, 1])), () => true));
  assert.deepEqual(
    [...takeSnapshot(sender, jobs([a, 11], [b, 8], [{ of: "c" }, 1])).numbers],
    [11, 3, 0],
  );
});
