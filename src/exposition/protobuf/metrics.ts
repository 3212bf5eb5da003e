import { ANY_QUANTILES, createBoundsReader } from "../../model/bounds.ts";
import { NOT_A_NUMBER } from "../../model/faults.ts";
import type { FaultReporter } from "../../model/gatherer.ts";
import type {
  Metric,
  MetricFamily,
  MetricType,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import { BOUND_LABELS } from "../label-pairs.ts";
import { createHistogramWriter } from "./histogram.ts";
import { FamilyLabels, type FamilyReading, LabelWriter } from "./labels.ts";
import { closeMetric, writeExemplar, writeTimestamp } from "./parts.ts";
import { COUNTER, METRIC, METRIC_FAMILY, QUANTILE, SUMMARY } from "./schema.ts";
import type { ProtobufWriter } from "./writer.ts";

/** Writes the labels of metrics and exemplars in one escaping scheme. */
export interface LabelWriters {
  readonly plain: LabelWriter;
  readonly histogram: LabelWriter;
  readonly summary: LabelWriter;
  /** The families with labels that were altered; see `FamilyLabels`. */
  readonly doubted: WeakSet<MetricFamily>;
}

/** Writes one metric of a family, or nothing if it cannot be written. */
export type MetricWriter = (metric: Metric, writer: ProtobufWriter) => void;

type Report = (reason: string) => void;

/** Makes the label writers of one escaping scheme. */
export function createLabelWriters(scheme: EscapingScheme): LabelWriters {
  return {
    plain: new LabelWriter(scheme),
    histogram: new LabelWriter(scheme, BOUND_LABELS.histogram),
    summary: new LabelWriter(scheme, BOUND_LABELS.summary),
    doubted: new WeakSet(),
  };
}

/**
 * Makes the writer of all metrics of one family, for one scrape.
 *
 * @param report Called for each metric that is skipped, wholly or in part.
 */
export function createMetricWriter(
  reading: FamilyReading,
  labelWriters: LabelWriters,
  report: FaultReporter,
): MetricWriter {
  const { family } = reading;
  const labelWriter = labelWriters[LABEL_WRITERS[family.type] ?? "plain"];
  const labels = new FamilyLabels(reading, labelWriter, labelWriters.doubted, report);
  const write = createPointWriter(family, labels, labelWriters.plain, (reason) =>
    report(family.name, reason),
  );
  return (metric, writer) => {
    write(metric, writer);
    labels.index++;
  };
}

const LABEL_WRITERS: Readonly<Partial<Record<MetricType, "histogram" | "summary">>> = {
  histogram: "histogram",
  gaugehistogram: "histogram",
  summary: "summary",
};

function createPointWriter(
  { type }: MetricFamily,
  labels: FamilyLabels,
  exemplarLabels: LabelWriter,
  report: Report,
): MetricWriter {
  // The casts hold because a family's type decides the type of its metrics.
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramWriter(labels, exemplarLabels, report) as MetricWriter;
    case "summary":
      return createSummaryWriter(labels, report) as MetricWriter;
    case "counter":
      return createValueWriter(METRIC.counter, labels, exemplarLabels, report) as MetricWriter;
    case "unknown":
      return createValueWriter(METRIC.untyped, labels, exemplarLabels, report) as MetricWriter;
    default:
      return createValueWriter(METRIC.gauge, labels, exemplarLabels, report) as MetricWriter;
  }
}

function createValueWriter(
  tag: number,
  labels: FamilyLabels,
  exemplarLabels: LabelWriter,
  report: Report,
) {
  return (metric: ValueMetric, writer: ProtobufWriter): void => {
    const { value } = metric;
    if (typeof value !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    const before = writer.length;
    const start = writer.open(METRIC_FAMILY.metric);
    if (!labels.write(metric.labels, writer)) {
      writer.truncate(before);
      return;
    }
    const valueStart = writer.open(tag);
    // Zero too: Prometheus does not reset an untyped value between two metrics.
    writer.double(COUNTER.value, value);
    if (tag === METRIC.counter) {
      writeExemplar(COUNTER.exemplar, metric.exemplar, exemplarLabels, writer);
      writeTimestamp(COUNTER.createdTimestamp, metric.startTimestampMs, writer);
    }
    writer.close(valueStart);
    closeMetric(start, metric, writer);
  };
}

function createSummaryWriter(labels: FamilyLabels, report: Report) {
  const quantilesOf = createBoundsReader(ANY_QUANTILES);
  return (metric: SummaryMetric, writer: ProtobufWriter): void => {
    const { count, sum, quantiles, quantileValues } = metric;
    if (typeof count !== "number" || typeof sum !== "number") {
      report(NOT_A_NUMBER);
      return;
    }
    if (!(count >= 0 && count < 2 ** 64)) {
      report("a summary's count does not fit into 64 bits");
      return;
    }
    const before = writer.length;
    const start = writer.open(METRIC_FAMILY.metric);
    if (!labels.write(metric.labels, writer)) {
      writer.truncate(before);
      return;
    }
    const summaryStart = writer.open(METRIC.summary);
    // A summary has no field for a count that is not whole, as an average of several is.
    writer.uint(SUMMARY.sampleCount, Math.round(count));
    // `NaN` too, when it is not known: without the field Prometheus would store 0.
    writer.double(SUMMARY.sampleSum, sum);
    const { values, indexes, fault } = quantilesOf(quantiles);
    if (fault !== undefined) report(fault);
    for (const [at, quantile] of values.entries()) {
      const quantileStart = writer.open(SUMMARY.quantile);
      writer.double(QUANTILE.quantile, quantile);
      writer.double(QUANTILE.value, Number(quantileValues?.[indexes[at] as number] ?? Number.NaN));
      writer.close(quantileStart);
    }
    writeTimestamp(SUMMARY.createdTimestamp, metric.startTimestampMs, writer);
    writer.close(summaryStart);
    closeMetric(start, metric, writer);
  };
}
