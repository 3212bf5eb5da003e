import assert from "node:assert/strict";
import { test } from "node:test";
import { AggregationType, MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  PrometheusReader,
  type PrometheusReaderOptions,
} from "../../../src/gatherers/opentelemetry/reader.ts";
import { lines } from "../../helpers/scraping/encode-families.ts";
import { createContext, createExpose, withoutDurations } from "../../helpers/scraping/gathering.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";
import { collection, metric, readerOf, scope } from "./collections.ts";

function createMeter(options: PrometheusReaderOptions = {}) {
  const reader = new PrometheusReader({ targetInfoEnabled: false, ...options });
  const provider = new MeterProvider({ readers: [reader] });
  return { reader, provider, meter: provider.getMeter("app"), expose: createExpose(reader) };
}

test("PrometheusReader serves the instruments of a MeterProvider", async () => {
  const { meter, expose } = createMeter();
  const description = "Requests.";
  const requests = meter.createCounter("http.requests", { description, unit: "{request}" });
  requests.add(2, { "http.method": "GET" });
  const duration = meter.createHistogram("duration", {
    unit: "s",
    advice: { explicitBucketBoundaries: [0.1, 1] },
  });
  duration.record(0.05);
  duration.record(5);
  meter.createUpDownCounter("connections").add(-1);
  meter.createObservableGauge("load", { unit: "1" }).addCallback((result) => result.observe(0.5));
  const expected = lines(
    "# HELP http_requests_total Requests.",
    "# TYPE http_requests_total counter",
    'http_requests_total{http_method="GET",otel_scope_name="app"} 2',
    "# TYPE duration_seconds histogram",
    'duration_seconds_bucket{le="0.1",otel_scope_name="app"} 1',
    'duration_seconds_bucket{le="1",otel_scope_name="app"} 1',
    'duration_seconds_bucket{le="+Inf",otel_scope_name="app"} 2',
    'duration_seconds_sum{otel_scope_name="app"} 5.05',
    'duration_seconds_count{otel_scope_name="app"} 2',
    "# TYPE connections gauge",
    'connections{otel_scope_name="app"} -1',
    "# TYPE load_ratio gauge",
    'load_ratio{otel_scope_name="app"} 0.5',
  );
  assert.deepEqual(await expose(), { text: expected, faults: [] });
  requests.add(1, { "http.method": "GET" });
  const { text } = await expose();
  assert.equal(text, expected.replace('"app"} 2\n# TYPE duration', '"app"} 3\n# TYPE duration'));
});

test("a scrape gets 500 before the reader is in a MeterProvider, and after its shutdown", async () => {
  const reader = new PrometheusReader();
  const scraper = createScraper(reader);
  assert.equal((await scraper.scrape()).status, 500);
  await assert.rejects(async () => reader.gather(createContext()), {
    message: "Cannot collect metrics: the reader is not in a MeterProvider",
  });
  const provider = new MeterProvider({ readers: [reader] });
  assert.equal((await scraper.scrape()).status, 200);
  await provider.forceFlush();
  await provider.shutdown();
  assert.equal((await scraper.scrape()).status, 500);
  await assert.rejects(async () => reader.gather(createContext()), {
    message: "Cannot collect metrics: the reader is shut down",
  });
});

test("a reader can be in one MeterProvider only", () => {
  const { reader } = createMeter();
  assert.throws(() => new MeterProvider({ readers: [reader] }), {
    message: "Cannot add the reader: it is already in a MeterProvider",
  });
});

test("a reader chooses the SDK's own aggregation unless an option says otherwise", async () => {
  const { reader } = createMeter();
  assert.equal(reader.selectAggregation("HISTOGRAM").type, AggregationType.DEFAULT);
  assert.equal(reader.selectAggregationTemporality("COUNTER"), 1);
  assert.equal(reader.selectCardinalityLimit("COUNTER"), 2_000);
  const { meter, expose } = createMeter({
    defaultAggregation: (instrument) =>
      instrument === "HISTOGRAM" ? { type: AggregationType.EXPONENTIAL_HISTOGRAM } : undefined,
    cardinalityLimit: 2,
  });
  meter.createHistogram("h").record(3);
  const counter = meter.createCounter("c");
  counter.add(1, { a: 1 });
  counter.add(1, { a: 2 });
  const { text } = await expose();
  assert.match(text, /^h_bucket\{le="4",otel_scope_name="app"\} 1$/m);
  assert.match(text, /^c_total\{otel_metric_overflow="true",otel_scope_name="app"\} 1$/m);
});

test("a reader refuses options that it cannot use", () => {
  const table: [options: object, message: string][] = [
    [{ port: 1 }, 'Unknown option "port"'],
    [
      { cardinalityLimit: 0 },
      `Option "cardinalityLimit" must be an integer from 1 to ${Number.MAX_SAFE_INTEGER}, got 0`,
    ],
    [{ defaultAggregation: 5 }, 'Option "defaultAggregation" must be a function, got 5'],
    [{ prefix: 5 }, 'Option "prefix" must be a string, got 5'],
  ];
  for (const [options, message] of table) {
    assert.throws(() => new PrometheusReader(options), { message });
  }
  assert.throws(() => new PrometheusReader(null as unknown as object), {
    message: "Options must be an object, got null",
  });
});

test("what a callback throws is an error of the gathering, and the rest is served", async () => {
  const { reader, meter } = createMeter();
  const error = new Error("no such file");
  meter.createObservableGauge("broken").addCallback(() => {
    throw error;
  });
  meter.createCounter("c").add(1);
  const { families, errors } = await reader.gather(createContext());
  assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error }]);
  assert.deepEqual(
    [...families].map(({ name }) => name),
    ["c_total"],
  );
});

test("a callback that hangs is abandoned before the deadline, and the rest is served", async () => {
  const { reader, meter } = createMeter();
  meter.createObservableGauge("stuck").addCallback(() => new Promise(() => {}));
  meter.createCounter("c").add(1);
  const { families, errors } = await reader.gather({
    ...createContext(),
    deadlineMs: Date.now() + 60,
  });
  assert.match(String(errors?.[0]?.error), /timed? ?out/i);
  assert.equal([...families].length, 1);
});

test("collect() returns what the SDK does", async () => {
  const { reader, meter } = createMeter();
  meter.createCounter("c").add(1);
  const { resourceMetrics, errors } = await reader.collect();
  assert.equal(resourceMetrics.scopeMetrics[0]?.metrics[0]?.descriptor.name, "c");
  assert.deepEqual(errors, []);
});

test("further producers are served beside the SDK, without their resource", async () => {
  const producer = readerOf([scope("other", metric("gauge", "bridged"))], {
    attributes: { "service.name": "other" },
  });
  const { meter, expose } = createMeter({ metricProducers: [producer], targetInfoEnabled: true });
  meter.createCounter("c").add(1);
  const { text } = await expose();
  assert.match(text, /^c_total\{otel_scope_name="app"\} 1$/m);
  assert.match(text, /^bridged\{otel_scope_name="other"\} 1$/m);
  assert.doesNotMatch(text, /service_name="other"/);
});

test("a producer that rejects costs only its own metrics", async () => {
  const error = new Error("down");
  const producers = [
    { collect: () => Promise.reject(error) },
    { collect: async () => collection([]) },
  ];
  const { reader, meter } = createMeter({ metricProducers: producers });
  meter.createCounter("c").add(1);
  const { families, errors } = await reader.gather(createContext());
  assert.equal([...families].length, 1);
  assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error }]);
});

test("collect() returns the metrics of further producers, too, as a reader of the SDK does", async () => {
  const foreign = collection([scope("bridge", metric("gauge", "foreign"))]);
  const producer = { collect: async () => ({ ...foreign, errors: ["of the bridge"] }) };
  const { reader, meter } = createMeter({ metricProducers: [producer] });
  meter.createCounter("own").add(1);
  const { resourceMetrics, errors } = await reader.collect();
  const names = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.map(({ descriptor }) => descriptor.name),
  );
  assert.deepEqual(names, ["own", "foreign"]);
  assert.deepEqual(errors, ["of the bridge"]);
});
