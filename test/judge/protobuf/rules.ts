import { isLegacyLabelName, isLegacyMetricName } from "../series.ts";
import { ExpositionError, sampleKey } from "../types.ts";
import type { ProtoFamily, ProtoHistogram, ProtoMetric, ProtoSpan } from "./types.ts";

const POINTS = ["counter", "gauge", "histogram", "summary", "untyped"] as const;

/** Throws the violation of `rule` in the message that `place` names. */
type Fail = (rule: string) => never;

/**
 * Checks what the wire format cannot say about a decoded family.
 *
 * The rules are those of the protobuf parser of Prometheus, of `histogram.Validate` there, and of
 * prometheus/common, which wants the point that the type names even if all of it is zero.
 *
 * @param place Where the family begins, for errors.
 */
export function checkFamily(family: ProtoFamily, place: string, utf8Names: boolean): void {
  const fail: Fail = (rule) => {
    throw new ExpositionError(place, `${family.name}: ${rule}`);
  };
  if (!utf8Names && !isLegacyMetricName(family.name)) {
    fail("a UTF-8 name where such were not negotiated");
  }
  if (family.metrics.length === 0) {
    fail("a family without metrics");
  }
  const seen = new Set<string>();
  for (const metric of family.metrics) {
    checkMetric(metric, family, utf8Names, fail);
    const key = sampleKey({ name: family.name, labels: metric.labels });
    if (seen.has(key)) {
      fail("a duplicate series");
    }
    seen.add(key);
  }
}

function checkMetric(metric: ProtoMetric, family: ProtoFamily, utf8: boolean, fail: Fail): void {
  const { labels, histogram, summary } = metric;
  const expected = family.type === "GAUGE_HISTOGRAM" ? "histogram" : family.type.toLowerCase();
  const points = POINTS.filter((point) => metric[point] !== undefined);
  if (points.join() !== expected) {
    fail(`expected one ${expected} in a metric, found ${points.join(" and ") || "none"}`);
  }
  const bound = { histogram: "le", summary: "quantile" }[expected];
  for (const name of labels.keys()) {
    if (!utf8 && !isLegacyLabelName(name)) {
      fail(`the UTF-8 label name ${JSON.stringify(name)} where such were not negotiated`);
    }
    if (name === "__name__" || name === bound) {
      fail(`the label name ${JSON.stringify(name)} is reserved`);
    }
  }
  if (summary !== undefined) {
    checkQuantiles(summary.quantiles, fail);
  }
  if (histogram !== undefined) {
    checkBuckets(histogram, fail);
    checkNative(histogram, fail);
  }
}

function checkQuantiles(quantiles: readonly { quantile: number }[], fail: Fail): void {
  let previous = Number.NEGATIVE_INFINITY;
  for (const { quantile } of quantiles) {
    if (!(quantile >= 0 && quantile <= 1)) {
      fail(`the quantile ${quantile} is not between 0 and 1`);
    }
    if (quantile <= previous) {
      fail("the quantiles do not ascend");
    }
    previous = quantile;
  }
}

/** Says which count holds: like its readers, the float one if it is above zero. */
export function countOf(count: number, float: number | undefined): number {
  return float !== undefined && float > 0 ? float : count;
}

function checkBuckets({ buckets, ...histogram }: ProtoHistogram, fail: Fail): void {
  const total = countOf(histogram.sampleCount, histogram.sampleCountFloat);
  if (histogram.sampleCountFloat !== undefined && !(histogram.sampleCountFloat >= 0)) {
    fail("a negative count");
  }
  let bound = Number.NEGATIVE_INFINITY;
  let count = 0;
  buckets.forEach((bucket, index) => {
    const current = countOf(bucket.cumulativeCount, bucket.cumulativeCountFloat);
    if (Number.isNaN(bucket.upperBound) || (index > 0 && bucket.upperBound <= bound)) {
      fail("the upper bounds do not ascend");
    }
    if (!(current >= count && (bucket.cumulativeCountFloat ?? 0) >= 0)) {
      fail("the bucket counts are not cumulative");
    }
    bound = bucket.upperBound;
    count = current;
  });
  if (count > total || (bound === Number.POSITIVE_INFINITY && count !== total)) {
    fail(`the last bucket counts ${count} of ${total}`);
  }
}

function checkNative(histogram: ProtoHistogram, fail: Fail): void {
  const { schema = 0, zeroThreshold = 0, zeroCount = 0, exemplars } = histogram;
  const { positiveSpans, positiveDeltas, positiveCounts } = histogram;
  const { negativeSpans, negativeDeltas, negativeCounts } = histogram;
  const zeroCountFloat = histogram.zeroCountFloat ?? 0;
  const spans = [...positiveSpans, ...negativeSpans];
  if (exemplars.some(({ timestampMs }) => timestampMs === undefined)) {
    fail("an exemplar of a native histogram without a timestamp");
  }
  const hasNumbers = [positiveDeltas, positiveCounts, negativeDeltas, negativeCounts].flat().length;
  const isEmpty =
    spans.length === 0 && zeroThreshold === 0 && zeroCount === 0 && zeroCountFloat === 0;
  if (histogram.schema === undefined && isEmpty && hasNumbers === 0) {
    return;
  }
  if (schema < -4 || schema > 8) {
    fail(`the schema ${schema} is not between -4 and 8`);
  }
  if (!(zeroThreshold >= 0 && zeroThreshold < Number.POSITIVE_INFINITY)) {
    fail(`the zero threshold ${zeroThreshold} is negative or not finite`);
  }
  if (!(zeroCountFloat >= 0)) {
    fail("a negative count");
  }
  // Without any of these Prometheus takes the histogram for a classic one.
  if (isEmpty) {
    fail("an empty native histogram without a zero threshold or a span");
  }
  // Only these two decide which of the numbers Prometheus reads.
  const isFloat = (histogram.sampleCountFloat ?? 0) > 0 || zeroCountFloat > 0;
  const unread = isFloat
    ? [...positiveDeltas, ...negativeDeltas]
    : [...positiveCounts, ...negativeCounts];
  if (unread.length > 0) {
    fail(isFloat ? "deltas in a float histogram" : "float counts in an integer histogram");
  }
  const counts = [
    ...bucketCounts(positiveSpans, isFloat ? positiveCounts : accumulate(positiveDeltas), fail),
    ...bucketCounts(negativeSpans, isFloat ? negativeCounts : accumulate(negativeDeltas), fail),
  ];
  if (!isFloat) {
    checkTotal(counts, histogram, fail);
  }
}

function accumulate(deltas: readonly number[]): number[] {
  let count = 0;
  return deltas.map((delta) => {
    count += delta;
    return count;
  });
}

function bucketCounts(
  spans: readonly ProtoSpan[],
  counts: readonly number[],
  fail: Fail,
): readonly number[] {
  if (spans.slice(1).some(({ offset }) => offset < 0)) {
    fail("a span after the first with a negative offset");
  }
  const length = spans.reduce((sum, span) => sum + span.length, 0);
  if (length !== counts.length) {
    fail(`the spans have ${length} buckets, but ${counts.length} are given`);
  }
  if (!counts.every((count) => count >= 0)) {
    fail("a negative bucket count");
  }
  return counts;
}

/** Observations of NaN are counted, but are in no bucket, and make the sum NaN. */
function checkTotal(counts: readonly number[], histogram: ProtoHistogram, fail: Fail): void {
  const { sampleCount, sampleSum, zeroCount = 0 } = histogram;
  const sum = counts.reduce((left, right) => left + right, zeroCount);
  if (Number.isNaN(sampleSum) ? sum > sampleCount : sum !== sampleCount) {
    fail(`the native buckets count ${sum} of ${sampleCount}`);
  }
}
