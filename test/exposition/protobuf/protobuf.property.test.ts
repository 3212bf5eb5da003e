import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type {
  BucketSpan,
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  NativeHistogram,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { decodeFamilies } from "../../judge/index.ts";
import { encode } from "./encode.ts";
import { families } from "./family-arbitraries.ts";

test("createProtobufEncoder() writes any families so that they read back the same", () => {
  fc.assert(
    fc.property(families, (given) => {
      const { bytes, faults } = encode(given);
      assert.deepEqual(faults, []);
      assert.deepEqual(decodeFamilies(bytes), given.map(familyMessage));
    }),
  );
});

// What follows says once more, in the plainest way, what a model means in protobuf.

const TYPES = { counter: 0n, gauge: 1n, stateset: 1n, summary: 2n, unknown: 3n };

function familyMessage({ name, help, type, metrics }: MetricFamily): object {
  return defined({
    name,
    help: help === "" ? undefined : help,
    type: type === "histogram" ? 4n : type === "gaugehistogram" ? 5n : TYPES[type as "gauge"],
    metric: Array.from<Metric, object>(metrics, (metric) => ({
      ...labelMessages(metric.labels),
      ...pointMessage(type, metric),
      ...defined({ timestamp_ms: optional(metric.timestampMs, BigInt) }),
    })),
  });
}

/** The casts hold because a family's type decides the type of its metrics. */
function pointMessage(type: MetricFamily["type"], metric: Metric): object {
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return { histogram: histogramMessage(metric as HistogramMetric) };
    case "summary":
      return { summary: summaryMessage(metric as SummaryMetric) };
    case "counter":
      return { counter: counterMessage(metric as ValueMetric) };
    case "unknown":
      return { untyped: { value: (metric as ValueMetric).value } };
    default:
      return { gauge: { value: (metric as ValueMetric).value } };
  }
}

function counterMessage({ value, exemplar, startTimestampMs }: ValueMetric): object {
  return defined({
    value,
    exemplar: optional(exemplar, exemplarMessage),
    created_timestamp: optional(startTimestampMs, timestampMessage),
  });
}

function summaryMessage(metric: SummaryMetric): object {
  return defined({
    sample_count: BigInt(metric.count),
    sample_sum: metric.sum,
    quantile: filled(
      metric.quantiles.map((quantile, index) => ({
        quantile,
        value: metric.quantileValues[index],
      })),
    ),
    created_timestamp: optional(metric.startTimestampMs, timestampMessage),
  });
}

function histogramMessage(metric: HistogramMetric): object {
  const { native, exemplars = [], count } = metric;
  const isFloat = native !== undefined && !allCounts(native).every(Number.isInteger);
  const buckets = metric.upperBounds.map((upper_bound, index) =>
    defined({
      cumulative_count: BigInt(metric.cumulativeCounts[index] ?? 0),
      upper_bound,
      exemplar: optional(exemplars[index] ?? undefined, exemplarMessage),
    }),
  );
  const last = exemplars[metric.upperBounds.length];
  if (last) {
    const size = Number.isInteger(count)
      ? { cumulative_count: BigInt(count) }
      : { cumulative_count_float: count };
    buckets.push({ ...size, upper_bound: Infinity, exemplar: exemplarMessage(last) });
  }
  return defined({
    ...(isFloat ? { sample_count_float: count } : { sample_count: BigInt(count) }),
    sample_sum: metric.sum,
    bucket: filled(buckets),
    ...(native && nativeMessage(native, isFloat)),
    created_timestamp: optional(metric.startTimestampMs, timestampMessage),
  });
}

function nativeMessage(native: NativeHistogram, isFloat: boolean): object {
  const { positiveCounts, negativeCounts = [] } = native;
  return {
    schema: BigInt(native.schema),
    zero_threshold: native.zeroThreshold,
    positive_span: filled(native.positiveSpans.map(spanMessage)),
    negative_span: filled((native.negativeSpans ?? []).map(spanMessage)),
    exemplars: filled((native.exemplars ?? []).map(exemplarMessage)),
    ...(isFloat
      ? {
          zero_count_float: native.zeroCount,
          positive_count: filled(Array.from(positiveCounts)),
          negative_count: filled(Array.from(negativeCounts)),
        }
      : {
          zero_count: BigInt(native.zeroCount),
          positive_delta: filled(deltas(positiveCounts)),
          negative_delta: filled(deltas(negativeCounts)),
        }),
  };
}

function allCounts(native: NativeHistogram): number[] {
  const { zeroCount, positiveCounts, negativeCounts = [] } = native;
  return [zeroCount, ...Array.from(positiveCounts), ...Array.from(negativeCounts)];
}

function deltas(counts: ArrayLike<number>): bigint[] {
  return Array.from(counts, (count, index) => BigInt(count) - BigInt(counts[index - 1] ?? 0));
}

function spanMessage({ offset, length }: BucketSpan): object {
  return { offset: BigInt(offset), length: BigInt(length) };
}

function exemplarMessage({ labels, value, timestampMs }: Exemplar): object {
  return {
    ...labelMessages(labels),
    ...defined({ value, timestamp: optional(timestampMs, timestampMessage) }),
  };
}

function labelMessages(labels: Labels): object {
  return defined({
    label: filled(Object.entries(labels).map(([name, value]) => ({ name, value }))),
  });
}

function timestampMessage(timeMs: number): object {
  const nanos = BigInt(timeMs % 1_000) * 1_000_000n;
  return defined({
    seconds: BigInt(Math.floor(timeMs / 1_000)),
    nanos: nanos === 0n ? undefined : nanos,
  });
}

/** A list, or `undefined` if it is empty: then nothing of it is on the wire. */
function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function optional<T, R>(value: T | undefined, message: (value: T) => R): R | undefined {
  return value === undefined ? undefined : message(value);
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
