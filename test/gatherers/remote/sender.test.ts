import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import { totalsOf } from "../../../src/gatherers/remote/sender.ts";
import { MAX_SHAPES } from "../../../src/gatherers/remote/snapshot.ts";
import { TOO_MANY_SHAPES } from "../../../src/model/faults.ts";
import type {
  HistogramMetric,
  Metric,
  MetricFamily,
  NativeHistogram,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { RUNS, type RunReader, runReaderOf } from "../../../src/model/metric-run.ts";
import { EVERY_TYPE, gaugeOf, UP_FAMILY } from "../../helpers/families.ts";
import { LIBRARIES } from "../../helpers/registries/libraries.ts";
import { createContext, gatherAll } from "../../helpers/scraping/gathering.ts";
import { Replay } from "./replay.ts";
import { Line } from "./taking.ts";

const value = (id: unknown, number = 1): ValueMetric => ({ labels: { id }, value: number });
const counterOf = (metrics: Iterable<ValueMetric>): MetricFamily => ({
  name: "c_total",
  help: "",
  type: "counter",
  metrics,
});

/** The metrics of a family, with labels as texts. */
function metricsOf(family: MetricFamily | undefined): Metric[] {
  assert.ok(family);
  return [...family.metrics];
}

/** What a receiver has of metrics: labels as texts, none empty, and buckets in arrays. */
function expected(families: readonly MetricFamily[]): unknown[] {
  return families.map((family) => ({
    ...family,
    metrics: [...family.metrics].map(({ labels, ...rest }) => {
      const texts = Object.entries(labels).map(([name, text]) => [name, String(text)]);
      const { exemplars } = rest as Partial<HistogramMetric>;
      const list = exemplars && Array.from(exemplars, (exemplar) => exemplar ?? undefined);
      return { ...rest, labels: Object.fromEntries(texts), ...(list ? { exemplars: list } : {}) };
    }),
  }));
}

test("take() sends families of every type, with exemplars and timestamps", () => {
  const line = new Line();
  const { families, faults } = line.take(EVERY_TYPE);
  const withoutUndefined = families.map((family) => ({ ...family, metrics: [...family.metrics] }));
  const given = EVERY_TYPE.map((family) =>
    family.name === "queue_age"
      ? {
          ...family,
          metrics: [...family.metrics].map((metric) => ({
            ...metric,
            exemplars: [{ labels: {}, value: -2 }, undefined],
          })),
        }
      : family,
  );
  assert.deepEqual(withoutUndefined, expected(given as MetricFamily[]));
  assert.deepEqual(faults, []);
  const { snapshot } = line.take(structuredClone(EVERY_TYPE));
  assert.deepEqual(snapshot.layout, []);
});

test("take() sends no layout while a gatherer makes equal families anew", () => {
  const line = new Line();
  const make = (base: number) => [gaugeOf([value("a", base), value("b", base + 1)])];
  line.take(make(1));
  const { families, snapshot } = line.take(make(5));
  assert.deepEqual(snapshot.layout, []);
  assert.deepEqual(metricsOf(families[0]), [value("a", 5), value("b", 6)]);
});

for (const [what, withIdentity] of [
  ["compared by their labels", false],
  ["that have identities", true],
] as const) {
  test(`take() sends only what comes and goes of metrics ${what}`, () => {
    const line = new Line();
    const metrics = new Map<number, ValueMetric>();
    const add = (id: number) =>
      metrics.set(id, withIdentity ? { ...value(id, id), identity: id } : value(id, id));
    for (let id = 0; id < 1_000; id++) add(id);
    const family = { ...gaugeOf({ [Symbol.iterator]: () => metrics.values() }) };
    assert.equal(line.take([family]).rowCount, 1_000);
    metrics.delete(3);
    metrics.delete(500);
    add(2_000);
    const { snapshot, rowCount, families } = line.take([family]);
    assert.equal(rowCount, 1);
    assert.deepEqual(
      snapshot.layout.flat().map(({ splices }) => splices),
      [
        [
          { at: 3, removed: 1, rows: [] },
          { at: 499, removed: 1, rows: [] },
          { at: 998, removed: 0, rows: [[0, "2000"]] },
        ],
      ],
    );
    const texts = metricsOf(families[0]).map(({ labels }) => labels["id"]);
    assert.deepEqual(texts, [...metrics.keys()].map(String));
    assert.deepEqual(line.take([family]).snapshot.layout, []);
  });
}

for (const order of [
  [3, 1, 2],
  [3, 1, 2, 4],
  [4, 3, 2, 1],
  [2, 5, 4, 1, 3],
]) {
  test(`take() sends the rows of metrics that have changed places: ${order}`, () => {
    const line = new Line();
    line.take([gaugeOf([1, 2, 3, 4].map((id) => value(id)))]);
    const { families, faults } = line.take([gaugeOf(order.map((id) => value(id)))]);
    assert.deepEqual(
      metricsOf(families[0]).map(({ labels }) => labels["id"]),
      order.map(String),
    );
    assert.deepEqual(faults, []);
  });
}

test("take() keeps a row whose metric has another identity and the same labels", () => {
  const line = new Line();
  const metrics = [1, 2, 3].map((id): ValueMetric => ({ ...value(id), identity: {} }));
  const family = gaugeOf(metrics);
  line.take([family]);
  metrics[1] = { ...value(2, 7), identity: {} };
  const { snapshot, families } = line.take([family]);
  assert.deepEqual(snapshot.layout, []);
  assert.deepEqual(metricsOf(families[0])[1], { labels: { id: "2" }, value: 7 });
});

test("take() reads no labels of metrics that it recognises", () => {
  const line = new Line();
  let reads = 0;
  const metricOf = (id: number): ValueMetric => ({
    get labels() {
      reads++;
      return { id };
    },
    value: id,
    identity: {},
  });
  const metrics = [1, 2, 3].map(metricOf);
  const family = gaugeOf(metrics);
  const readsOfTake = () => {
    reads = 0;
    line.take([family]);
    return reads;
  };
  assert.equal(readsOfTake(), 3);
  assert.equal(readsOfTake(), 0);
  metrics[1] = metricOf(2);
  assert.equal(readsOfTake(), 1);
  assert.equal(readsOfTake(), 0);
});

for (const client of LIBRARIES) {
  for (const type of ["Counter", "Gauge", "Histogram"] as const) {
    test(`take() reads no metric of ${client.name} that it recognises, only numbers: ${type}`, async () => {
      const registry = new client.Registry();
      const config = { name: "m", help: "M.", labelNames: ["id"], registers: [registry] };
      const metric = new client[type](config);
      const change = (id: number) =>
        type === "Histogram" ? metric.observe({ id }, 1) : metric.inc({ id }, 1);
      for (let id = 0; id < 300; id++) change(id);
      const [given] = await gatherAll(createRegistryGatherer(registry), createContext());
      assert.ok(given);
      let reads = 0;
      const start = (): RunReader => {
        const reader = runReaderOf(given.metrics) ?? assert.fail("no runs");
        return {
          next() {
            const step = reader.next();
            if (!step.done) reads++;
            return step;
          },
          readRun: (run) => reader.readRun(run),
          [Symbol.iterator]() {
            return this;
          },
        };
      };
      const metrics = { [Symbol.iterator]: start, [RUNS]: start };
      const family: MetricFamily = Object.create(given, { metrics: { value: metrics } });
      const line = new Line();
      line.take([family]);
      assert.equal(reads, 300);
      reads = 0;
      change(7);
      const { snapshot, families } = line.take([family]);
      assert.equal(reads, 0);
      assert.deepEqual(snapshot.layout, []);
      assert.deepEqual(metricsOf(families[0]), metricsOf(new Line().take([given]).families[0]));
    });
  }
}

test("take() trusts no identity of a family object whose walk was given up", () => {
  const line = new Line();
  const rest = Array.from({ length: 200 }, (_, id) => value(id));
  const metrics = [{ ...value("a"), identity: 1 }, ...rest];
  const family = gaugeOf(metrics);
  line.take([family]);
  assert.ok(line.giveUp([gaugeOf([{ ...value("a"), identity: 2 }, ...rest])], 1));
  metrics[0] = { ...value("b"), identity: 2 };
  assert.deepEqual(metricsOf(line.take([family]).families[0])[0], value("b"));
});

test("take() compares labels where a family object is another with the same identities", () => {
  const line = new Line();
  const make = (app: string) => gaugeOf([{ labels: { app }, value: 1, identity: "key" }]);
  line.take([make("a")]);
  assert.deepEqual(metricsOf(line.take([make("b")]).families[0])[0]?.labels, { app: "b" });
});

test("take() takes labels as the encoders do: as texts, without empty ones, in any order", () => {
  const line = new Line();
  const labelSets = [
    { a: 1, b: "x" },
    { b: "y", a: "1", c: "" },
    { a: undefined, b: null },
    { ["__proto__"]: "p" },
    { "": "x" },
  ];
  const { families, faults, snapshot } = line.take([
    gaugeOf(labelSets.map((labels) => ({ labels, value: 1 }))),
  ]);
  const pairs = metricsOf(families[0]).map(({ labels }) => Object.entries(labels));
  assert.deepEqual(pairs, [
    [
      ["a", "1"],
      ["b", "x"],
    ],
    [
      ["a", "1"],
      ["b", "y"],
    ],
    [
      ["a", "undefined"],
      ["b", "null"],
    ],
    [["__proto__", "p"]],
    [],
  ]);
  assert.equal(snapshot.layout[0]?.[0]?.shapes?.length, 3);
  assert.deepEqual(faults, []);
});

test("take() reports labels that cannot be converted, and goes on", () => {
  const { families, faults } = new Line().take([
    gaugeOf([value("a"), { labels: { x: Object.create(null) }, value: 2 }, value("b")]),
  ]);
  assert.deepEqual(metricsOf(families[0]), [value("a"), value("b")]);
  assert.deepEqual(faults, ["g: a label value cannot be converted to a string"]);
});

const SAME = "g: two metrics have the same labels; kept the first";

test("take() keeps the first of two metrics with the same labels, at every snapshot", () => {
  const line = new Line();
  const family = gaugeOf([
    { labels: { a: 1, b: 2 }, value: 1 },
    { labels: { b: "2", a: "1", c: "" }, value: 2 },
    { labels: { a: 3 }, value: 3 },
    { labels: { a: 1, b: 2 }, value: 4 },
  ]);
  for (let round = 0; round < 3; round++) {
    const { families, faults, snapshot } = line.take([family]);
    assert.deepEqual(metricsOf(families[0]), [
      { labels: { a: "1", b: "2" }, value: 1 },
      { labels: { a: "3" }, value: 3 },
    ]);
    assert.deepEqual(faults, [SAME]);
    assert.equal(snapshot.layout.length, round === 0 ? 1 : 0);
  }
});

test("take() keeps the first of equal metrics that have changed places", () => {
  const line = new Line();
  line.take([gaugeOf([1, 2, 3].map((id) => value(id)))]);
  const { families, faults } = line.take([gaugeOf([2, 1, 2, 3, 3].map((id) => value(id)))]);
  assert.deepEqual(metricsOf(families[0]), [value("2"), value("1"), value("3")]);
  assert.deepEqual(faults, [SAME]);
});

test("take() takes no metric for equal to one that has gone", () => {
  const line = new Line();
  const metrics = [1, 2, 3].map((id): ValueMetric => ({ ...value(id), identity: id }));
  const family = { ...gaugeOf(metrics), hasUniqueLabels: true } as MetricFamily;
  line.take([family]);
  metrics.push({ ...value(undefined), identity: 4 }, { ...value(1), identity: 1 });
  metrics.shift();
  const { families, faults } = line.take([family]);
  const ids = metricsOf(families[0]).map(({ labels }) => labels["id"]);
  assert.deepEqual(ids, ["2", "3", "undefined", "1"]);
  assert.deepEqual(faults, []);
});

test("take() does not trust that labels are unique once some were altered", () => {
  const line = new Line();
  const metrics: ValueMetric[] = [{ labels: { a: "undefined" }, value: 1, identity: 1 }];
  const family = { ...gaugeOf(metrics), hasUniqueLabels: true } as MetricFamily;
  assert.deepEqual(line.take([family]).faults, []);
  metrics.push({ labels: { a: undefined }, value: 2, identity: 2 });
  assert.deepEqual(line.take([family]).faults, [SAME]);
  metrics.shift();
  const { families, faults } = line.take([family]);
  assert.deepEqual(faults, []);
  assert.deepEqual(metricsOf(families[0]), [{ labels: { a: "undefined" }, value: 2 }]);
});

test("take() sends NaN and infinities, and reports what is not a number", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e300];
  const odd = ["7", undefined, null, 7n] as unknown as number[];
  const { families, faults } = new Line().take([
    gaugeOf([...values, ...odd].map((number, id) => ({ labels: { id }, value: number }))),
  ]);
  assert.deepEqual(
    metricsOf(families[0]).map((metric) => "value" in metric && metric.value),
    values,
  );
  assert.deepEqual(faults, Array(odd.length).fill("g: a value is not a number"));
});

const histogram = (labels: object, upperBounds: number[], counts: number[]): HistogramMetric => ({
  labels: { ...labels },
  upperBounds,
  cumulativeCounts: counts,
  count: counts.at(-1) ?? 0,
  sum: 3,
});
const histogramsOf = (...metrics: HistogramMetric[]): MetricFamily => ({
  name: "h",
  help: "",
  type: "histogram",
  metrics,
});

test("take() sends histograms of several bounds in one family", () => {
  const line = new Line();
  const metrics = [
    histogram({ a: "1" }, [1, 5], [1, 2]),
    histogram({ a: "2" }, [1, 10], [3, 4]),
    histogram({ a: "3" }, [], []),
  ];
  const { families, snapshot } = line.take([histogramsOf(...metrics)]);
  assert.deepEqual(metricsOf(families[0]), metrics);
  assert.equal(snapshot.layout[0]?.[0]?.shapes?.length, 3);
  const other = histogram({ a: "2" }, [1, 5], [3, 4]);
  const changed = line.take([histogramsOf(...metrics.with(1, other))]);
  assert.deepEqual(metricsOf(changed.families[0])[1], other);
  assert.equal(changed.rowCount, 1);
});

test("take() sorts bounds, and reports those that cannot be sent", () => {
  const { families, faults } = new Line().take([
    histogramsOf({
      ...histogram({}, [5, 1, Number.NaN, 5], [2, 1, 7, 8]),
      cumulativeCounts: [2, 1, 7, 8],
    }),
    {
      name: "s",
      help: "",
      type: "summary",
      metrics: [
        {
          labels: {},
          count: 1,
          sum: 2,
          quantiles: [0.9, 0.5, Number.POSITIVE_INFINITY],
          quantileValues: [9, 5, 1],
        },
      ],
    },
  ]);
  assert.deepEqual(metricsOf(families[0])[0], {
    ...histogram({}, [1, 5], [1, 2]),
    count: 8,
  });
  assert.deepEqual(metricsOf(families[1])[0], {
    labels: {},
    count: 1,
    sum: 2,
    quantiles: [0.5, 0.9],
    quantileValues: [5, 9],
  });
  assert.deepEqual(faults, [
    "h: a bound of a bucket is not a finite number, or is there twice",
    "s: a quantile is not a number, or is there twice",
  ]);
});

test("take() reports the count of a bucket that is not a number, at every snapshot", () => {
  const line = new Line();
  const family = histogramsOf({
    ...histogram({}, [1, 2], []),
    cumulativeCounts: ["1" as unknown as number, 2],
    count: 2,
    identity: 1,
  });
  for (let round = 0; round < 3; round++) {
    const { families, faults } = line.take([family]);
    const [metric] = metricsOf(families[0]) as HistogramMetric[];
    assert.deepEqual(metric?.cumulativeCounts, [Number.NaN, 2]);
    assert.deepEqual(faults, ["h: the count of a bucket is not a number"]);
  }
});

test("take() leaves out a distribution without totals", () => {
  const { families, faults } = new Line().take([
    histogramsOf({ ...histogram({ a: "1" }, [], []), count: Number.NaN }),
    {
      name: "s",
      help: "",
      type: "summary",
      metrics: [
        { labels: {}, count: Number.NaN, sum: 1, quantiles: [], quantileValues: [] },
        { labels: { a: 1 }, sum: 1 } as unknown as HistogramMetric & {
          quantiles: [];
          quantileValues: [];
        },
      ],
    },
  ]);
  assert.deepEqual(metricsOf(families[0]), []);
  assert.equal(metricsOf(families[1]).length, 1);
  assert.deepEqual(faults, ["h: a value is not a number", "s: a value is not a number"]);
});

test("take() sends the exemplars that have changed, and those that are gone", () => {
  const line = new Line();
  const exemplar = { labels: { trace: "a" }, value: 1, timestampMs: 5 };
  const metrics: ValueMetric[] = [value("1"), { ...value("2"), exemplar }, value("3")];
  const family = counterOf(metrics);
  assert.deepEqual(metricsOf(line.take([family]).families[0]), metrics);
  assert.deepEqual(line.take([family]).snapshot.layout, []);
  metrics.shift();
  const moved = line.take([family]);
  assert.deepEqual(metricsOf(moved.families[0]), metrics);
  assert.deepEqual(moved.snapshot.layout.flat()[0]?.exemplars, undefined);
  exemplar.labels.trace = "b";
  assert.deepEqual(line.take([family]).snapshot.layout.flat()[0]?.exemplars, [[0, 0, exemplar]]);
  metrics[0] = value("2", 9);
  const gone = line.take([family]);
  assert.deepEqual(gone.snapshot.layout.flat()[0]?.exemplars, [[0, 0, null]]);
  assert.deepEqual(metricsOf(gone.families[0]), metrics);
});

test("take() leaves out an exemplar that JSON cannot hold, or whose labels have no text", () => {
  const exemplars = [
    { labels: {}, value: Number.NaN },
    { labels: {}, value: "1" as unknown as number },
    { labels: { a: Object.create(null) }, value: 1 },
    { labels: { a: "x".repeat(70_000) }, value: 1 },
  ];
  const { families, faults } = new Line().take([
    counterOf(exemplars.map((exemplar, id) => ({ ...value(id), exemplar }))),
  ]);
  assert.deepEqual(
    metricsOf(families[0]),
    exemplars.map((_, id) => value(`${id}`)),
  );
  assert.deepEqual(faults, []);
});

const NATIVE: NativeHistogram = {
  schema: 3,
  zeroThreshold: 1e-128,
  zeroCount: 1,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveCounts: [1, 2],
  negativeSpans: [],
  negativeCounts: [],
};

test("take() sends native histograms where they have changed", () => {
  const line = new Line();
  const take = (native: NativeHistogram | undefined) => {
    const metric = histogram({}, [], []);
    return line.take([histogramsOf(native ? { ...metric, native } : metric)]);
  };
  assert.deepEqual(take(NATIVE).families[0]?.metrics, [
    { ...histogram({}, [], []), native: NATIVE },
  ]);
  assert.deepEqual(take({ ...NATIVE, positiveCounts: Uint8Array.of(1, 2) }).snapshot.layout, []);
  const more = { ...NATIVE, positiveCounts: [1, 3], exemplars: [{ labels: { a: "b" }, value: 1 }] };
  assert.deepEqual(take(more).snapshot.layout.flat()[0]?.natives, [[0, more]]);
  assert.deepEqual(take(undefined).snapshot.layout.flat()[0]?.natives, [[0, null]]);
});

for (const [what, native] of Object.entries({
  "with a count that is not finite": { ...NATIVE, positiveCounts: [1, Number.NaN] },
  "without spans": { ...NATIVE, positiveSpans: undefined },
  "with a span of more buckets than fit": {
    ...NATIVE,
    positiveSpans: [{ offset: 0, length: 1e9 }],
  },
  "with a span of texts": { ...NATIVE, positiveSpans: [{ offset: "1", length: 1 }] },
  "with a fraction of a bucket": { ...NATIVE, positiveSpans: [{ offset: 0, length: 1.5 }] },
  "with less than no bucket": { ...NATIVE, negativeSpans: [{ offset: 0, length: -1 }] },
  "without a schema": { ...NATIVE, schema: undefined },
  "that is too large": { ...NATIVE, positiveCounts: Array(40_000).fill(1) },
})) {
  test(`take() reports a native histogram ${what}`, () => {
    const metric = { ...histogram({}, [], []), native: native as unknown as NativeHistogram };
    const { families, faults } = new Line().take([histogramsOf(metric)]);
    assert.deepEqual(metricsOf(families[0]), [histogram({}, [], [])]);
    assert.deepEqual(faults, ["h: a native histogram is malformed, or too large to be sent"]);
  });
}

test("take() sends a family anew when its first timestamp comes", () => {
  const line = new Line();
  const metrics: ValueMetric[] = [value("1"), value("2")];
  const family = gaugeOf(metrics);
  line.take([family, UP_FAMILY]);
  metrics.push({ ...value("3"), timestampMs: 1_500 });
  const { families, rowCount } = line.take([family, UP_FAMILY]);
  assert.deepEqual(metricsOf(families[0]), metrics);
  assert.equal(rowCount, 3);
  metrics.pop();
  assert.deepEqual(metricsOf(line.take([family]).families[0]), metrics);
});

test("take() sends timestamps of metrics that can be read only once", () => {
  function* once(): Generator<ValueMetric> {
    yield value("1");
    yield { ...value("2"), timestampMs: 5 };
    yield value("1", 8);
  }
  const { families, faults } = new Line().take([gaugeOf(once())]);
  assert.deepEqual(metricsOf(families[0]), [value("1"), { ...value("2"), timestampMs: 5 }]);
  assert.deepEqual(faults, [SAME]);
});

test("take() gives a family whose head has changed another id", () => {
  const line = new Line();
  const [first] = line.take([UP_FAMILY]).snapshot.order;
  const changes: Partial<MetricFamily>[] = [
    { help: "Help." },
    { type: "counter" },
    { unit: "bytes" },
    { aggregator: "max" },
    { aggregator: () => {} },
  ];
  const ids = new Set([first]);
  for (const change of changes) {
    const { snapshot, families } = line.take([{ ...UP_FAMILY, ...change } as MetricFamily]);
    for (const id of snapshot.order) ids.add(id);
    const { aggregator = undefined } = { ...change } as { aggregator?: unknown };
    const text = typeof aggregator === "function" ? "function" : aggregator;
    const wanted = { ...UP_FAMILY, ...change, ...(text === undefined ? {} : { aggregator: text }) };
    assert.deepEqual({ ...families[0] }, wanted);
  }
  assert.equal(ids.size, changes.length + 1);
});

test("take() forgets a family that has gone, except in a partial snapshot", () => {
  const line = new Line();
  const other = gaugeOf([value("a")], "other");
  line.take([UP_FAMILY, other]);
  const partial = line.take([other], { isPartial: true });
  assert.deepEqual(partial.snapshot.layout, []);
  assert.deepEqual(line.take([UP_FAMILY, other]).snapshot.layout, []);
  line.take([other]);
  assert.equal(line.take([UP_FAMILY, other]).rowCount, 1);
});

test("take() reports the second of two families with one name", () => {
  const { families, faults } = new Line().take([UP_FAMILY, gaugeOf([value("b")], "up")]);
  assert.deepEqual(families, [UP_FAMILY]);
  assert.deepEqual(faults, ["up: another family is already called up"]);
});

test("take() splits a long layout into pieces", () => {
  const metrics = Array.from({ length: 2_000 }, (_, id) => ({
    labels: { id, text: `"\n\0é😀\ud800`.repeat(id % 50), padding: "x".repeat(id % 97) },
    value: id,
    exemplar: { labels: { trace: `é${id}` }, value: id },
  }));
  // The receiver checks the length of each.
  const { families, snapshot } = new Line().take([counterOf(metrics)]);
  assert.ok(snapshot.layout.length > 10);
  assert.deepEqual(
    metricsOf(families[0]).map(({ labels }) => labels["id"]),
    metrics.map(({ labels }) => String(labels.id)),
  );
});

test("take() packs small families into one piece", () => {
  const families = Array.from({ length: 100 }, (_, id) => gaugeOf([value(id)], `g${id}`));
  assert.equal(new Line().take(families).snapshot.layout.length, 1);
});

test("take() reports labels and texts that are too long for a piece", () => {
  const long = "x".repeat(70_000);
  const { families, faults } = new Line().take([
    gaugeOf([value("a"), value(long), { labels: { [long]: "1" }, value: 1 }, value("b")]),
    { ...UP_FAMILY, help: long },
    gaugeOf([value("a")], long),
  ]);
  assert.deepEqual(metricsOf(families[0]), [value("a"), value("b")]);
  assert.deepEqual(families.slice(1), [UP_FAMILY]);
  assert.deepEqual(
    faults.map((fault) => fault.slice(0, 60)),
    [
      "g: the labels or bounds are too long to be sent to another p",
      "g: the labels or bounds are too long to be sent to another p",
      "up: the help is too long to be sent to another process or th",
      long.slice(0, 60),
    ],
  );
});

test("take() leaves out a unit that is not a text", () => {
  const units: unknown[] = [5, {}, () => "s", Symbol("s"), null];
  const given = units.map((unit, at) => ({ ...gaugeOf([value("a")], `g${at}`), unit }));
  const { families, faults } = new Line().take(given as unknown as MetricFamily[]);
  assert.deepEqual(
    families.map(({ unit }) => unit),
    units.map(() => undefined),
  );
  assert.deepEqual(faults, []);
});

test("take() sends a family anew before shapes that no row has fill the memory", () => {
  const line = new Line();
  let shapes = 0;
  for (let round = 0; round < 300; round++) {
    const { snapshot } = line.take([gaugeOf([{ labels: { [`n${round}`]: "1" }, value: round }])]);
    shapes += snapshot.layout.flat().some(({ head }) => head !== undefined) ? 1 : 0;
  }
  assert.equal(shapes, 5);
});

test("take() leaves out metrics when a family has too many different label names", () => {
  const metrics = Array.from({ length: MAX_SHAPES + 2 }, (_, id) => ({
    labels: { [`n${id}`]: "1" },
    value: id,
  }));
  const { families, faults } = new Line().take([gaugeOf(metrics)]);
  assert.equal(metricsOf(families[0]).length, MAX_SHAPES);
  assert.deepEqual(faults, Array(2).fill(`g: ${TOO_MANY_SHAPES}`));
});

test("take() propagates what a metric throws, and the next snapshot is whole", () => {
  const line = new Line();
  let isBroken = true;
  const broken = gaugeOf({
    *[Symbol.iterator]() {
      yield value("1");
      if (isBroken) throw new Error("broken");
      yield value("2");
    },
  });
  assert.throws(() => line.take([UP_FAMILY, broken]), /broken/);
  isBroken = false;
  const { families } = line.take([UP_FAMILY, broken]);
  assert.deepEqual(metricsOf(families[1]), [value("1"), value("2")]);
});

test("take() can be given up at any pause, and the next snapshot is whole", () => {
  const metrics = Array.from({ length: 700 }, (_, id) => ({ ...value(id, id), identity: id }));
  const exemplar = { labels: { a: "b" }, value: 1 };
  const families = [
    counterOf(metrics),
    UP_FAMILY,
    gaugeOf(metrics),
    histogramsOf({ ...histogram({}, [1], [1]), exemplars: [exemplar] }),
  ];
  for (let pauses = 1; ; pauses++) {
    const line = new Line();
    if (!line.giveUp(families, pauses)) break;
    const { families: sent } = line.take(families);
    assert.deepEqual(
      sent.map(({ name }) => name),
      families.map(({ name }) => name),
    );
    metrics.splice(100, 1);
    metrics.push({ ...value(1_000 + pauses), identity: {} as unknown as number });
    const isPaused = line.giveUp(families, pauses);
    const { families: after } = line.take(families);
    for (const index of [0, 2]) {
      assert.deepEqual(
        metricsOf(after[index]).map(({ labels }) => labels["id"]),
        metrics.map(({ labels }) => String(labels["id"])),
      );
    }
    if (!isPaused) break;
  }
});

test("take() pauses at least every 128 metrics, and for 1,024 that it recognises", () => {
  const metrics = Array.from({ length: 12_800 }, (_, id) => value(id));
  const line = new Line();
  let pauses = 0;
  const atPause = () => pauses++;
  line.take([gaugeOf(metrics)], { atPause });
  assert.ok(pauses >= 100, `${pauses} pauses`);
  pauses = 0;
  line.take(
    Array.from({ length: 1_280 }, (_, id) => gaugeOf([], `g${id}`)),
    { atPause },
  );
  assert.ok(pauses >= 10, `${pauses} pauses`);
});

test("totalsOf() takes all counters and histograms, with their whole layout", () => {
  const families = new Replay().apply(totalsOf(EVERY_TYPE));
  assert.deepEqual(
    families.map(({ name }) => name),
    ["requests_total", "latency_seconds"],
  );
});

test("totalsOf() takes summaries where they are summed", () => {
  const families = new Replay().apply(totalsOf(EVERY_TYPE, [], ({ type }) => type === "summary"));
  assert.ok(families.some(({ type }) => type === "summary"));
});

test("totalsOf() leaves out a family whose metrics throw", () => {
  const broken = counterOf({
    [Symbol.iterator]() {
      throw new Error("broken");
    },
  });
  const families = new Replay().apply(totalsOf([broken, ...EVERY_TYPE]));
  assert.equal(families.length, 2);
});
