import { BUCKET_BOUNDS, createBoundsReader, type UsableBounds } from "../../model/bounds.ts";
import { NO_BUCKET_COUNT, NOT_A_NUMBER } from "../../model/faults.ts";
import type { Exemplar, HistogramMetric } from "../../model/metric-family.ts";
import type { FamilyLabels, LabelWriter } from "./labels.ts";
import { isFloatHistogram, nativeFault, writeNativeHistogram } from "./native-histogram.ts";
import { closeMetric, writeExemplar, writeTimestamp } from "./parts.ts";
import { BUCKET, HISTOGRAM, METRIC, METRIC_FAMILY } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

/**
 * Makes the writer of all histograms of one family, for one scrape.
 *
 * The first histogram decides whether a family is native, because Prometheus expects the same of all
 * that follow: a classic histogram among native ones costs the whole scrape.
 *
 * @param familyLabels Writes the labels of a histogram.
 * @param exemplarLabels Writes the labels of an exemplar.
 * @param report Called for each histogram that is skipped, wholly or in part.
 */
export function createHistogramWriter(
  familyLabels: FamilyLabels,
  exemplarLabels: LabelWriter,
  report: (reason: string) => void,
): (metric: HistogramMetric, writer: ProtobufWriter) => void {
  const writeBucket = createBucketWriter(exemplarLabels);
  const boundsOf = createBoundsReader(BUCKET_BOUNDS);
  let isNative: boolean | undefined;
  return (metric: HistogramMetric, writer: ProtobufWriter): void => {
    const { count, sum } = metric;
    if (typeof count !== "number" || Number.isNaN(count) || typeof sum !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    // An author without a compiler that checks types may have said `null`.
    let native = metric.native ?? undefined;
    const fault = native && nativeFault(native, count, sum);
    if (fault !== undefined) {
      report(fault);
      native = undefined;
    }
    isNative ??= native !== undefined;
    if (isNative !== (native !== undefined)) {
      if (fault === undefined) report("classic and native histograms are mixed");
      if (isNative) return;
      native = undefined;
    }
    const isFloat = native !== undefined && isFloatHistogram(native, count);

    const before = writer.length;
    const start = writer.open(METRIC_FAMILY.metric);
    if (!familyLabels.write(metric.labels, writer)) {
      writer.truncate(before);
      return;
    }
    const histogramStart = writer.open(METRIC.histogram);
    if (isFloat) writer.double(HISTOGRAM.sampleCountFloat, count);
    else writeCount(HISTOGRAM.sampleCount, HISTOGRAM.sampleCountFloat, count, writer);
    // `NaN` too, when it is not known: without the field Prometheus would store 0.
    writer.double(HISTOGRAM.sampleSum, sum);
    const bounds = boundsOf(metric.upperBounds);
    const bucketFault = writeBuckets(metric, bounds, writeBucket, writer);
    if (bucketFault !== undefined) report(bucketFault);
    if (native !== undefined) {
      writeNativeHistogram(native, isFloat, writer);
      for (const exemplar of native.exemplars ?? []) {
        writeExemplar(HISTOGRAM.exemplars, exemplar, exemplarLabels, writer);
      }
    }
    writeTimestamp(HISTOGRAM.createdTimestamp, metric.startTimestampMs, writer);
    writer.close(histogramStart);
    closeMetric(start, metric, writer);
  };
}

/**
 * Writes the classic buckets. `+Inf` follows from the count: it is written only for its exemplar.
 *
 * @returns Why some were not written, if so.
 */
function writeBuckets(
  { upperBounds, cumulativeCounts, exemplars, count: total }: HistogramMetric,
  bounds: UsableBounds,
  writeBucket: BucketWriter,
  writer: ProtobufWriter,
): string | undefined {
  let { fault } = bounds;
  for (const [at, bound] of bounds.values.entries()) {
    const index = bounds.indexes[at] as number; // The two are of one length.
    const count = cumulativeCounts?.[index];
    if (typeof count !== "number" || Number.isNaN(count)) fault = NO_BUCKET_COUNT;
    else writeBucket(bound, count, exemplars?.[index], writer);
  }
  const last = exemplars?.[upperBounds?.length];
  if (last) writeBucket(Number.POSITIVE_INFINITY, total, last, writer);
  return fault;
}

type BucketWriter = (
  bound: number,
  count: number,
  exemplar: Exemplar | null | undefined,
  writer: ProtobufWriter,
) => void;

function createBucketWriter(exemplarLabels: LabelWriter): BucketWriter {
  return (bound, count, exemplar, writer) => {
    const start = writer.open(HISTOGRAM.bucket);
    writeCount(BUCKET.cumulativeCount, BUCKET.cumulativeCountFloat, count, writer);
    writer.double(BUCKET.upperBound, bound);
    writeExemplar(BUCKET.exemplar, exemplar, exemplarLabels, writer);
    writer.close(start);
  };
}

/** Writes a count to its integer field, or to the other if it is not a whole number. */
function writeCount(tag: number, floatTag: number, count: number, writer: ProtobufWriter): void {
  if (count >= 0 && Number.isSafeInteger(count)) writer.uint(tag, count);
  else writer.double(floatTag, count);
}
