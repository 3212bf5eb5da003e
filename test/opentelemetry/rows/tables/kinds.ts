import assert from "node:assert/strict";
import type { Application } from "../application.ts";
import type { Row } from "../row.ts";
import { samplesOf, scrape, scrapeOf } from "../subject.ts";
import { OPENMETRICS } from "./accept.ts";
import { foreign } from "./foreign.ts";

const SCOPE = { name: "lib" };

/** A histogram of two observations. */
function histogram(bounds: readonly number[]): Application {
  return {
    count(meterOf) {
      const advice = { explicitBucketBoundaries: [...bounds] };
      const recorded = meterOf().createHistogram("h", { advice });
      for (const value of [1, 7]) recorded.record(value);
    },
  };
}

/** What is said about gauges, sums and histograms. */
export const KINDS: readonly Row[] = [
  {
    number: 8,
    requirement: "everything counts from the start, not from the last scrape",
    exporter: true,
    async check(subject) {
      const { provider, url } = await subject.serve({});
      const meter = provider.getMeter("lib");
      const counter = meter.createCounter("c");
      const recorded = meter.createHistogram("h");
      let observed = 0;
      meter.createObservableCounter("o_total").addCallback((result) => {
        observed++;
        result.observe(observed);
      });
      for (let scrapes = 1; scrapes <= 2; scrapes++) {
        counter.add(1);
        recorded.record(1);
        const scraped = await scrape({ url });
        assert.deepEqual(samplesOf(scraped, "c_total"), [`c_total ${scrapes}`]);
        assert.deepEqual(samplesOf(scraped, "h_count"), [`h_count ${scrapes}`]);
        assert.deepEqual(samplesOf(scraped, "o_total"), [`o_total ${scrapes}`]);
      }
    },
  },
  {
    number: 30,
    requirement: "a sum that may fall is a gauge",
    exporter: true,
    async check(subject) {
      const { families } = await scrapeOf(subject, {
        count: (meterOf) => meterOf().createUpDownCounter("a").add(-1),
      });
      assert.equal(families.find(({ name }) => name === "a")?.type, "gauge");
    },
  },
  {
    number: 32,
    requirement: "a sum since the last collection is not served as a counter",
    exporter: false,
    instead: "served",
    async check(subject) {
      const delta = {
        dataPointType: 3,
        isMonotonic: true,
        aggregationTemporality: 0,
        dataPoints: [{ value: 1 }],
      };
      const served = await subject.serve({}, { metricProducers: [foreign(SCOPE, delta)] });
      assert.deepEqual(samplesOf(await scrape(served), "foreign"), []);
      assert.match(served.log.join("\n"), /foreign/);
    },
  },
  {
    number: 34,
    requirement: "the buckets of a histogram are cumulative, and end with `+Inf`",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, histogram([5, 10]));
      assert.deepEqual(samplesOf(scraped, "h_bucket"), [
        'h_bucket{le="5"} 1',
        'h_bucket{le="10"} 2',
        'h_bucket{le="+Inf"} 2',
      ]);
      assert.deepEqual(samplesOf(scraped, "h_sum"), ["h_sum 8"]);
      assert.deepEqual(samplesOf(scraped, "h_count"), ["h_count 2"]);
    },
  },
  {
    number: 35,
    requirement: "a boundary `Infinity` is the bucket `+Inf`",
    exporter: true,
    async check(subject) {
      const scraped = await scrapeOf(subject, histogram([5, Infinity]));
      assert.deepEqual(samplesOf(scraped, "h_bucket"), [
        'h_bucket{le="5"} 1',
        'h_bucket{le="+Inf"} 2',
      ]);
    },
  },
  {
    number: 41,
    requirement: "exemplars are served in OpenMetrics, and not in text",
    exporter: false,
    instead: "no exemplars",
    async check(subject) {
      const exemplar = {
        filteredAttributes: { user: "u" },
        value: 1,
        timestamp: [1_700_000_000, 0] as const,
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
      };
      const counter = {
        dataPointType: 3,
        isMonotonic: true,
        dataPoints: [{ value: 1, exemplars: [exemplar] }],
      };
      const metricProducers = [foreign(SCOPE, counter)];
      const served = await subject.serve({}, { metricProducers });
      const { families } = await scrape(served, { accept: OPENMETRICS });
      const found = families.flatMap(({ samples }) => samples).find((each) => each.exemplar);
      assert.deepEqual(Object.fromEntries(found?.exemplar?.labels ?? []), {
        trace_id: exemplar.traceId,
        span_id: exemplar.spanId,
        user: "u",
      });
      assert.doesNotMatch((await scrape(served)).text, / # \{/);
    },
  },
];
