import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import type { SnapshotSample } from "../../../src/gatherers/prom-client/registry.ts";
import {
  readHistograms,
  readSummaries,
  readValues,
} from "../../../src/gatherers/prom-client/snapshot.ts";
import type { Labels } from "../../../src/model/metric-family.ts";
import { expose } from "../../helpers/scraping/gathering.ts";

const merge = (labels: Labels): Labels => ({ ...labels, app: "shop" });

function bucket(le: unknown, labels: object, value: number): SnapshotSample {
  return { metricName: "h_bucket", labels: { le, ...labels }, value };
}

test("readValues() returns a metric for each sample, with the default labels", () => {
  const exemplar = { labelSet: { trace_id: "1" }, value: 2, timestamp: 3 };
  const values = [{ labels: { a: "x" }, value: 1, exemplar }, { value: 2 }];
  assert.deepEqual(readValues({ values }, merge), [
    {
      labels: { a: "x", app: "shop" },
      value: 1,
      exemplar: { labels: { trace_id: "1" }, value: 2, timestampMs: 3_000 },
    },
    { labels: { app: "shop" }, value: 2, exemplar: undefined },
  ]);
});

for (const [name, read] of Object.entries({ readValues, readHistograms, readSummaries })) {
  test(`${name}() returns nothing for a snapshot without values`, () => {
    assert.deepEqual(read({}, merge), []);
  });
}

test("readHistograms() groups samples by label set and sorts the bounds", () => {
  const values = [
    bucket(5, { a: "x" }, 3),
    bucket("0.5", { a: "x" }, 1),
    bucket("+Inf", { a: "x" }, 4),
    bucket(5, { a: "y" }, 9),
    bucket("+Inf", { a: "y" }, 9),
    { metricName: "h_sum", labels: { a: "x" }, value: 20 },
    { metricName: "h_count", labels: { a: "x" }, value: 4 },
  ];
  const [x, y] = readHistograms({ values }, merge);
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

test("readHistograms() takes the count of the samples if there is no +Inf bucket", () => {
  const values = [bucket(1, {}, 2), { metricName: "h_count", value: 3 }];
  assert.equal(readHistograms({ values }, merge)[0]?.count, 3);
});

test("readHistograms() keeps the exemplars, with that of +Inf last", () => {
  const exemplar = { labelSet: {}, value: 9 };
  const values = [bucket(1, {}, 2), { ...bucket("+Inf", {}, 3), exemplar }];
  assert.deepEqual(readHistograms({ values }, merge)[0]?.exemplars, [
    undefined,
    { labels: {}, value: 9, timestampMs: undefined },
  ]);
});

test("readSummaries() groups samples by label set and sorts the quantiles", () => {
  const values = [
    { labels: { quantile: 0.9, a: "x" }, value: 2 },
    { labels: { quantile: 0.5, a: "x" }, value: 1 },
    { metricName: "s_sum", labels: { a: "x" }, value: 3 },
    { metricName: "s_count", labels: { a: "x" }, value: 4 },
    { metricName: "s_other", labels: { a: "x" }, value: 5 },
  ];
  assert.deepEqual(readSummaries({ values }, merge), [
    {
      labels: { a: "x", app: "shop" },
      quantiles: [0.5, 0.9],
      quantileValues: [1, 2],
      sum: 3,
      count: 4,
    },
  ]);
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
