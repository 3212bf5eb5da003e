import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { readSnapshot } from "../../../src/gatherers/prom-client/read-snapshot.ts";
import type { SnapshotSample } from "../../../src/gatherers/prom-client/registry.ts";
import { toSnapshot } from "../../../src/gatherers/prom-client/snapshot.ts";
import type {
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
} from "../../../src/model/metric-family.ts";
import { expose } from "../../helpers/scraping/gathering.ts";

const merge = (labels: Labels): Labels => ({ ...labels, app: "shop" });

/** The families of samples, with what was reported. */
function read(type: unknown, values: readonly object[], name = "h") {
  const faults: string[] = [];
  const report = (reason: string) => faults.push(reason);
  const families = readSnapshot(toSnapshot({ values }), { name, help: "", type, merge, report });
  return { families, faults };
}

function metricsOf(family: MetricFamily | undefined): readonly Metric[] {
  return [...(family?.metrics ?? [])];
}

/** The metrics of samples that all belong to one family. */
function readOne(type: string, values: readonly object[]): readonly Metric[] {
  const { families, faults } = read(type, values);
  assert.deepEqual(faults, []);
  assert.equal(families.length, 1);
  assert.equal(families[0]?.type, type);
  return metricsOf(families[0]);
}

function bucket(le: unknown, labels: object, value: number): SnapshotSample {
  return { metricName: "h_bucket", labels: { le, ...labels }, value };
}

test("readSnapshot() returns a metric for each sample, with the default labels", () => {
  const exemplar = { labelSet: { trace_id: "1" }, value: 2, timestamp: 3 };
  const values = [{ labels: { a: "x" }, value: 1, exemplar }, { value: 2 }];
  for (const type of ["counter", "gauge", "unknown"]) {
    assert.deepEqual(readOne(type, values), [
      {
        labels: { a: "x", app: "shop" },
        value: 1,
        exemplar: { labels: { trace_id: "1" }, value: 2, timestampMs: 3_000 },
      },
      { labels: { app: "shop" }, value: 2, exemplar: undefined },
    ]);
  }
});

for (const type of ["gauge", "histogram", "summary"]) {
  test(`readSnapshot() returns an empty ${type} for a snapshot without values`, () => {
    for (const values of [undefined, null, []]) {
      assert.deepEqual(toSnapshot({ values }).values, []);
    }
    assert.deepEqual(readOne(type, []), []);
  });
}

test("readSnapshot() groups samples by label set and sorts the bounds", () => {
  const values = [
    bucket(5, { a: "x" }, 3),
    bucket("0.5", { a: "x" }, 1),
    bucket("+Inf", { a: "x" }, 4),
    bucket(5, { a: "y" }, 9),
    bucket("+Inf", { a: "y" }, 9),
    { metricName: "h_sum", labels: { a: "x" }, value: 20 },
    { metricName: "h_count", labels: { a: "x" }, value: 4 },
  ];
  // The type that was asked for decides the type of the metrics.
  const [x, y] = readOne("histogram", values) as HistogramMetric[];
  assert.deepEqual(x, {
    labels: { a: "x", app: "shop" },
    upperBounds: [0.5, 5],
    cumulativeCounts: [1, 3],
    count: 4,
    sum: 20,
    exemplars: [undefined, undefined, undefined],
  });
  assert.deepEqual(y?.labels, { a: "y", app: "shop" });
  assert.equal(y?.count, 9);
  assert.ok(Number.isNaN(y?.sum));
});

test("readSnapshot() takes the count of the samples if there is no +Inf bucket", () => {
  const values = [bucket(1, {}, 2), { metricName: "h_count", value: 3 }];
  const [histogram] = readOne("histogram", values) as HistogramMetric[];
  assert.equal(histogram?.count, 3);
});

test("readSnapshot() keeps the exemplars, with that of +Inf last", () => {
  const exemplar = { labelSet: {}, value: 9 };
  const values = [bucket(1, {}, 2), { ...bucket("+Inf", {}, 3), exemplar }];
  const [histogram] = readOne("histogram", values) as HistogramMetric[];
  assert.deepEqual(histogram?.exemplars, [
    undefined,
    { labels: {}, value: 9, timestampMs: undefined },
  ]);
});

test("readSnapshot() groups samples by label set and sorts the quantiles", () => {
  const values = [
    { labels: { quantile: 0.9, a: "x" }, value: 2 },
    { labels: { quantile: 0.5, a: "x" }, value: 1 },
    { metricName: "h_sum", labels: { a: "x" }, value: 3 },
    { metricName: "h_count", labels: { a: "x" }, value: 4 },
  ];
  assert.deepEqual(readOne("summary", values), [
    {
      labels: { a: "x", app: "shop" },
      quantiles: [0.5, 0.9],
      quantileValues: [1, 2],
      sum: 3,
      count: 4,
    },
  ]);
});

test("readSnapshot() makes a family of samples with the name of another metric", () => {
  const values = [
    { labels: { quantile: 0.9 }, value: 2 },
    { metricName: "h_max", labels: { a: "x" }, value: 5 },
    { metricName: "other_sum", value: 6 },
    { metricName: "h_max", labels: { a: "y" }, value: 7 },
  ];
  const { families, faults } = read("summary", values);
  assert.deepEqual(
    families.map(({ name, type, metrics }) => [name, type, [...metrics].length]),
    [
      ["h", "summary", 1],
      ["h_max", "unknown", 2],
      ["other_sum", "unknown", 1],
    ],
  );
  assert.deepEqual(faults, []);
});

test("readSnapshot() reports samples of a distribution without a bound", () => {
  const { families, faults } = read("histogram", [{ value: 1 }, bucket("+Inf", {}, 2)]);
  assert.equal(metricsOf(families[0]).length, 1);
  assert.deepEqual(faults, ["a sample has no label le"]);
  assert.deepEqual(read("summary", [{ metricName: "h", value: 1 }]).faults, [
    "a sample has no label quantile",
  ]);
});

test("readSnapshot() reports a type that it does not know, except that of no type", () => {
  for (const type of ["untyped", "unknown"]) assert.deepEqual(read(type, []).faults, []);
  for (const type of ["gaugehistogram", undefined, 5]) {
    const { families, faults } = read(type, [{ value: 1 }]);
    assert.equal(families[0]?.type, "unknown");
    assert.deepEqual(faults, ["the type is unknown"]);
  }
});

for (const [what, result, message] of [
  ["undefined", undefined, "get() must return an object"],
  ["null", null, "get() must return an object"],
  ["a text", "h 1", "get() must return an object"],
  ["values that are a number", { values: 1 }, "The values that get() returns must be a list"],
  ["values that are an object", { values: {} }, "The values that get() returns must be a list"],
  ["values that are a text", { values: "h 1" }, "The values that get() returns must be a list"],
  [
    "null as a sample",
    { values: [null] },
    "The values that get() returns must be a list of objects",
  ],
  [
    "a number as a sample",
    { values: [1] },
    "The values that get() returns must be a list of objects",
  ],
] as const) {
  test(`toSnapshot() throws for ${what}`, () => {
    assert.throws(() => toSnapshot(result), { name: "TypeError", message });
  });
}

test("toSnapshot() reads any list, and each member once", () => {
  let reads = 0;
  class Sample {
    get value() {
      return ++reads;
    }
  }
  const { values = [] } = toSnapshot({ values: new Set([new Sample()]) });
  assert.deepEqual([values[0]?.value, values[0]?.value, reads], [1, 1, 1]);
});

test("a value that became null between processes is omitted, not served as 0", async () => {
  const values = [
    { labels: { a: "x" }, value: null },
    { labels: { a: "y" }, value: 1 },
  ];
  const metric = { name: "g", help: "h", type: "gauge", get: () => ({ type: "gauge", values }) };
  const registry = { contentType: "", getMetricsAsArray: () => [metric] };
  assert.deepEqual(await expose(registry), {
    text: '# HELP g h\n# TYPE g gauge\ng{a="y"} 1\n',
    faults: ["g: a value is not a number"],
  });
});

test("a sample that get() returns twice is served once, and reported", async () => {
  const registry = new Registry();
  const sample = (suffix: string, value: number, labels: object = {}) => ({
    metricName: `h_${suffix}`,
    labels,
    value,
  });
  const values = [
    ...[sample("bucket", 1, { le: 1 }), sample("bucket", 2, { le: "1.0" })],
    ...[sample("bucket", 3, { le: "+Inf" }), sample("bucket", 4, { le: "+Inf" })],
    ...[sample("sum", 5), sample("sum", 6), sample("count", 3), sample("count", 7)],
  ];
  const get = async () => ({ name: "h", help: "", type: "histogram", values });
  registry.registerMetric({ name: "h", help: "", get } as never);
  const twice = [
    { labels: { a: 1 }, value: 1 },
    { labels: { a: "1" }, value: 2 },
  ];
  const getGauge = async () => ({ name: "g", help: "", type: "gauge", values: twice });
  registry.registerMetric({ name: "g", help: "", get: getGauge } as never);
  assert.deepEqual(await expose(registry), {
    text: `# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 3
h_sum 5
h_count 3
# TYPE g gauge
g{a="1"} 1
`,
    faults: [
      "h: get() returned a sample twice; kept the first",
      "g: two metrics have the same labels; kept the first",
    ],
  });
});
