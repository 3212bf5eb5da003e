import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataPoint } from "../../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../../src/gatherers/opentelemetry/gatherer.ts";
import type { HistogramMetric, Metric } from "../../../../src/model/metric-family.ts";
import { lines } from "../../../helpers/scraping/encode-families.ts";
import { createContext, createExpose } from "../../../helpers/scraping/gathering.ts";
import { buckets, type Kind, metric, point, readerOf, scope } from "../collections.ts";

const OPTIONS = { scopeInfoEnabled: false };

async function exposed(kind: Kind, ...values: readonly unknown[]) {
  const points = values.map((value, id) => point(value, { id }));
  return createExpose(gathererOf(readerOf([scope("s", metric(kind, "m", points))]), OPTIONS))();
}

/** Reads the only metric of a kind with this value. */
async function read<T>(
  kind: Kind,
  value: unknown,
  reading: (metric: Metric) => T,
  exemplars?: DataPoint["exemplars"],
): Promise<T> {
  const reader = readerOf([scope("s", metric(kind, "m", [{ ...point(value), exemplars }]))]);
  const { families } = await gathererOf(reader).gather(createContext());
  for (const { metrics } of families) for (const one of metrics) return reading(one);
  throw new Error("There is no metric");
}

test("counters and gauges have any number", async () => {
  const { text } = await exposed("counter", Number.NaN, Number.POSITIVE_INFINITY, 1.5);
  assert.equal(
    text,
    lines(
      "# TYPE m_total counter",
      'm_total{id="0"} NaN',
      'm_total{id="1"} +Inf',
      'm_total{id="2"} 1.5',
    ),
  );
  const { text: gauge } = await exposed("gauge", -1);
  assert.equal(gauge, lines("# TYPE m gauge", 'm{id="0"} -1'));
});

test("the counts of a histogram are cumulative", async () => {
  const { text } = await exposed("histogram", buckets([1, 2], [3, 0, 4], 20));
  assert.equal(
    text,
    lines(
      "# TYPE m histogram",
      'm_bucket{le="1",id="0"} 3',
      'm_bucket{le="2",id="0"} 3',
      'm_bucket{le="+Inf",id="0"} 7',
      'm_sum{id="0"} 20',
      'm_count{id="0"} 7',
    ),
  );
});

test("a boundary that is Infinity is the +Inf bucket", async () => {
  const infinite = [1, Number.POSITIVE_INFINITY];
  const { text, faults } = await exposed("histogram", buckets(infinite, [3, 4, 0], 20));
  assert.match(text, /_bucket\{le="1",id="0"\} 3\nm_bucket\{le="\+Inf",id="0"\} 7\nm_sum/);
  assert.deepEqual(faults, []);
  const boundsOf = (value: unknown) =>
    read("histogram", value, (one) => (one as HistogramMetric).upperBounds);
  const bounds = await boundsOf(buckets(infinite, [1, 0, 0], 1));
  assert.deepEqual(bounds, [1]);
  assert.equal(await boundsOf(buckets(infinite, [2, 0, 0], 1)), bounds, "the same array each time");
});

test("a histogram without a sum has none in the text", async () => {
  const { text } = await exposed("histogram", buckets([1], [3, 0]));
  assert.doesNotMatch(text, /_sum/);
  assert.match(text, /^m_count\{id="0"\} 3$/m);
});

test("a histogram without buckets is skipped and reported", async () => {
  const { text, faults } = await exposed(
    "histogram",
    { count: 1, sum: 1 },
    buckets([1], [1, 0], 1),
  );
  assert.match(text, /^m_count\{id="1"\} 1$/m);
  assert.deepEqual(faults, ["m: a histogram has no buckets"]);
});

test("a histogram that is not in numbers is skipped and reported, after one that was, too", async () => {
  const good = buckets([1], [1, 0], 1);
  const bad = [undefined, { ...good, buckets: { boundaries: [1] } }, { ...good, count: 1n }];
  const at = (value: unknown) => ({ ...point(value), attributes: ATTRIBUTES });
  const gatherer = readerOf([]);
  const expose = createExpose(gathererOf(gatherer, OPTIONS));
  for (const value of [...bad, good]) {
    for (const one of [good, value]) {
      gatherer.scopes = [scope("s", metric("histogram", "m", [at(one)]))];
      const { text, faults } = await expose();
      assert.equal(faults.length, one === good ? 0 : 1);
      assert.equal(/^m_count 1$/m.test(text), one === good);
    }
  }
});

const ATTRIBUTES = {};

test("a start that is not known is left out", async () => {
  for (const startTime of [undefined, null, [0, 0]]) {
    const one = { ...point(1), startTime: startTime as never };
    const reader = readerOf([scope("s", metric("counter", "m", [one]))]);
    const { families } = await gathererOf(reader).gather(createContext());
    for (const { metrics } of families) {
      for (const { startTimestampMs } of metrics) assert.equal(startTimestampMs, undefined);
    }
  }
});

test("counters and histograms have the time when they began, gauges have none", async () => {
  const startOf = (kind: Kind, value: unknown) => read(kind, value, (one) => one.startTimestampMs);
  assert.equal(await startOf("counter", 1), 1_700_000_000_500);
  assert.equal(await startOf("histogram", buckets([], [1], 1)), 1_700_000_000_500);
  assert.equal(await startOf("sum", 1), undefined);
  assert.equal(await startOf("gauge", 1), undefined);
});

test("a counter has its latest exemplar, and each bucket its own", async () => {
  const at = (seconds: number, value: number) => ({
    value,
    timestamp: [seconds, 0] as const,
    traceId: `t${seconds}`,
  });
  const exemplars = [at(1, 0.5), at(2, 1.5)];
  const exemplarsOf = (kind: Kind, value: unknown) =>
    read(
      kind,
      value,
      (one) => ("value" in one ? one.exemplar : (one as HistogramMetric).exemplars),
      exemplars,
    );
  const [first, second] = [1, 2].map((second) => ({
    labels: { trace_id: `t${second}` },
    value: second - 0.5,
    timestampMs: second * 1_000,
  }));
  assert.deepEqual(await exemplarsOf("counter", 2), second);
  assert.deepEqual(await exemplarsOf("histogram", buckets([1], [1, 1], 2)), [first, second]);
});
