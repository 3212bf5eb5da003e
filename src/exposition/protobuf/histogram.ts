import type { Exemplar, HistogramMetric } from "../../model/metric-family.ts";
import { NOT_A_NUMBER, SAME_BOUND } from "../encoder.ts";
import type { FamilyLabels, LabelWriter } from "./labels.ts";
import { isFloatHistogram, nativeFault, writeNativeHistogram } from "./native-histogram.ts";
import { closeMetric, repeatedBounds, writeExemplar, writeTimestamp } from "./parts.ts";
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
  const writeBuckets = createBucketsWriter(familyLabels, exemplarLabels);
  let isNative: boolean | undefined;
  return (metric: HistogramMetric, writer: ProtobufWriter): void => {
    const { count, sum } = metric;
    if (typeof count !== "number" || typeof sum !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    let { native } = metric;
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
    writer.double(HISTOGRAM.sampleSum, sum);
    writeBuckets(metric, writer);
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

/** Makes the writer of classic buckets. `+Inf` follows from the count: it is only for its exemplar. */
function createBucketsWriter(familyLabels: FamilyLabels, exemplarLabels: LabelWriter) {
  const writeBucket = createBucketWriter(exemplarLabels);
  const repeatedOf = repeatedBounds(Number.POSITIVE_INFINITY);
  return (metric: HistogramMetric, writer: ProtobufWriter): void => {
    const { upperBounds, cumulativeCounts, exemplars } = metric;
    const repeated = repeatedOf(upperBounds);
    if (repeated.size > 0) familyLabels.report(SAME_BOUND);
    let index = 0;
    for (const bound of upperBounds) {
      const count = cumulativeCounts[index] ?? Number.NaN;
      if (!repeated.has(index)) writeBucket(bound, count, exemplars?.[index], writer);
      index++;
    }
    const last = exemplars?.[index];
    if (last) writeBucket(Number.POSITIVE_INFINITY, metric.count, last, writer);
  };
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
