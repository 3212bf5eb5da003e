import type { BucketSpan, NativeHistogram } from "../../model/metric-family.ts";
import { BUCKET_SPAN, HISTOGRAM } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

// Below, `Number(counts[index])` is only for the compiler: each index is within the array.

const NO_SPANS: readonly BucketSpan[] = [];
const NO_COUNTS: ArrayLike<number> = [];

const NO_AMOUNT = "a native histogram's count is not a number from 0";
const NO_MATCH = "a native histogram's spans and counts do not match";
const WRONG_TOTAL = "a native histogram's count is not what its buckets hold";

/** Marks a histogram without any observation as native for Prometheus. */
const NO_OP_SPAN: BucketSpan = { offset: 0, length: 0 };

/**
 * Tells why Prometheus would reject a native histogram, and the whole scrape with it.
 *
 * The rules are those of `Histogram.Validate` and `FloatHistogram.Validate` in Prometheus.
 *
 * @param count The number of all observations.
 * @param sum Their sum; `NaN` if some are `NaN`: those are counted, but not in any bucket.
 * @returns The reason, or `undefined` if there is none.
 */
export function nativeFault(
  native: NativeHistogram,
  count: number,
  sum: number,
): string | undefined {
  const { schema, zeroThreshold, zeroCount, positiveSpans, positiveCounts } = native;
  const { negativeSpans = NO_SPANS, negativeCounts = NO_COUNTS } = native;
  if (!(Number.isInteger(schema) && schema >= -4 && schema <= 8)) {
    return "a native histogram's schema is not from -4 to 8";
  }
  if (!isAmount(zeroThreshold)) return "a native histogram's zero threshold is not a number from 0";
  if (!isAmount(count) || !isAmount(zeroCount)) return NO_AMOUNT;
  const fault =
    sideFault(positiveSpans, positiveCounts) ?? sideFault(negativeSpans, negativeCounts);
  if (fault !== undefined) return fault;
  if (isFloatHistogram(native, count)) {
    // Without a count it would be read as an integer histogram. It is not compared with the buckets,
    // because fractions are rounded.
    return count > 0 ? undefined : WRONG_TOTAL;
  }
  const inBuckets = zeroCount + total(positiveCounts) + total(negativeCounts);
  const isConsistent = Number.isNaN(sum) ? inBuckets <= count : inBuckets === count;
  return isConsistent ? undefined : WRONG_TOTAL;
}

function sideFault(spans: readonly BucketSpan[], counts: ArrayLike<number>): string | undefined {
  // An author without a compiler that checks types may have left them out.
  if (!Array.isArray(spans) || typeof counts?.length !== "number") return NO_MATCH;
  let size = 0;
  for (const [index, { offset, length }] of spans.entries()) {
    // Both must be integers of 32 bits, which a shift by zero bits does not change.
    if (offset !== offset << 0 || length !== length >>> 0 || (index > 0 && offset < 0)) {
      return "a native histogram's spans are out of order";
    }
    size += length;
  }
  if (size !== counts.length) return NO_MATCH;
  for (let index = 0; index < counts.length; index++) {
    if (!isAmount(counts[index])) return NO_AMOUNT;
  }
  return undefined;
}

/** Tells whether some count is a fraction, so that the float fields must be used for all. */
export function isFloatHistogram(native: NativeHistogram, count: number): boolean {
  return !(
    Number.isSafeInteger(count) &&
    Number.isSafeInteger(native.zeroCount) &&
    areIntegers(native.positiveCounts) &&
    areIntegers(native.negativeCounts ?? NO_COUNTS)
  );
}

/** Writes the native part of a `Histogram`, apart from its count, sum and exemplars. */
export function writeNativeHistogram(
  native: NativeHistogram,
  isFloat: boolean,
  writer: ProtobufWriter,
): void {
  const { zeroThreshold, zeroCount, positiveSpans, positiveCounts } = native;
  const { negativeSpans = NO_SPANS, negativeCounts = NO_COUNTS } = native;
  writer.sint(HISTOGRAM.schema, native.schema);
  writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
  if (isFloat) writer.double(HISTOGRAM.zeroCountFloat, zeroCount);
  else writer.uint(HISTOGRAM.zeroCount, zeroCount);
  writeSpans(HISTOGRAM.negativeSpan, negativeSpans, writer);
  if (isFloat) writeFloats(HISTOGRAM.negativeCount, negativeCounts, writer);
  else writeDeltas(HISTOGRAM.negativeDelta, negativeCounts, writer);
  writeSpans(HISTOGRAM.positiveSpan, positiveSpans, writer);
  if (isFloat) writeFloats(HISTOGRAM.positiveCount, positiveCounts, writer);
  else writeDeltas(HISTOGRAM.positiveDelta, positiveCounts, writer);
  if (zeroThreshold === 0 && positiveSpans.length + negativeSpans.length === 0) {
    writeSpans(HISTOGRAM.positiveSpan, [NO_OP_SPAN], writer);
  }
}

function writeSpans(tag: number, spans: readonly BucketSpan[], writer: ProtobufWriter): void {
  for (const { offset, length } of spans) {
    const start = writer.open(tag);
    writer.sint(BUCKET_SPAN.offset, offset);
    writer.uint(BUCKET_SPAN.length, length);
    writer.close(start);
  }
}

/** Writes each count as its difference from the one before, which mostly is a small number. */
function writeDeltas(tag: number, counts: ArrayLike<number>, writer: ProtobufWriter): void {
  if (counts.length === 0) return;
  const start = writer.open(tag);
  let previous = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = Number(counts[index]);
    writer.packedSint(count - previous);
    previous = count;
  }
  writer.close(start);
}

function writeFloats(tag: number, counts: ArrayLike<number>, writer: ProtobufWriter): void {
  if (counts.length === 0) return;
  const start = writer.open(tag);
  for (let index = 0; index < counts.length; index++) writer.packedDouble(Number(counts[index]));
  writer.close(start);
}

/** Tells whether `value` is a finite number that is not negative. */
function isAmount(value: number | undefined): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}

function areIntegers(counts: ArrayLike<number>): boolean {
  for (let index = 0; index < counts.length; index++) {
    if (!Number.isSafeInteger(counts[index])) return false;
  }
  return true;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += Number(counts[index]);
  return sum;
}
