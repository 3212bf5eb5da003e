import fc from "fast-check";
import type {
  Exemplar,
  HistogramMetric,
  Metric,
  MetricFamily,
  NativeHistogram,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { codePoints } from "../../helpers/code-points.ts";

const times = fc.option(fc.nat({ max: 2 ** 41 }), { nil: undefined });
const counts = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const names = fc.stringMatching(/^[a-z_][a-z0-9_]{0,40}$/).filter((name) => name !== "__name__");
const texts = fc.string({ unit: codePoints, minLength: 1, maxLength: 200 });
const labels = fc.dictionary(
  names.filter((name) => name !== "le" && name !== "quantile"),
  texts,
  { noNullPrototype: true, maxKeys: 5 },
);
const timed = { labels, timestampMs: times, startTimestampMs: times };

const exemplars: fc.Arbitrary<Exemplar> = fc.record({
  labels,
  value: fc.double(),
  timestampMs: times,
});

const values: fc.Arbitrary<ValueMetric> = fc.record({ ...timed, value: fc.double() });

const counters: fc.Arbitrary<ValueMetric> = fc.record({
  ...timed,
  value: fc.double(),
  exemplar: fc.option(exemplars, { nil: undefined }),
});

const summaries: fc.Arbitrary<SummaryMetric> = fc
  .record({ ...timed, count: counts, sum: fc.double(), pairs: ascending() })
  .map(({ pairs, ...metric }) => ({
    ...metric,
    quantiles: pairs.map(([bound]) => bound),
    quantileValues: pairs.map(([, value]) => value),
  }));

const classics: fc.Arbitrary<HistogramMetric> = fc
  .record({
    ...timed,
    count: counts,
    sum: fc.double(),
    buckets: ascending(),
    exemplars: fc.array(fc.option(exemplars), { maxLength: 12 }),
  })
  .map(({ buckets, ...metric }) => ({
    ...metric,
    upperBounds: buckets.map(([bound]) => bound),
    cumulativeCounts: buckets.map(([, count]) => Math.floor(count)),
  }));

/** One side of a native histogram: runs of counts, each after a gap. */
function sides(count: fc.Arbitrary<number>) {
  return fc
    .array(fc.tuple(fc.nat({ max: 1_000 }), fc.array(count, { maxLength: 5 })), { maxLength: 5 })
    .map((runs) => ({
      spans: runs.map(([offset, run], index) => ({
        offset: index === 0 ? offset - 500 : offset,
        length: run.length,
      })),
      counts: runs.flatMap(([, run]) => run),
    }));
}

function nativeParts(count: fc.Arbitrary<number>): fc.Arbitrary<NativeHistogram> {
  return fc
    .record({
      schema: fc.integer({ min: -4, max: 8 }),
      zeroThreshold: fc.double({ min: 2 ** -128, max: 1, noNaN: true }),
      zeroCount: count,
      positive: sides(count),
      negative: sides(count),
      exemplars: fc.array(exemplars, { maxLength: 3 }),
    })
    .map(({ positive, negative, ...rest }) => ({
      ...rest,
      positiveSpans: positive.spans,
      positiveCounts: positive.counts,
      negativeSpans: negative.spans,
      negativeCounts: negative.counts,
    }));
}

// Halves add up exactly, so that the count can be made of them.
const halves = fc.nat({ max: 2 ** 40 }).map((value) => value / 2);

const natives: fc.Arbitrary<HistogramMetric> = fc
  .tuple(classics, fc.oneof(nativeParts(fc.nat({ max: 2 ** 40 })), nativeParts(halves)))
  .map(([metric, native]) => {
    const all = [...Array.from(native.positiveCounts), ...Array.from(native.negativeCounts ?? [])];
    const count = all.reduce((sum, part) => sum + part, native.zeroCount);
    return { ...metric, native, count };
  });

/** Ascending numbers, none of them infinite, with a number from 0 for each. */
function ascending(): fc.Arbitrary<[number, number][]> {
  const pair = fc.tuple(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 0, max: 2 ** 50, noNaN: true }),
  );
  return fc
    .uniqueArray(pair, { selector: ([bound]) => bound, maxLength: 12 })
    .map((pairs) => pairs.sort(([a], [b]) => a - b));
}

function listOf<T extends Metric>(metrics: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  const selector = (metric: T) => JSON.stringify(Object.entries(metric.labels).sort());
  return fc.uniqueArray(metrics, { selector, minLength: 1, maxLength: 5 });
}

const bases = { name: names, help: fc.oneof(fc.constant(""), texts) };

/** Families that every encoder can write, each name and each label set once. */
export const families: fc.Arbitrary<MetricFamily[]> = fc.uniqueArray(
  fc.oneof<fc.Arbitrary<MetricFamily>[]>(
    fc.record({ ...bases, type: fc.constant("counter" as const), metrics: listOf(counters) }),
    fc.record({
      ...bases,
      type: fc.constantFrom("gauge" as const, "unknown" as const, "stateset" as const),
      metrics: listOf(values),
    }),
    fc.record({ ...bases, type: fc.constant("summary" as const), metrics: listOf(summaries) }),
    fc.record({
      ...bases,
      type: fc.constantFrom("histogram" as const, "gaugehistogram" as const),
      metrics: fc.oneof(listOf(classics), listOf(natives)),
    }),
  ),
  { selector: ({ name }) => name, maxLength: 6 },
);
