import assert from "node:assert/strict";
import { test } from "node:test";
import { AggregationType, MeterProvider } from "@opentelemetry/sdk-metrics";
import { createProtobufEncoder } from "../../../src/exposition/protobuf/protobuf.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import { PrometheusReader } from "../../../src/gatherers/opentelemetry/reader.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { encodeFamilies } from "../../helpers/scraping/encode-families.ts";
import { createContext } from "../../helpers/scraping/gathering.ts";
import { Line } from "../remote/taking.ts";
import { TestGroup } from "../remote/workers.ts";

/** An application with an instrument of each kind. */
function createApplication() {
  const reader = new PrometheusReader({
    targetInfoEnabled: false,
    scopeInfoEnabled: false,
    defaultAggregation: (type) =>
      type === "HISTOGRAM" ? { type: AggregationType.EXPONENTIAL_HISTOGRAM } : undefined,
  });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("app");
  return {
    counter: meter.createCounter("c"),
    sum: meter.createUpDownCounter("u"),
    gauge: meter.createGauge("g"),
    histogram: meter.createHistogram("e"),
    families: async (): Promise<readonly MetricFamily[]> => [
      ...(await reader.gather(createContext())).families,
    ],
  };
}

test("another worker gets what a scrape of this one would", async () => {
  const { counter, sum, gauge, histogram, families } = createApplication();
  const line = new Line();
  for (let scrape = 1; scrape <= 3; scrape++) {
    for (let id = 0; id < scrape * 2; id++) {
      counter.add(id, { id });
      sum.add(-id, { id });
      gauge.record(id * scrape, { id });
      histogram.record(id * scrape, { id });
    }
    const own = await families();
    const { families: received, faults } = line.take(own);
    assert.deepEqual(faults, []);
    for (const create of [createTextEncoder, createProtobufEncoder]) {
      const encoder = () => create("underscores");
      assert.equal(encodeFamilies(encoder(), received).body, encodeFamilies(encoder(), own).body);
    }
  }
});

test("sums of several workers add up, and gauges stay apart", async () => {
  const group = new TestGroup();
  for (const number of [1, 2]) {
    const { counter, sum, gauge, histogram, families } = createApplication();
    counter.add(number);
    sum.add(-number);
    gauge.record(number);
    histogram.record(number);
    group.join(await families());
  }
  const lines = group.lines();
  for (const line of ["c_total 3", "u -3", 'g{worker="0"} 1', 'g{worker="1"} 2']) {
    assert.ok(lines.includes(line), line);
  }
  // Native histograms are not added.
  assert.ok(lines.includes('e_bucket{le="2",worker="1"} 1'));
  group.merge();
  assert.deepEqual(group.faults, []);
});
