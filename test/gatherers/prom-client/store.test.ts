import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import type { RegistryMetric } from "../../../src/gatherers/prom-client/registry.ts";
import { hasKnownStore, storeMetrics } from "../../../src/gatherers/prom-client/store.ts";
import type {
  Exemplar,
  HistogramMetric,
  Metric,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import {
  EXEMPLAR_LIBRARIES,
  LIBRARIES,
  type LibraryMetric,
  type LibraryRegistry,
  OPENMETRICS_TYPE,
} from "../../helpers/registries/libraries.ts";
import { gatherAll } from "../../helpers/scraping/gathering.ts";

const TYPES = ["Counter", "Gauge", "Histogram", "Summary"] as const;

/** A metric as our code sees it. */
function seen(metric: LibraryMetric): RegistryMetric {
  return metric as unknown as RegistryMetric; // no library names these members in its types
}

async function familiesOf(registry: LibraryRegistry) {
  return [...(await gatherAll(createRegistryGatherer(registry)))];
}

async function metricsOf(registry: LibraryRegistry): Promise<Iterable<Metric>> {
  const [family] = await familiesOf(registry);
  assert.ok(family);
  return family.metrics;
}

const AGGREGATORS = ["max", () => 1];

for (const { name, Gauge, Registry } of LIBRARIES) {
  for (const way of ["store", "get()"]) {
    test(`a family of ${name} that is read by its ${way} has the metric's aggregator`, async () => {
      for (const aggregator of AGGREGATORS) {
        const registry = new Registry();
        const gauge = new Gauge({ name: "g", help: "h", aggregator, registers: [registry] });
        if (way === "get()") gauge.get = gauge.get.bind(gauge);
        const [family] = await familiesOf(registry);
        assert.ok(family?.type === "gauge");
        assert.equal(family.aggregator, aggregator);
      }
    });
  }
}

for (const library of LIBRARIES) {
  const { name, Registry, Counter, Gauge, Histogram, Summary } = library;

  for (const type of TYPES) {
    const config = { name: "m", help: "h", registers: [] };

    test(`hasKnownStore() accepts a ${type} of ${name}, with or without a collector`, () => {
      assert.equal(hasKnownStore(seen(new library[type](config))), true);
      assert.equal(hasKnownStore(seen(new library[type]({ ...config, collect() {} }))), true);
    });

    test(`hasKnownStore() accepts a subclass of a ${type} of ${name} that adds methods`, () => {
      class Sub extends library[type] {
        another() {}
      }
      assert.equal(hasKnownStore(seen(new Sub(config))), true);
    });

    test(`hasKnownStore() rejects a ${type} of ${name} whose get() was replaced`, () => {
      const metric = new library[type](config);
      metric.get = () => ({ type: type.toLowerCase() });
      assert.equal(hasKnownStore(seen(metric)), false);
    });

    test(`a ${type} of ${name} whose get() was replaced is served through it`, async () => {
      const registry = new Registry();
      const metric = new library[type]({ ...config, registers: [registry] });
      metric.get = async () => ({ type: "gauge", values: [{ value: 42, labels: { own: "yes" } }] });
      const [first] = await metricsOf(registry);
      assert.deepEqual(first, { labels: { own: "yes" }, value: 42, exemplar: undefined });
    });
  }

  // The constructors of @platformatic/prom-client assign a `get` over that of any subclass.
  const overridable = name.startsWith("@platformatic") ? ["_getSync"] : ["get"];
  for (const method of overridable) {
    test(`a gauge of ${name} whose subclass overrides ${method}() is served through that`, async () => {
      const registry = new Registry();
      class Doubled extends Gauge {}
      Object.defineProperty(Doubled.prototype, method, {
        value: () => ({ type: "gauge", values: [{ value: 42 }] }),
      });
      new Doubled({ name: "g", help: "h", registers: [registry] });
      const [first] = await metricsOf(registry);
      assert.deepEqual(first, { labels: {}, value: 42, exemplar: undefined });
    });
  }

  test(`a histogram of ${name} whose getForPromString() was replaced is not read directly`, () => {
    const histogram = new Histogram({ name: "h", help: "h", registers: [] });
    Object.assign(histogram, { getForPromString: () => ({ values: [] }) });
    assert.equal(hasKnownStore(seen(histogram)), false);
  });

  test(`the families and the identities of ${name} are the same at every scrape`, async () => {
    const registry = new Registry();
    const config = { help: "h", labelNames: ["a"], registers: [registry] };
    const gauge = new Gauge({ ...config, name: "g" });
    const histogram = new Histogram({ ...config, name: "h" });
    const summary = new Summary({ ...config, name: "s" });
    const gatherer = createRegistryGatherer(registry);
    const scrapes: unknown[][] = [];
    for (let value = 1; value <= 2; value++) {
      for (const a of ["x", "y"]) {
        gauge.set({ a }, value);
        histogram.observe({ a }, value);
        summary.observe({ a }, value);
      }
      const families = [...(await gatherAll(gatherer))];
      const identities = families.flatMap(({ metrics }) =>
        Array.from<Metric, unknown>(metrics, ({ identity }) => identity),
      );
      scrapes.push([...families, ...identities]);
    }
    const [first = [], second = []] = scrapes;
    assert.equal(first.length, 9);
    assert.ok(first.every((item, index) => item !== undefined && item === second[index]));
    assert.equal(new Set(first.slice(3, 5)).size, 2);
  });

  test(`the family of a metric of ${name} is a new object when its help changes`, async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: "g", help: "before", registers: [registry] });
    const gatherer = createRegistryGatherer(registry);
    const [before] = await gatherAll(gatherer);
    gauge.help = "after";
    const [after] = await gatherAll(gatherer);
    assert.deepEqual([before?.help, after?.help], ["before", "after"]);
  });

  const changes: Readonly<Record<string, (metric: LibraryMetric) => void>> = {
    "reset()": (metric) => metric.reset(),
    "remove()": (metric) => {
      for (const a of ["0", "1", "2"]) metric.remove({ a });
    },
  };
  for (const [method, change] of Object.entries(changes)) {
    for (const type of TYPES) {
      test(`a ${type} of ${name} may be changed with ${method} while it is read`, async () => {
        const registry = new Registry();
        const config = { name: "m", help: "h", labelNames: ["a"], registers: [registry] };
        const metric = new library[type](config);
        for (const a of ["0", "1", "2"]) {
          if (type === "Counter" || type === "Gauge") metric.inc({ a }, 1);
          else metric.observe({ a }, 1);
        }
        const seenLabels: unknown[] = [];
        for (const { labels } of await metricsOf(registry)) {
          if (seenLabels.push({ ...labels }) === 1) change(metric);
        }
        // The rest is what was there before, each once.
        const possible = [{ a: "0" }, { a: "1" }, { a: "2" }];
        assert.deepEqual(seenLabels, possible.slice(0, seenLabels.length));
      });
    }
  }

  test(`a registry of ${name} may be cleared while it is read`, async () => {
    const registry = new Registry();
    const config = { help: "h", registers: [registry] };
    for (const metric of ["a", "b"]) new Counter({ ...config, name: metric });
    const families = await familiesOf(registry);
    registry.clear();
    assert.deepEqual(
      families.map(({ metrics }) => [...metrics].length),
      [1, 1],
    );
  });

  test(`a summary of ${name} without observations has only zeros`, async () => {
    const registry = new Registry();
    new Summary({ name: "s", help: "h", percentiles: [0.5], registers: [registry] });
    const [metric] = (await metricsOf(registry)) as Iterable<SummaryMetric>; // it is a summary
    assert.ok(metric);
    const { quantiles, quantileValues, count, sum } = metric;
    assert.deepEqual([quantiles, quantileValues, count, sum], [[0.5], [0], 0, 0]);
  });

  test(`a histogram of ${name} is cumulative and ends at its count`, async () => {
    const registry = new Registry();
    const histogram = new Histogram({
      name: "h",
      help: "h",
      buckets: [1, 2],
      registers: [registry],
    });
    for (const value of [0.5, 1, 1.5, 9]) histogram.observe(value);
    const [metric] = (await metricsOf(registry)) as Iterable<HistogramMetric>; // it is a histogram
    assert.ok(metric);
    assert.deepEqual(metric.upperBounds, [1, 2]);
    assert.deepEqual(Array.from(metric.cumulativeCounts), [2, 3]);
    assert.deepEqual([metric.count, metric.sum], [4, 12]);
  });
}

for (const { name, Registry, Counter, Histogram } of EXEMPLAR_LIBRARIES) {
  const exemplarLabels = { trace_id: 'a"b' };

  test(`an exemplar of a counter of ${name} is in the family`, async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_500 });
    const registry = new Registry(OPENMETRICS_TYPE);
    const config = { name: "c_total", help: "h", labelNames: ["a"], registers: [registry] };
    const counter = new Counter({ ...config, enableExemplars: true });
    counter.inc({ labels: { a: "x" }, value: 3, exemplarLabels });
    counter.inc({ labels: { a: "y" } });
    const metrics = (await metricsOf(registry)) as Iterable<ValueMetric>; // it is a counter
    assert.deepEqual(
      Array.from(metrics, ({ exemplar }) => exemplar),
      [{ labels: exemplarLabels, value: 3, timestampMs: 1_700_000_000_500 }, undefined],
    );
  });

  const bucketCases: readonly { buckets: number[]; values: (number | undefined)[] }[] = [
    { buckets: [1, 2], values: [undefined, 1.5, 9] },
    { buckets: [1, 2, Number.POSITIVE_INFINITY], values: [undefined, 1.5, 9] },
  ];
  for (const { buckets, values } of bucketCases) {
    test(`the exemplars of buckets ${buckets} of ${name} are in the family`, async () => {
      const registry = new Registry(OPENMETRICS_TYPE);
      const config = { name: "h", help: "h", buckets, registers: [registry] };
      const histogram = new Histogram({ ...config, enableExemplars: true });
      for (const value of [1.5, 9]) histogram.observe({ labels: {}, value, exemplarLabels });
      const [metric] = (await metricsOf(registry)) as Iterable<HistogramMetric>; // it is one
      assert.deepEqual(
        Array.from<Exemplar | null | undefined, unknown>(metric?.exemplars ?? [], (e) => e?.value),
        values,
      );
    });

    if (buckets.length === 2)
      test(`the exemplars of buckets ${buckets} of ${name} survive a replaced get()`, async () => {
        const registry = new Registry(OPENMETRICS_TYPE);
        const config = { name: "h", help: "h", buckets, registers: [registry] };
        const histogram = new Histogram({ ...config, enableExemplars: true });
        const get = histogram.get.bind(histogram);
        histogram.get = () => get();
        for (const value of [1.5, 9]) histogram.observe({ labels: {}, value, exemplarLabels });
        const [metric] = (await metricsOf(registry)) as Iterable<HistogramMetric>; // it is one
        assert.deepEqual(
          Array.from<Exemplar | null | undefined, unknown>(
            metric?.exemplars ?? [],
            (e) => e?.value,
          ),
          values,
        );
      });
  }

  test(`a histogram of ${name} without exemplars has none`, async () => {
    const registry = new Registry();
    new Histogram({ name: "h", help: "h", registers: [registry] });
    const [metric] = (await metricsOf(registry)) as Iterable<HistogramMetric>; // it is one
    assert.equal(metric?.exemplars, undefined);
  });
}

// A store is recognised only by its shape; a future version of a library may keep other things in it.
const STRANGE_CHILDREN: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  "a number": 7,
  "an object without labels": { value: 1 },
};

for (const [kind, child] of Object.entries(STRANGE_CHILDREN)) {
  test(`storeMetrics() skips a child that is ${kind}`, () => {
    const good = { labels: {}, value: 1 };
    const context = { merge: (labels: object) => ({ ...labels }), onDuplicate: assert.fail };
    const get = () => ({});
    for (const metric of [
      { type: "gauge", hashMap: { a: child, b: good }, get },
      { type: "gauge", store: { values: () => [child, good] }, get },
    ]) {
      assert.equal([...storeMetrics(metric, context)].length, 1);
    }
  });
}

test("storeMetrics() skips a child of a histogram or summary that has another shape", () => {
  const context = { merge: (labels: object) => ({ ...labels }), onDuplicate: assert.fail };
  const get = () => ({});
  const hashMap = { a: { labels: {} }, b: { labels: {}, value: 1 }, c: { labels: {}, value: {} } };
  for (const metric of [
    { type: "histogram", hashMap, upperBounds: [1], get },
    { type: "summary", hashMap, percentiles: [0.5], get },
  ]) {
    assert.deepEqual([...storeMetrics(metric, context)], []);
  }
});

const NO_STORES: readonly object[] = [
  { type: "gauge" },
  { type: "gauge", hashMap: null },
  { type: "gauge", store: {} },
  { type: "histogram", hashMap: {} },
  { type: "summary", hashMap: {} },
  { type: "summary", hashMap: {}, percentiles: [0.5], pruneAgedBuckets: true },
  { type: "meter", hashMap: {} },
];

for (const shape of NO_STORES) {
  test(`hasKnownStore() rejects a metric with only ${JSON.stringify(shape)}`, () => {
    class Base {}
    class Own extends Base {
      get() {
        return {};
      }
    }
    assert.equal(hasKnownStore(Object.assign(new Own(), shape)), false);
    assert.equal(hasKnownStore(Object.assign(new Own(), { type: "gauge", hashMap: {} })), true);
  });
}

test("storeMetrics() yields nothing for a metric without its store or its bounds", () => {
  const context = { merge: (labels: object) => ({ ...labels }), onDuplicate: assert.fail };
  const get = () => ({});
  const hashMap = { a: { labels: {}, bucketValues: {}, count: 1, sum: 2 } };
  assert.deepEqual([...storeMetrics({ type: "gauge", get }, context)], []);
  assert.deepEqual([...storeMetrics({ type: "summary", get }, context)], []);
  const [bare] = storeMetrics({ type: "histogram", hashMap, get }, context);
  assert.deepEqual((bare as HistogramMetric).upperBounds, []);
});

test("storeMetrics() counts a missing bucket as empty", () => {
  const context = { merge: (labels: object) => ({ ...labels }), onDuplicate: assert.fail };
  const hashMap = { a: { labels: {}, bucketValues: { 2: 3 }, count: 4, sum: 5 } };
  const metric = { type: "histogram", hashMap, upperBounds: [1, 2], get: () => ({}) };
  const [read] = storeMetrics(metric, context);
  assert.deepEqual(Array.from((read as HistogramMetric).cumulativeCounts), [0, 3]);
});
