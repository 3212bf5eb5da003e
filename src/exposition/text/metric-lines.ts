import type { HistogramMetric, SummaryMetric, ValueMetric } from "../../model/metric-family.ts";
import { type MetricEncoder, SAME_BOUND, type TextSink } from "../encoder.ts";
import type { LabelEncoder } from "./labels.ts";
import {
  boundLineRest,
  boundStarts,
  formatTimestamp,
  lineStart,
  listBounds,
  numberAt,
  openLine,
  writeLine,
} from "./sample-lines.ts";

/** How the lines of one text format differ from those of another. */
export interface LineStyle {
  /** Writes the bound of a bucket or a quantile; its text is part of the identity of the series. */
  readonly formatBound: (bound: number) => string;
  /** The unit of timestamps, in milliseconds. */
  readonly timestampUnitMs: number;
  /** Whether the sum of a histogram or a summary comes before its count. */
  readonly isSumFirst: boolean;
  /** Writes the exemplar of a bucket; absent in a format without exemplars. */
  readonly formatBucketExemplar?: (metric: HistogramMetric, index: number) => string;
}

/** The suffixes of the two totals of a histogram or a summary. */
interface TotalSuffixes {
  readonly sum: string;
  readonly count: string;
}

const TOTAL_SUFFIXES: TotalSuffixes = { sum: "_sum", count: "_count" };

// A family's type decides the type of its metrics, so each encoder below takes only that one.

/**
 * Makes the encoder of plain values.
 *
 * @param formatExemplar Writes the exemplar of a value; absent where values have none.
 */
export function createValueEncoder(
  sampleName: string,
  labels: LabelEncoder,
  { timestampUnitMs }: LineStyle,
  formatExemplar?: (exemplar: ValueMetric["exemplar"]) => string,
): MetricEncoder {
  const start = lineStart(sampleName);
  const hasExemplars = formatExemplar !== undefined;
  return {
    labels,

    encode(metric: ValueMetric, sink: TextSink): boolean {
      const { value } = metric;
      if (typeof value !== "number") return false;
      const labelText = labels.encode(metric.labels);
      if (labelText === undefined) return false;
      let end = formatTimestamp(metric.timestampMs, timestampUnitMs);
      if (formatExemplar !== undefined) end += formatExemplar(metric.exemplar);
      writeLine(openLine(start, labelText), value, `${end}\n`, sink);
      return true;
    },

    listNumbers(metric: ValueMetric, numbers: Float64Array): number {
      const { value } = metric;
      if (typeof value !== "number" || metric.timestampMs !== undefined) return -1;
      if (hasExemplars && metric.exemplar !== undefined) return -1;
      numbers[0] = value;
      return 1;
    },

    hasSameNumbers(metric: ValueMetric, numbers: Float64Array, first: number): boolean {
      return (
        metric.value === numbers[first] &&
        metric.timestampMs === undefined &&
        !(hasExemplars && metric.exemplar !== undefined)
      );
    },

    run: { hasExemplars, sumFromEnd: 1 },
  };
}

/** Makes the encoder of histograms. */
export function createHistogramEncoder(
  name: string,
  labels: LabelEncoder,
  style: LineStyle,
  suffixes: TotalSuffixes = TOTAL_SUFFIXES,
): MetricEncoder {
  const { timestampUnitMs, formatBucketExemplar } = style;
  const bucketStart = lineStart(`${name}_bucket`);
  const infStart = `${bucketStart.open}le="+Inf"`;
  const bucketsOf = boundStarts(bucketStart.open, "le", style.formatBound, "+Inf");
  const writeTotals = createTotalsWriter(name, suffixes, style);
  const hasExemplars = formatBucketExemplar !== undefined;
  // As offsets from the number of the `+Inf` bucket.
  const [sumAt, countAt] = style.isSumFirst ? [1, 2] : [2, 1];
  return {
    labels,

    encode(metric: HistogramMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labelText = labels.encode(metric.labels);
      if (labelText === undefined) return false;
      const rest = boundLineRest(labelText);
      const timestamp = formatTimestamp(metric.timestampMs, timestampUnitMs);
      const end = `${timestamp}\n`;
      const exemplarOf =
        hasExemplars && metric.exemplars !== undefined ? formatBucketExemplar : undefined;
      const endOf = (index: number) =>
        exemplarOf === undefined ? end : `${timestamp}${exemplarOf(metric, index)}\n`;
      const starts = bucketsOf(metric.upperBounds);
      const { cumulativeCounts } = metric;
      for (let index = 0; index < starts.length; index++) {
        if (starts[index] === "") {
          labels.fault = SAME_BOUND;
          continue;
        }
        const count = numberAt(cumulativeCounts, index);
        writeLine(`${starts[index]}${rest}`, count, endOf(index), sink);
      }
      writeLine(`${infStart}${rest}`, metric.count, endOf(starts.length), sink);
      writeTotals(metric, labelText, end, sink);
      return true;
    },

    listNumbers(metric: HistogramMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      if (hasExemplars && metric.exemplars !== undefined) return -1;
      const inf = listBounds(metric.upperBounds, metric.cumulativeCounts, numbers);
      numbers[inf] = metric.count;
      numbers[inf + sumAt] = metric.sum;
      numbers[inf + countAt] = metric.count;
      return inf + 3;
    },

    hasSameNumbers(metric: HistogramMetric, numbers: Float64Array, first: number): boolean {
      const inf = first + metric.upperBounds.length;
      return (
        numbers[inf] === metric.count &&
        numbers[inf + sumAt] === metric.sum &&
        metric.timestampMs === undefined &&
        !(hasExemplars && metric.exemplars !== undefined)
      );
    },

    run: { hasExemplars, sumFromEnd: style.isSumFirst ? 2 : 1 },
  };
}

/** Makes the encoder of summaries. */
export function createSummaryEncoder(
  name: string,
  labels: LabelEncoder,
  style: LineStyle,
): MetricEncoder {
  const { timestampUnitMs } = style;
  const quantilesOf = boundStarts(lineStart(name).open, "quantile", style.formatBound);
  const writeTotals = createTotalsWriter(name, TOTAL_SUFFIXES, style);
  const sumAt = style.isSumFirst ? 0 : 1;
  const countAt = style.isSumFirst ? 1 : 0;
  return {
    labels,

    encode(metric: SummaryMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labelText = labels.encode(metric.labels);
      if (labelText === undefined) return false;
      const rest = boundLineRest(labelText);
      const end = `${formatTimestamp(metric.timestampMs, timestampUnitMs)}\n`;
      const starts = quantilesOf(metric.quantiles);
      const { quantileValues } = metric;
      for (let index = 0; index < starts.length; index++) {
        if (starts[index] === "") {
          labels.fault = SAME_BOUND;
          continue;
        }
        writeLine(`${starts[index]}${rest}`, numberAt(quantileValues, index), end, sink);
      }
      writeTotals(metric, labelText, end, sink);
      return true;
    },

    listNumbers(metric: SummaryMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      const count = listBounds(metric.quantiles, metric.quantileValues, numbers);
      numbers[count + sumAt] = metric.sum;
      numbers[count + countAt] = metric.count;
      return count + 2;
    },

    // Quantiles move with the time window while the totals stay.
    hasSameNumbers: () => false,
  };
}

/** Makes the writer of the two totals, in the order of the format. */
function createTotalsWriter(name: string, suffixes: TotalSuffixes, { isSumFirst }: LineStyle) {
  const sumStart = lineStart(`${name}${suffixes.sum}`);
  const countStart = lineStart(`${name}${suffixes.count}`);
  return (
    { sum, count }: HistogramMetric | SummaryMetric,
    labels: string,
    end: string,
    sink: TextSink,
  ): void => {
    if (isSumFirst) writeLine(openLine(sumStart, labels), sum, end, sink);
    writeLine(openLine(countStart, labels), count, end, sink);
    if (!isSumFirst) writeLine(openLine(sumStart, labels), sum, end, sink);
  };
}

/** Tells whether a metric has both totals; without them, its other lines are useless. */
export function hasTotals({ count, sum }: HistogramMetric | SummaryMetric): boolean {
  return typeof count === "number" && typeof sum === "number";
}
