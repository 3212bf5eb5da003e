import assert from "node:assert/strict";
import { test } from "node:test";
import type { RegistryMetric } from "../../../src/gatherers/prom-client/registry.ts";
import { storeMetrics } from "../../../src/gatherers/prom-client/store.ts";
import type { RememberingIterator } from "../../../src/model/labels-before.ts";
import type { Metric, ValueMetric } from "../../../src/model/metric-family.ts";
import { type KeptRun, type RunReader, runReaderOf } from "../../../src/model/metric-run.ts";

type Child = Record<string, unknown>;

/** A metric in either kind of store. */
type Store = (type: string, children: Map<string, Child>) => RegistryMetric;

const STORES: Readonly<Record<string, Store>> = {
  "a hash map": (type, children) => {
    const hashMap = Object.fromEntries(children);
    return { type, hashMap, upperBounds: [1], get: () => ({}) };
  },
  "a map": (type, children) => ({ type, store: children, upperBounds: [1], get: () => ({}) }),
};

const noCall = (): never => assert.fail("nothing is to be called");

function readerOf(metric: RegistryMetric, onDuplicate: () => void = noCall): RunReader {
  const reader = runReaderOf(storeMetrics(metric, { merge: (labels) => labels, onDuplicate }));
  assert.ok(reader);
  return reader;
}

interface Kept extends KeptRun {
  readonly compared: number[];
}

/** A kept run of the metrics in their current state. */
function keep(metric: RegistryMetric, options: Partial<KeptRun["shape"]> = {}): Kept {
  const identities: unknown[] = [];
  const numbers: number[] = [];
  const firstNumbers = [0];
  for (const one of readerOf(metric, () => {})) {
    identities.push(one.identity);
    if ("value" in one) numbers.push(one.value);
    else numbers.push(0, one.count, one.sum, one.count);
    firstNumbers.push(numbers.length);
  }
  const compared: number[] = [];
  return {
    identities,
    numbers: Float64Array.from(numbers),
    firstNumbers: Uint32Array.from(firstNumbers),
    changed: [],
    from: 0,
    to: identities.length,
    shape: { hasExemplars: true, countFromEnd: 3, sumFromEnd: 2, ...options },
    compared,
    compare: (entry) => compared.push(entry) > 0,
  };
}

function valueChildren(count: number): Map<string, Child> {
  return new Map(
    Array.from({ length: count }, (_, id) => [`k${id}`, { labels: { id }, value: id }]),
  );
}

function histogramChildren(count: number): Map<string, Child> {
  return new Map(
    Array.from({ length: count }, (_, id) => [
      `k${id}`,
      { labels: { id }, bucketValues: { 1: 0 }, count: id, sum: id * 2 },
    ]),
  );
}

const childOf = (children: Map<string, Child>, id: number): Child => children.get(`k${id}`) ?? {};

/** The labels of the metrics that the iterator still yields. */
const restOf = (reader: Iterable<Metric>) => Array.from(reader, ({ labels }) => labels["id"]);

for (const [kind, storeOf] of Object.entries(STORES)) {
  for (const count of [1, 31, 32, 33, 511, 512, 513, 1_024]) {
    test(`a run reads all of ${count} values of ${kind}`, () => {
      const children = valueChildren(count);
      const metric = storeOf("gauge", children);
      const kept = keep(metric);
      childOf(children, 0)["value"] = 7;
      childOf(children, count - 1)["value"] = Number.NaN;
      const reader = readerOf(metric);
      assert.equal(reader.readRun(kept), count);
      assert.deepEqual(kept.changed, count === 1 ? [0] : [0, count - 1]);
      assert.equal(kept.numbers.at(-1), Number.NaN);
      assert.deepEqual(restOf(reader), []);
      kept.changed.length = 0;
      assert.equal(readerOf(metric).readRun(kept), count);
      assert.deepEqual(kept.changed, []);
    });

    test(`a run reads all of ${count} histograms of ${kind}`, () => {
      const children = histogramChildren(count);
      const metric = storeOf("histogram", children);
      const kept = keep(metric);
      childOf(children, 0)["sum"] = -1;
      childOf(children, count - 1)["count"] = -1;
      const reader = readerOf(metric);
      assert.equal(reader.readRun(kept), count);
      assert.deepEqual(kept.compared, count === 1 ? [0] : [0, count - 1]);
      assert.deepEqual(restOf(reader), []);
    });
  }

  const odd: Readonly<Record<string, (child: Child) => void>> = {
    "that has no labels": (child) => delete child["labels"],
    "whose value is text": (child) => Object.assign(child, { value: "1" }),
    "that has an exemplar": (child) => Object.assign(child, { exemplar: { labelSet: {} } }),
  };
  const oddHistograms: Readonly<Record<string, (child: Child) => void>> = {
    "that has no labels": (child) => delete child["labels"],
    "with other buckets": (child) => Object.assign(child, { bucketValues: { 1: 0 } }),
    "that has exemplars": (child) => Object.assign(child, { bucketExemplars: {} }),
  };
  for (const [type, childrenOf, changes] of [
    ["gauge", valueChildren, odd],
    ["histogram", histogramChildren, oddHistograms],
  ] as const) {
    for (const [what, change] of Object.entries(changes)) {
      test(`a run of ${type}s of ${kind} ends before a child ${what}`, () => {
        const children = childrenOf(100);
        const metric = storeOf(type, children);
        const kept = keep(metric);
        change(childOf(children, 40));
        const reader = readerOf(metric);
        assert.equal(reader.readRun(kept), 40);
        const rest = restOf(reader);
        assert.equal(rest.length, what.includes("labels") ? 59 : 60);
        if (type === "gauge") assert.equal(rest.at(-1), 99);
      });
    }
  }

  test(`a run of histograms of ${kind} ends before a child without buckets`, () => {
    const children = histogramChildren(3);
    const metric = storeOf("histogram", children);
    const kept = keep(metric);
    delete childOf(children, 1)["bucketValues"];
    // An entry that cannot be compared has no identity either.
    (kept.identities as unknown[])[1] = undefined;
    const reader = readerOf(metric);
    assert.equal(reader.readRun(kept), 1);
    assert.deepEqual(restOf(reader), [2]);
  });

  test(`a run of histograms of ${kind} ends before a child that cannot be compared`, () => {
    const children = histogramChildren(3);
    const metric = storeOf("histogram", children);
    const kept = { ...keep(metric), compare: () => false };
    childOf(children, 1)["count"] = "text";
    const reader = readerOf(metric);
    assert.equal(reader.readRun(kept), 1);
    assert.deepEqual(restOf(reader), [1, 2]);
  });

  for (const type of ["gauge", "histogram"]) {
    const childrenOf = type === "gauge" ? valueChildren : histogramChildren;

    test(`a run of a ${type} of ${kind} ignores exemplars that are not kept`, () => {
      const children = childrenOf(3);
      for (const child of children.values())
        Object.assign(child, { exemplar: {}, bucketExemplars: {} });
      const metric = storeOf(type, children);
      const kept = keep(metric, { hasExemplars: false });
      assert.equal(readerOf(metric).readRun(kept), 3);
    });

    test(`a run of a ${type} of ${kind} ends at a label set that it has already seen`, () => {
      const children = childrenOf(3);
      const metric = storeOf(type, children);
      const kept = keep(metric);
      childOf(children, 1)["labels"] = childOf(children, 0)["labels"];
      let duplicates = 0;
      const reader = readerOf(metric, () => duplicates++);
      assert.equal(reader.readRun(kept), 1);
      assert.deepEqual(restOf(reader), [2]);
      assert.equal(duplicates, 1);
    });

    test(`a run of a ${type} of ${kind} continues after a child that was read by itself`, () => {
      const children = childrenOf(5);
      const metric = storeOf(type, children);
      const kept = keep(metric);
      const identities = [...kept.identities];
      identities[2] = "another";
      const reader = readerOf(metric);
      assert.equal(reader.readRun({ ...kept, identities }), 2);
      const [third] = reader;
      assert.equal(third?.labels["id"], 2);
      assert.equal(reader.readRun({ ...kept, identities, from: 3 }), 2);
      assert.deepEqual(restOf(reader), []);
    });

    test(`a run of a ${type} of ${kind} ends at the end of the store`, () => {
      const children = childrenOf(3);
      const kept = keep(storeOf(type, children));
      children.delete("k2");
      const reader = readerOf(storeOf(type, children));
      assert.equal(reader.readRun(kept), 2);
      assert.deepEqual(restOf(reader), []);
    });

    test(`a walk through ${type}s of ${kind} meets nothing that comes while it pauses`, () => {
      const children = childrenOf(100);
      const metric = storeOf(type, children);
      const kept = keep(metric);
      const reader = readerOf(metric);
      assert.equal(reader.readRun({ ...kept, to: 50 }), 50);
      const store = metric.hashMap as Record<string, Child> | undefined;
      const put = (id: number, child: Child) => {
        if (store) store[`k${id}`] = child;
        else children.set(`k${id}`, child);
      };
      const remove = (id: number) => {
        if (store) delete store[`k${id}`];
        else children.delete(`k${id}`);
      };
      const first = childOf(children, 0);
      remove(0);
      put(0, { ...first });
      put(100, { ...first, labels: { id: 100 } });
      for (let id = 50; id < 99; id++) remove(id);
      // A hash map no longer has those that were removed.
      const left = store ? [99] : Array.from({ length: 50 }, (_, at) => 50 + at);
      assert.deepEqual(restOf(reader), left);
    });

    test(`a walk through ${type}s of ${kind} remembers the labels that it has passed`, () => {
      const children = childrenOf(6);
      Object.assign(childOf(children, 1), { labels: undefined });
      Object.assign(childOf(children, 3), { labels: childOf(children, 2)["labels"] });
      const metric = storeOf(type, children);
      const reader = readerOf(metric, () => {}) as RunReader & RememberingIterator;
      const before = () => Array.from(reader.labelsBefore(), ({ id }) => id);
      assert.deepEqual(before(), []);
      assert.equal(reader.next().value?.labels["id"], 0);
      assert.equal(reader.next().value?.labels["id"], 2);
      for (const id of [0, 4]) {
        if (metric.hashMap) delete (metric.hashMap as Record<string, Child>)[`k${id}`];
        else children.delete(`k${id}`);
      }
      assert.deepEqual(before(), [0]);
      assert.equal(reader.next().value?.labels["id"], metric.hashMap ? 5 : 4);
      assert.deepEqual(before(), [0, 2, 2]);
    });
  }

  test(`a walk through ${kind} can be reused after it ended within a run`, () => {
    const children = valueChildren(3);
    const metric = storeOf("gauge", children);
    const metrics = storeMetrics(metric, { merge: (labels) => labels, onDuplicate: noCall });
    const kept = keep(metric);
    for (let scrape = 0; scrape < 3; scrape++) {
      const reader = runReaderOf(metrics);
      assert.equal(reader?.readRun({ ...kept, to: 1 }), 1);
      assert.deepEqual(restOf(reader), [1, 2]);
    }
    assert.deepEqual(
      Array.from(metrics as Iterable<ValueMetric>, ({ value }) => value),
      [0, 1, 2],
    );
  });
}

test("a summary cannot be read in runs", () => {
  const metric = { type: "summary", hashMap: {}, percentiles: [0.5], get: () => ({}) };
  const metrics = storeMetrics(metric, { merge: (labels) => labels, onDuplicate: noCall });
  assert.equal(runReaderOf(metrics), undefined);
});
