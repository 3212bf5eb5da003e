/**
 * Exponential histograms, as native histograms and as classic ones.
 *
 * OpenTelemetry numbers a bucket by its lower bound, Prometheus by its upper one: the index is one higher.
 * Merging pairs of buckets halves their indexes and takes 1 from the scale.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms
 */
import { NOT_A_NUMBER } from "../../../model/faults.ts";
import { haveSameElements } from "../../../model/identity.ts";
import type { BucketSpan, Exemplar, NativeHistogram } from "../../../model/metric-family.ts";
import type { ExponentialBuckets, ExponentialValue } from "../collected.ts";

/** The classic buckets of a histogram. */
export interface ClassicBuckets {
  /** The finite bounds, ascending. */
  readonly upperBounds: readonly number[];
  /** The number of observations up to each bound. */
  readonly cumulativeCounts: readonly number[];
}

/** The coarsest and the finest native histograms that Prometheus reads. */
const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;

/** Where the SDK begins. A shift takes no more than 31. */
const MAX_SCALE = 20;

/** Exponential Histograms: where a point has no zero threshold, it MUST be this one. */
const ZERO_THRESHOLD = 1e-128;

/**
 * Tells why a point must be dropped: its buckets are too wide, or it has no sum (Exponential Histograms,
 * both MUST).
 *
 * @returns The reason, or `undefined` if there is none.
 */
export function faultOf(value: ExponentialValue): string | undefined {
  // Metrics that do not come from the SDK may be anything.
  const { scale, sum, count, positive, negative }: Partial<ExponentialValue> = value ?? {};
  if (!areBuckets(positive) || !areBuckets(negative)) {
    return "an exponential histogram has no buckets";
  }
  if (typeof count !== "number") return NOT_A_NUMBER;
  if (scale === undefined || !Number.isInteger(scale) || scale > MAX_SCALE) {
    return "the scale of an exponential histogram is not an integer of at most 20";
  }
  if (scale < MIN_SCHEMA) return "the scale of an exponential histogram is below -4";
  if (sum === undefined) return "an exponential histogram has no sum";
  return undefined;
}

function areBuckets({ offset, bucketCounts }: Partial<ExponentialBuckets> = {}): boolean {
  // Indexes are shifted, which takes 32 bits of them.
  const isIndex = offset !== undefined && (offset | 0) === offset;
  return isIndex && Array.isArray(bucketCounts) && bucketCounts.every(isNumber);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

/**
 * Makes the native histogram of a value without a fault. Buckets finer than schema 8 are merged.
 *
 * @param exemplars Exemplars of any bucket.
 */
export function nativeOf(
  { scale, zeroCount, positive, negative }: ExponentialValue,
  exemplars?: readonly Exemplar[],
): NativeHistogram {
  const halvings = Math.max(0, scale - MAX_SCHEMA);
  const above = spansOf(merge(positive, halvings));
  const below = spansOf(merge(negative, halvings));
  return {
    schema: scale - halvings,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount,
    positiveSpans: above.spans,
    positiveCounts: above.counts,
    negativeSpans: below.spans,
    negativeCounts: below.counts,
    exemplars,
  };
}

/**
 * Makes the classic buckets of a value: one for each power of two from the lowest to the highest that was
 * observed, and one for 0 where it is needed. A scale below 0 has wider buckets, which stay as they are.
 *
 * Observations above zero are counted exactly. One below zero that equals a bound is counted in the next
 * bucket, because the sides of exponential buckets mirror each other. While the scale is not below 0,
 * bounds are only added.
 *
 * @param lastBounds The bounds of the same series before: they are returned where they are the same, so
 *   that kept text can be used again.
 */
export function classicOf(
  { scale, zeroCount, positive, negative }: ExponentialValue,
  lastBounds: readonly number[] = [],
): ClassicBuckets {
  const halvings = Math.max(0, scale);
  const octaves = 2 ** (halvings - scale);
  const above = merge(positive, halvings);
  const below = merge(negative, halvings);
  const upperBounds: number[] = [];
  const cumulativeCounts: number[] = [];
  let total = 0;
  const add = (bound: number, count = 0) => {
    total += count;
    // The last bucket of all numbers is that of `+Inf`.
    if (bound === Number.POSITIVE_INFINITY) return;
    upperBounds.push(bound);
    cumulativeCounts.push(total);
  };
  for (let at = below.counts.length - 1; at >= 0; at--) {
    add(-(2 ** ((below.first + at - 1) * octaves)), below.counts[at]);
  }
  if (zeroCount > 0 || upperBounds.length > 0) add(0, zeroCount);
  for (const [at, count] of above.counts.entries()) add(2 ** ((above.first + at) * octaves), count);
  const isSame = haveSameElements(lastBounds, upperBounds);
  return { upperBounds: isSame ? lastBounds : upperBounds, cumulativeCounts };
}

/** Consecutive buckets, with the index that Prometheus gives the first. */
interface Buckets {
  readonly first: number;
  readonly counts: readonly number[];
}

/** Merges buckets, two to one, as many times as `halvings` says. */
function merge({ offset, bucketCounts }: ExponentialBuckets, halvings: number): Buckets {
  // A shift rounds down, below zero too.
  const first = offset >> halvings;
  const counts: number[] = [];
  let index = offset;
  for (const count of bucketCounts) {
    const at = (index++ >> halvings) - first;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return { first: first + 1, counts };
}

/** Lists the buckets that are not empty. */
function spansOf({ first, counts }: Buckets): {
  readonly spans: readonly BucketSpan[];
  readonly counts: readonly number[];
} {
  const spans: { offset: number; length: number }[] = [];
  const filled: number[] = [];
  // The index after the last bucket that is not empty; the first offset counts from 0.
  let end = 0;
  let index = first;
  for (const count of counts) {
    const offset = index++ - end;
    if (count === 0) continue;
    const last = spans.at(-1);
    if (last === undefined || offset > 0) spans.push({ offset, length: 1 });
    else last.length++;
    filled.push(count);
    end = index;
  }
  return { spans, counts: filled };
}
