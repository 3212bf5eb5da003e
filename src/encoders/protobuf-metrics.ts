import type {
  Exemplar,
  HistogramMetric,
  Metric,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../model/metric-family.ts";
import type { EscapingScheme } from "../model/names.ts";
import { isFloatHistogram, nativeFault, writeNativeHistogram } from "./native-histogram.ts";
import { createLabelWriter, type LabelWriter } from "./protobuf-labels.ts";
import {
  BUCKET,
  COUNTER,
  EXEMPLAR,
  HISTOGRAM,
  METRIC,
  METRIC_FAMILY,
  QUANTILE,
  SUMMARY,
  TIMESTAMP,
} from "./protobuf-schema.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";

/** The label writers of one escaping scheme. */
export interface LabelWriters {
  readonly plain: LabelWriter;
  readonly histogram: LabelWriter;
  readonly summary: LabelWriter;
}

/** Writes one metric of a family, or nothing where it can not be written. */
export type MetricWriter = (metric: Metric, writer: ProtobufWriter) => void;

type Report = (reason: string) => void;

const NOT_A_NUMBER = "a value is not a number";

/** Makes the label writers of one escaping scheme. */
export function createLabelWriters(scheme: EscapingScheme): LabelWriters {
  return {
    plain: createLabelWriter(scheme),
    histogram: createLabelWriter(scheme, "le"),
    summary: createLabelWriter(scheme, "quantile"),
  };
}

/**
 * Makes the writer of all metrics of one family, for one scrape.
 *
 * @param report Hears of each metric that had to be left out, wholly or in part.
 */
export function createMetricWriter(
  type: MetricFamily["type"],
  labelWriters: LabelWriters,
  report: Report,
): MetricWriter {
  // The casts hold because a family's type decides the type of its metrics.
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramWriter(labelWriters, report) as MetricWriter;
    case "summary":
      return createSummaryWriter(labelWriters, report) as MetricWriter;
    case "counter":
      return createValueWriter(METRIC.counter, labelWriters, report) as MetricWriter;
    case "unknown":
      return createValueWriter(METRIC.untyped, labelWriters, report) as MetricWriter;
    default:
      return createValueWriter(METRIC.gauge, labelWriters, report) as MetricWriter;
  }
}

function createValueWriter(tag: number, { plain }: LabelWriters, report: Report) {
  return (metric: ValueMetric, writer: ProtobufWriter): void => {
    const { value } = metric;
    if (typeof value !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    const start = writer.open(METRIC_FAMILY.metric);
    plain(metric.labels, writer);
    const valueStart = writer.open(tag);
    // Zero too: Prometheus forgets to reset an untyped value between two metrics.
    writer.double(COUNTER.value, value);
    if (tag === METRIC.counter) {
      writeExemplar(COUNTER.exemplar, metric.exemplar, plain, writer);
      writeTimestamp(COUNTER.createdTimestamp, metric.startTimestampMs, writer);
    }
    writer.close(valueStart);
    closeMetric(start, metric, writer);
  };
}

function createSummaryWriter({ summary }: LabelWriters, report: Report) {
  return (metric: SummaryMetric, writer: ProtobufWriter): void => {
    const { count, sum, quantiles, quantileValues } = metric;
    if (typeof count !== "number" || typeof sum !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    // Summaries have no field for any other count than a uint64.
    if (!(count >= 0 && count < 2 ** 64)) {
      report("a summary's count is not a whole number");
      return;
    }
    const start = writer.open(METRIC_FAMILY.metric);
    summary(metric.labels, writer);
    const summaryStart = writer.open(METRIC.summary);
    writer.uint(SUMMARY.sampleCount, Math.round(count));
    writer.double(SUMMARY.sampleSum, sum);
    for (let index = 0; index < quantiles.length; index++) {
      const quantileStart = writer.open(SUMMARY.quantile);
      writer.double(QUANTILE.quantile, quantiles[index] ?? Number.NaN);
      writer.double(QUANTILE.value, quantileValues[index] ?? Number.NaN);
      writer.close(quantileStart);
    }
    writeTimestamp(SUMMARY.createdTimestamp, metric.startTimestampMs, writer);
    writer.close(summaryStart);
    closeMetric(start, metric, writer);
  };
}

/**
 * The first histogram decides whether a family is native: Prometheus goes by it for all that
 * follow, and a classic histogram that it takes for a native one costs the whole scrape.
 */
function createHistogramWriter({ plain, histogram }: LabelWriters, report: Report) {
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
      report("classic and native histograms are mixed");
      if (isNative) return;
      native = undefined;
    }
    const isFloat = native !== undefined && isFloatHistogram(native, count);

    const start = writer.open(METRIC_FAMILY.metric);
    histogram(metric.labels, writer);
    const histogramStart = writer.open(METRIC.histogram);
    if (isFloat) writer.double(HISTOGRAM.sampleCountFloat, count);
    else writeCount(HISTOGRAM.sampleCount, HISTOGRAM.sampleCountFloat, count, writer);
    writer.double(HISTOGRAM.sampleSum, sum);
    writeBuckets(metric, plain, writer);
    if (native !== undefined) {
      writeNativeHistogram(native, isFloat, writer);
      for (const exemplar of native.exemplars ?? []) {
        writeExemplar(HISTOGRAM.exemplars, exemplar, plain, writer);
      }
    }
    writeTimestamp(HISTOGRAM.createdTimestamp, metric.startTimestampMs, writer);
    writer.close(histogramStart);
    closeMetric(start, metric, writer);
  };
}

/** Writes the classic buckets. `+Inf` follows from the count: it is there for its exemplar only. */
function writeBuckets(metric: HistogramMetric, plain: LabelWriter, writer: ProtobufWriter): void {
  const { upperBounds, cumulativeCounts, exemplars } = metric;
  const size = upperBounds.length;
  for (let index = 0; index < size; index++) {
    const bound = upperBounds[index] ?? Number.NaN;
    const count = cumulativeCounts[index] ?? Number.NaN;
    writeBucket(bound, count, exemplars?.[index], plain, writer);
  }
  const last = exemplars?.[size];
  if (last) writeBucket(Number.POSITIVE_INFINITY, metric.count, last, plain, writer);
}

function writeBucket(
  bound: number,
  count: number,
  exemplar: Exemplar | null | undefined,
  plain: LabelWriter,
  writer: ProtobufWriter,
): void {
  const start = writer.open(HISTOGRAM.bucket);
  writeCount(BUCKET.cumulativeCount, BUCKET.cumulativeCountFloat, count, writer);
  writer.double(BUCKET.upperBound, bound);
  writeExemplar(BUCKET.exemplar, exemplar, plain, writer);
  writer.close(start);
}

/** Writes a count to its integer field, or to the other if it is not a whole number. */
function writeCount(tag: number, floatTag: number, count: number, writer: ProtobufWriter): void {
  if (count >= 0 && Number.isSafeInteger(count)) writer.uint(tag, count);
  else writer.double(floatTag, count);
}

function writeExemplar(
  tag: number,
  exemplar: Exemplar | null | undefined,
  plain: LabelWriter,
  writer: ProtobufWriter,
): void {
  if (!exemplar || typeof exemplar.value !== "number") return;
  const start = writer.open(tag);
  plain(exemplar.labels, writer);
  writer.double(EXEMPLAR.value, exemplar.value);
  writeTimestamp(EXEMPLAR.timestamp, exemplar.timestampMs, writer);
  writer.close(start);
}

/** Ends a metric, after its timestamp if it has a legal one. */
function closeMetric(start: number, { timestampMs }: Metric, writer: ProtobufWriter): void {
  // As in the text format: nothing before 1970.
  if (timestampMs !== undefined && timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER) {
    writer.uint(METRIC.timestampMs, Math.trunc(timestampMs));
  }
  writer.close(start);
}

// google.protobuf.Timestamp: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
const MIN_TIMESTAMP_MS = -62_135_596_800_000;
const END_TIMESTAMP_MS = 253_402_300_800_000;

/** Writes a `google.protobuf.Timestamp`, or nothing when the time is none that it can tell. */
function writeTimestamp(tag: number, timeMs: number | undefined, writer: ProtobufWriter): void {
  if (timeMs === undefined || !(timeMs >= MIN_TIMESTAMP_MS && timeMs < END_TIMESTAMP_MS)) return;
  const wholeMs = Math.floor(timeMs);
  const millis = ((wholeMs % 1_000) + 1_000) % 1_000;
  const nanos = millis * 1e6 + Math.floor((timeMs - wholeMs) * 1e6);
  const start = writer.open(tag);
  writer.int64(TIMESTAMP.seconds, (wholeMs - millis) / 1_000);
  if (nanos > 0) writer.uint(TIMESTAMP.nanos, nanos);
  writer.close(start);
}
