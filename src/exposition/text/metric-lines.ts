import type { HistogramMetric, SummaryMetric, ValueMetric } from "../../model/metric-family.ts";
import type { RunShape } from "../../model/metric-run.ts";
import { isLegacyMetricName } from "../../model/names.ts";
import type { TextSink } from "../encoder.ts";
import { escapeQuoted } from "./escape.ts";

/** The parts of a line before its value, made once for each sample name. */
export interface LineStart {
  /** The start of a line without labels, up to its value. */
  readonly bare: string;
  /** The start of a line with labels, up to the first of them. */
  readonly open: string;
}

/** Makes the start of all lines of one sample name; a UTF-8 name moves inside the braces. */
export function lineStart(name: string): LineStart {
  if (isLegacyMetricName(name)) return { bare: `${name} `, open: `${name}{` };
  const quoted = quoteMetricName(name);
  return { bare: `{${quoted}} `, open: `{${quoted},` };
}

/** Writes a metric name, in quotes where it is not of the legacy charset (text format 1.0.0). */
export function quoteMetricName(name: string): string {
  return isLegacyMetricName(name) ? name : `"${escapeQuoted(name)}"`;
}

/** Writes one line; `end` is what follows its value. */
export function writeLine(
  start: LineStart,
  labels: string,
  value: number,
  end: string,
  sink: TextSink,
): void {
  sink.text(labels === "" ? start.bare : `${start.open}${labels}} `);
  sink.number(value);
  sink.text(end);
}

/** Writes a line for each bucket or quantile of one metric. */
export function writeBoundLines(
  starts: readonly string[],
  rest: string,
  values: ArrayLike<number>,
  end: string,
  sink: TextSink,
): void {
  for (let index = 0; index < starts.length; index++) {
    sink.text(`${starts[index]}${rest}`);
    sink.number(numberAt(values, index));
    sink.text(end);
  }
}

/** How values are kept that are written without exemplars. */
export const VALUE_RUN: RunShape = { hasExemplars: false, sumFromEnd: 1 };

/** Lists the number of a plain value; see `MetricEncoder.listNumbers()`. */
export function listValue(metric: ValueMetric, numbers: Float64Array): number {
  if (typeof metric.value !== "number" || metric.timestampMs !== undefined) return -1;
  numbers[0] = metric.value;
  return 1;
}

/** Tells that a plain value has not changed; see `MetricEncoder.hasSameNumbers()`. */
export function hasSameValue(metric: ValueMetric, numbers: Float64Array, first: number): boolean {
  return metric.value === numbers[first] && metric.timestampMs === undefined;
}

/** Lists the values of the buckets or quantiles of one metric, and returns how many they are. */
export function listBounds(
  bounds: readonly number[],
  values: ArrayLike<number>,
  numbers: Float64Array,
): number {
  for (let index = 0; index < bounds.length; index++) numbers[index] = numberAt(values, index);
  return bounds.length;
}

/** What stands between the bound of a bucket or quantile and the value. */
export function boundLineRest(labels: string): string {
  return labels === "" ? "} " : `,${labels}} `;
}

/** Reads one value of a bucket or quantile; what is missing, or no number, is `NaN`. */
export function numberAt(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  return typeof value === "number" ? value : Number.NaN;
}

/**
 * The starts of the lines of all buckets or quantiles, made anew only when the bounds are others
 * than last time; mostly a family has one array of bounds for all its metrics.
 *
 * @param open The start of a line up to its first label.
 * @param label The label of the bound: `le` or `quantile`.
 * @param format Writes a bound; its text is part of the identity of the series.
 */
export function boundStarts(
  open: string,
  label: string,
  format: (bound: number) => string,
): (bounds: readonly number[]) => readonly string[] {
  let lastBounds: readonly number[] | undefined;
  let starts: readonly string[] = [];
  return (bounds) => {
    if (bounds !== lastBounds) {
      starts = bounds.map((bound) => `${open}${label}="${format(bound)}"`);
      lastBounds = bounds;
    }
    return starts;
  };
}

/** Tells whether a metric has the two numbers without which none of its lines is of use. */
export function hasTotals({ count, sum }: HistogramMetric | SummaryMetric): boolean {
  return typeof count === "number" && typeof sum === "number";
}
