import { type BoundRule, BUCKET_BOUNDS } from "../../model/bounds.ts";
import { NO_BUCKET_COUNT } from "../../model/faults.ts";
import type { HistogramMetric, SummaryMetric, ValueMetric } from "../../model/metric-family.ts";
import type { MetricEncoder, TextSink, Written } from "../encoder.ts";
import type { formatBucketExemplar } from "./exemplar.ts";
import type { LabelEncoder } from "./labels.ts";
import {
  boundLineRest,
  boundStarts,
  formatTimestamp,
  lineStart,
  numberAt,
  openLine,
  writeLine,
} from "./sample-lines.ts";

/** How the lines of one text format differ from those of another. */
export interface LineStyle {
  /** Writes the bound of a bucket or a quantile; its text is part of the identity of the series. */
  readonly formatBound: (bound: number) => string;
  /** Which quantiles a summary may have. */
  readonly quantileRule: BoundRule;
  /** The unit of timestamps, in milliseconds. */
  readonly timestampUnitMs: number;
  /** Whether the sum of a histogram or a summary comes before its count. */
  readonly isSumFirst: boolean;
  /**
   * Whether some parser rejects an exposition in which a histogram has a count without a sum, or a bucket
   * that counts less than the one before it or more than all.
   */
  readonly isStrict: boolean;
  /** Writes the exemplar of a bucket; absent in a format without exemplars. */
  readonly formatBucketExemplar?: typeof formatBucketExemplar;
}

/** The suffixes of the two totals of a histogram or a summary. */
interface TotalSuffixes {
  readonly sum: string;
  readonly count: string;
}

/** What a report says of a bucket that strict parsers reject. */
const NOT_CUMULATIVE = "the counts of the buckets are not cumulative numbers";

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

    encode(metric: ValueMetric, sink: TextSink): Written {
      const { value } = metric;
      if (typeof value !== "number") return false;
      const labelText = labels.held ?? labels.encode(metric.labels);
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

    run: { hasExemplars, countFromEnd: 3, sumFromEnd: 1 },
  };
}

/** Makes the encoder of histograms. */
export function createHistogramEncoder(
  name: string,
  labels: LabelEncoder,
  style: LineStyle,
  suffixes: TotalSuffixes = TOTAL_SUFFIXES,
): MetricEncoder {
  const { timestampUnitMs, isStrict, formatBucketExemplar } = style;
  const bucketStart = lineStart(`${name}_bucket`);
  const infStart = `${bucketStart.open}le="+Inf"`;
  const bucketsOf = boundStarts(bucketStart.open, "le", BUCKET_BOUNDS, style.formatBound);
  const writeTotals = createTotalsWriter(name, suffixes, style);
  const hasExemplars = formatBucketExemplar !== undefined;
  // As offsets from the number of the `+Inf` bucket.
  const [sumAt, countAt] = style.isSumFirst ? [1, 2] : [2, 1];
  const isUsable = (count: number, below: number, total: number): boolean =>
    isStrict ? count >= below && count <= total : !Number.isNaN(count);
  return {
    labels,

    encode(metric: HistogramMetric, sink: TextSink): Written {
      const { count: total, sum, cumulativeCounts } = metric;
      if (!hasTotals(metric) || Number.isNaN(total)) return false;
      const labelText = labels.held ?? labels.encode(metric.labels);
      if (labelText === undefined) return false;
      const rest = boundLineRest(labelText);
      const timestamp = formatTimestamp(metric.timestampMs, timestampUnitMs);
      const end = `${timestamp}\n`;
      const { starts, values, indexes, fault } = bucketsOf(metric.upperBounds);
      const exemplars = hasExemplars ? metric.exemplars : undefined;
      const endOf = (at: number, index: number) =>
        !exemplars || formatBucketExemplar === undefined
          ? end
          : `${timestamp}${formatBucketExemplar(exemplars[index], values, at)}\n`;
      let written: Written = fault ?? true;
      let below = Number.NEGATIVE_INFINITY;
      for (let at = 0; at < starts.length; at++) {
        const index = indexes[at] as number; // at < length
        const count = numberAt(cumulativeCounts, index);
        if (!isUsable(count, below, total)) {
          written = isStrict ? NOT_CUMULATIVE : NO_BUCKET_COUNT;
          continue;
        }
        below = count;
        writeLine(`${starts[at]}${rest}`, count, endOf(at, index), sink);
      }
      const last = metric.upperBounds?.length ?? 0;
      writeLine(`${infStart}${rest}`, total, endOf(starts.length, last), sink);
      if (!isStrict || !Number.isNaN(sum)) writeTotals(metric, labelText, end, sink);
      return written;
    },

    listNumbers(metric: HistogramMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      if (hasExemplars && metric.exemplars !== undefined) return -1;
      const { count: total, sum, cumulativeCounts } = metric;
      const { indexes, fault } = bucketsOf(metric.upperBounds);
      if (fault !== undefined || Number.isNaN(sum) || Number.isNaN(total)) return -1;
      let below = Number.NEGATIVE_INFINITY;
      const inf = indexes.length;
      for (let at = 0; at < inf; at++) {
        const count = numberAt(cumulativeCounts, indexes[at] as number); // at < length
        if (!isUsable(count, below, total)) return -1;
        below = count;
        numbers[at] = count;
      }
      numbers[inf] = total;
      numbers[inf + sumAt] = sum;
      numbers[inf + countAt] = total;
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

    run: { hasExemplars, countFromEnd: 3, sumFromEnd: style.isSumFirst ? 2 : 1 },
  };
}

/** Makes the encoder of summaries. */
export function createSummaryEncoder(
  name: string,
  labels: LabelEncoder,
  style: LineStyle,
): MetricEncoder {
  const { timestampUnitMs, quantileRule } = style;
  const open = lineStart(name).open;
  const quantilesOf = boundStarts(open, "quantile", quantileRule, style.formatBound);
  const writeTotals = createTotalsWriter(name, TOTAL_SUFFIXES, style);
  const sumAt = style.isSumFirst ? 0 : 1;
  const countAt = style.isSumFirst ? 1 : 0;
  return {
    labels,

    encode(metric: SummaryMetric, sink: TextSink): Written {
      if (!hasTotals(metric)) return false;
      const labelText = labels.held ?? labels.encode(metric.labels);
      if (labelText === undefined) return false;
      const rest = boundLineRest(labelText);
      const end = `${formatTimestamp(metric.timestampMs, timestampUnitMs)}\n`;
      const { starts, indexes, fault } = quantilesOf(metric.quantiles);
      const { quantileValues } = metric;
      for (let at = 0; at < starts.length; at++) {
        const value = numberAt(quantileValues, indexes[at] as number); // at < length
        writeLine(`${starts[at]}${rest}`, value, end, sink);
      }
      writeTotals(metric, labelText, end, sink);
      return fault ?? true;
    },

    listNumbers(metric: SummaryMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      const { count, sum, quantileValues } = metric;
      const { indexes, fault } = quantilesOf(metric.quantiles);
      if (fault !== undefined || Number.isNaN(sum) || Number.isNaN(count)) return -1;
      const { length } = indexes;
      for (let at = 0; at < length; at++) {
        numbers[at] = numberAt(quantileValues, indexes[at] as number); // at < length
      }
      numbers[length + sumAt] = sum;
      numbers[length + countAt] = count;
      return length + 2;
    },

    // Quantiles move with the time window while the totals stay.
    hasSameNumbers: () => false,
  };
}

/** Makes the writer of the two totals, in the order of the format; one that is `NaN` is not known. */
function createTotalsWriter(name: string, suffixes: TotalSuffixes, { isSumFirst }: LineStyle) {
  const sumStart = lineStart(`${name}${suffixes.sum}`);
  const countStart = lineStart(`${name}${suffixes.count}`);
  return (
    { sum, count }: HistogramMetric | SummaryMetric,
    labels: string,
    end: string,
    sink: TextSink,
  ): void => {
    // OpenMetrics 1.0, Values: NaN must not mark a missing value.
    const writeSum = () =>
      Number.isNaN(sum) || writeLine(openLine(sumStart, labels), sum, end, sink);
    if (isSumFirst) writeSum();
    if (!Number.isNaN(count)) writeLine(openLine(countStart, labels), count, end, sink);
    if (!isSumFirst) writeSum();
  };
}

/** Tells whether a metric has both totals; without them, its other lines are useless. */
export function hasTotals({ count, sum }: HistogramMetric | SummaryMetric): boolean {
  return typeof count === "number" && typeof sum === "number";
}
