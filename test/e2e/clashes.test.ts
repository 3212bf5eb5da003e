import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Registry } from "prom-client";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { render } from "../../src/render.ts";
import {
  type Exhibit,
  judgeHere,
  judgeWithPromtool,
  judgeWithPushgateway,
  judgeWithPython,
  prometheusJudge,
} from "./random/judges.ts";

// Series and names that come twice: each parser would reject them, or keep one without a word.

const HISTOGRAM: MetricFamily = {
  name: "x",
  help: "",
  type: "histogram",
  metrics: [{ labels: {}, count: 1, sum: 1, upperBounds: [1], cumulativeCounts: [1] }],
};
const SUMMARY: MetricFamily = {
  name: "x",
  help: "",
  type: "summary",
  metrics: [{ labels: {}, count: 1, sum: 1, quantiles: [0.5], quantileValues: [1] }],
};

function gauge(name: string, ...labelSets: readonly Record<string, unknown>[]): MetricFamily {
  const sets = labelSets.length === 0 ? [{}] : labelSets;
  const metrics = sets.map((labels, value) => ({ labels, value }));
  return { name, help: "", type: "gauge", metrics };
}

const CASES: Readonly<Record<string, readonly MetricFamily[]>> = {
  "histogram-count": [HISTOGRAM, gauge("x_count")],
  "histogram-sum-of-other-labels": [HISTOGRAM, gauge("x_sum", { a: "b" })],
  "histogram-bucket": [HISTOGRAM, gauge("x_bucket", { le: "1" }, { le: "+Inf" })],
  "count-histogram": [gauge("x_count"), HISTOGRAM],
  "bucket-histogram": [gauge("x_bucket", { le: "+Inf" }), HISTOGRAM],
  "histogram-histogram": [HISTOGRAM, { ...HISTOGRAM, name: "x_count" }],
  "gaugehistogram-sum": [{ ...HISTOGRAM, type: "gaugehistogram" }, gauge("x_sum")],
  "summary-count": [SUMMARY, gauge("x_count")],
  "summary-bucket": [SUMMARY, gauge("x_bucket")],
  "sum-summary": [gauge("x_sum"), SUMMARY],
  dotted: [{ ...HISTOGRAM, name: "http.request" }, gauge("http.request.count")],
  "merged-labels": [gauge("g", { "a.b": 1, "a-b": 2 }, { "a.b": 1, "a-b": 3 }, { a_b: 1 })],
  "same-labels": [
    gauge("g", { a: 1, b: 2 }, { b: "2", a: "1" }, { a: 1, b: 2, c: "" }, {}, { a: "" }),
  ],
};

const TEXT = "text/plain;version=0.0.4";
const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

async function exhibits(format: string, accept: string): Promise<Exhibit[]> {
  const shown: Exhibit[] = [];
  for (const [path, families] of Object.entries(CASES)) {
    const gatherer = { gather: () => ({ families }) };
    shown.push({
      path: `/${format}/${path}`,
      ...(await render(gatherer, { accept, logger: false })),
    });
  }
  const registry = new Registry();
  const counter = new Counter({
    name: "req_total",
    help: "h",
    labelNames: ["user"],
    registers: [registry],
  });
  for (const user of ["", "undefined", "null", "x"]) counter.inc({ user });
  counter.inc();
  shown.push({
    path: `/${format}/registry`,
    ...(await render(registry, { accept, logger: false })),
  });
  return shown;
}

const text = await exhibits("text", TEXT);
const openMetrics = await exhibits("openmetrics", OPENMETRICS);
const protobuf = await exhibits("protobuf", PROTOBUF);

test("every judge reads what a gatherer yields twice", async () => {
  assert.deepEqual(await judgeHere([...text, ...openMetrics, ...protobuf]), []);
  assert.deepEqual(await judgeWithPython([...text, ...openMetrics]), []);
  assert.deepEqual(await judgeWithPromtool(text), []);
  assert.deepEqual(await judgeWithPushgateway([...text, ...protobuf]), []);
});

test("Prometheus stores each series of what a gatherer yields twice", async () => {
  assert.deepEqual(await prometheusJudge()([...text, ...openMetrics]), []);
  // To Prometheus 2.42 the sum and the count of a gauge histogram in protobuf are one series.
  const readable = protobuf.filter(({ path }) => !path.includes("gaugehistogram"));
  assert.deepEqual(await prometheusJudge("--enable-feature=native-histograms")(readable), []);
});
