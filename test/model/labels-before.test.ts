import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsBefore, type RememberingIterator } from "../../src/model/labels-before.ts";
import type { Labels, Metric, ValueMetric } from "../../src/model/metric-family.ts";

const METRICS: readonly ValueMetric[] = ["a", "b", "c"].map((name) => ({
  labels: { name },
  value: 1,
}));

/** Yields one object, whose labels change. */
function* flyweight(): Generator<ValueMetric> {
  const metric = { labels: {} as Labels, value: 1 };
  for (const { labels } of METRICS) {
    metric.labels = labels;
    yield metric;
  }
}

/** Passes a number of metrics, and lists the labels before the next one. */
function namesBefore(iterator: Iterator<Metric>, metrics: Iterable<ValueMetric>, count: number) {
  for (let passed = 0; passed < count; passed++) iterator.next();
  return Array.from(labelsBefore(iterator, { metrics }, count), ({ name }) => name);
}

for (const [count, names] of [
  [0, []],
  [2, ["a", "b"]],
  [3, ["a", "b", "c"]],
] as const) {
  test(`labelsBefore() reads the labels of ${count} metrics again`, () => {
    assert.deepEqual(namesBefore(METRICS.values(), METRICS, count), names);
  });
}

test("labelsBefore() reads no metrics before the first", () => {
  const metrics: Iterable<ValueMetric> = { [Symbol.iterator]: () => assert.fail("read") };
  assert.deepEqual(namesBefore(METRICS.values(), metrics, 0), []);
});

test("labelsBefore() lists those that are left when metrics have gone", () => {
  assert.deepEqual(namesBefore(METRICS.values(), METRICS.slice(0, 1), 2), ["a"]);
});

test("labelsBefore() leaves one object that moves where it was", () => {
  const metrics = { [Symbol.iterator]: flyweight };
  const iterator = flyweight();
  assert.deepEqual(namesBefore(iterator, metrics, 2), ["a", "b"]);
  assert.deepEqual(iterator.next().value?.labels, { name: "c" });
});

test("labelsBefore() asks an iterator that remembers, and reads nothing again", () => {
  const iterator: RememberingIterator = {
    next: () => ({ done: true, value: undefined }),
    labelsBefore() {
      assert.equal(this, iterator);
      return [{ name: "gone" }];
    },
  };
  const metrics: Iterable<ValueMetric> = { [Symbol.iterator]: () => assert.fail("read") };
  assert.deepEqual(namesBefore(iterator, metrics, 0), ["gone"]);
});
