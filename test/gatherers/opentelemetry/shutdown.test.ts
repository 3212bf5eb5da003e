/** What is counted until the provider is shut down counts on, although nothing can be collected any more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { gatherLast, gatherNow } from "../../../src/gatherers/final-gathering.ts";
import { PrometheusReader } from "../../../src/gatherers/opentelemetry/reader.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { createGate } from "../../helpers/gate.ts";
import { mockClock, passUntil } from "../../helpers/mock-clock.ts";
import { turns } from "../../helpers/turns.ts";
import { readerOf } from "./collections.ts";

const ALL = () => true;

function valuesIn(families: readonly MetricFamily[] | undefined): unknown[] {
  return (families ?? []).flatMap(({ metrics }) =>
    [...metrics].map((metric) => "value" in metric && metric.value),
  );
}

function start() {
  const reader = new PrometheusReader({ targetInfoEnabled: false });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter("test");
  return { reader, provider, meter, counter: meter.createCounter("jobs") };
}

test("a final gathering has the values of the last one, or waits for new ones", async () => {
  const { reader, counter } = start();
  counter.add(1);
  assert.deepEqual(valuesIn(gatherNow(reader, ALL)), []);
  assert.deepEqual(valuesIn(await gatherLast(reader, ALL)), [1]);
  counter.add(1);
  assert.deepEqual(valuesIn(gatherNow(reader, ALL)), [1]);
  assert.deepEqual(valuesIn(await gatherLast(reader, ALL)), [2]);
  assert.deepEqual(valuesIn(gatherNow(reader, ALL)), [2]);
});

test("shutdown() collects once more, and only once", async () => {
  const { reader, provider, counter } = start();
  counter.add(5);
  await provider.shutdown();
  counter.add(1);
  await reader.shutdown();
  assert.deepEqual(valuesIn(gatherNow(reader, ALL)), [5]);
  assert.deepEqual(valuesIn(await gatherLast(reader, ALL)), []);
});

test("shutdown() of a reader without a provider collects nothing", async () => {
  const reader = new PrometheusReader();
  await reader.shutdown();
  assert.deepEqual(gatherNow(reader, ALL), []);
});

test("the process lives until shutdown() is over, whatever the resource waits for", async () => {
  const attributes = createGate();
  const resource = { attributes: {}, waitForAsyncAttributes: () => attributes.promise };
  const reader = new PrometheusReader();
  reader.setMetricProducer(readerOf([], resource));
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const shutdown = reader.shutdown();
  assert.equal(timers(), before + 1);
  attributes.open();
  await shutdown;
  assert.equal(timers(), before);
});

test("shutdown() abandons a callback that hangs", async (t) => {
  const { reader, provider, meter, counter } = start();
  meter.createObservableGauge("load").addCallback(() => new Promise(() => {}));
  counter.add(5);
  const clock = mockClock(t);
  const shutdown = provider.shutdown();
  await turns(1);
  // The callback times out before the gathering does.
  clock.tick(960);
  await turns(10);
  await passUntil(clock, shutdown);
  assert.deepEqual(valuesIn(gatherNow(reader, ALL)), [5]);
});
