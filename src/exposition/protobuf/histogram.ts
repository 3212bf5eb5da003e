import type { Exemplar, HistogramMetric } from "../../model/metric-family.ts";
import type { LabelWriter } from "./labels.ts";
import { isFloatHistogram, nativeFault, writeNativeHistogram } from "./native-histogram.ts";
import { closeMetric, writeExemplar, writeTimestamp } from "./parts.ts";
import { BUCKET, HISTOGRAM, METRIC, METRIC_FAMILY } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

/**
 * Makes the writer of all histograms of one family, for one scrape.
 *
 * The first histogram decides whether a family is native: Prometheus goes by it for all that
 * follow, and a classic histogram that it takes for a native one costs the whole scrape.
 *
 * @param writeLabels Writes the labels of a histogram.
 * @param writeExemplarLabels Writes the labels of an exemplar.
 * @param report Hears of each histogram that had to be left out, wholly or in part.
 */
export function createHistogramWriter(
  writeLabels: LabelWriter,
  writeExemplarLabels: LabelWriter,
  report: (reason: string) => void,
): (metric: HistogramMetric, writer: ProtobufWriter) => void {
  let isNative: boolean | undefined;
  return (metric: HistogramMetric, writer: ProtobufWriter): void => {
    const { count, sum } = metric;
    if (typeof count !== "number" || typeof sum !== "number") {
      report("a value is not a number");
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

    const start = writer.open(METRIC_FAMILY.metric);
    writeLabels(metric.labels, writer);
    const histogramStart = writer.open(METRIC.histogram);
    if (isFloat) writer.double(HISTOGRAM.sampleCountFloat, count);
    else writeCount(HISTOGRAM.sampleCount, HISTOGRAM.sampleCountFloat, count, writer);
    writer.double(HISTOGRAM.sampleSum, sum);
    writeBuckets(metric, writeExemplarLabels, writer);
    if (native !== undefined) {
      writeNativeHistogram(native, isFloat, writer);
      for (const exemplar of native.exemplars ?? []) {
        writeExemplar(HISTOGRAM.exemplars, exemplar, writeExemplarLabels, writer);
      }
    }
    writeTimestamp(HISTOGRAM.createdTimestamp, metric.startTimestampMs, writer);
    writer.close(histogramStart);
    closeMetric(start, metric, writer);
  };
}

/** Writes the classic buckets. `+Inf` follows from the count: it is there for its exemplar only. */
function writeBuckets(
  metric: HistogramMetric,
  writeLabels: LabelWriter,
  writer: ProtobufWriter,
): void {
  const { upperBounds, cumulativeCounts, exemplars } = metric;
  let index = 0;
  for (const bound of upperBounds) {
    const count = cumulativeCounts[index] ?? Number.NaN;
    writeBucket(bound, count, exemplars?.[index], writeLabels, writer);
    index++;
  }
  const last = exemplars?.[index];
  if (last) writeBucket(Number.POSITIVE_INFINITY, metric.count, last, writeLabels, writer);
}

function writeBucket(
  bound: number,
  count: number,
  exemplar: Exemplar | null | undefined,
  writeLabels: LabelWriter,
  writer: ProtobufWriter,
): void {
  const start = writer.open(HISTOGRAM.bucket);
  writeCount(BUCKET.cumulativeCount, BUCKET.cumulativeCountFloat, count, writer);
  writer.double(BUCKET.upperBound, bound);
  writeExemplar(BUCKET.exemplar, exemplar, writeLabels, writer);
  writer.close(start);
}

/** Writes a count to its integer field, or to the other if it is not a whole number. */
function writeCount(tag: number, floatTag: number, count: number, writer: ProtobufWriter): void {
  if (count >= 0 && Number.isSafeInteger(count)) writer.uint(tag, count);
  else writer.double(floatTag, count);
}
