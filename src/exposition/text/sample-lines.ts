import { isLegacyMetricName } from "../../model/names.ts";
import type { TextSink } from "../encoder.ts";
import { wholeMilliseconds } from "../number.ts";
import { escapeQuoted } from "./labels.ts";

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

/** The start of a line up to its value. */
export function openLine(start: LineStart, labels: string): string {
  return labels === "" ? start.bare : `${start.open}${labels}} `;
}

/** Writes one line; `open` is what comes before its value, `end` what follows it. */
export function writeLine(open: string, value: number, end: string, sink: TextSink): void {
  sink.text(open);
  sink.number(value);
  sink.text(end);
}

/** Writes a timestamp after a space; `""` when there is none that every parser reads. */
export function formatTimestamp(timestampMs: number | undefined, unitMs: number): string {
  if (timestampMs === undefined) return "";
  const whole = wholeMilliseconds(timestampMs);
  // A whole number of milliseconds never needs an exponent, not even the smallest: 0.001 seconds.
  return whole === undefined ? "" : ` ${whole / unitMs}`;
}

/** Lists the values of the buckets or quantiles of one metric, and returns their number. */
export function listBounds(
  bounds: readonly number[],
  values: ArrayLike<number>,
  numbers: Float64Array,
): number {
  for (let index = 0; index < bounds.length; index++) numbers[index] = numberAt(values, index);
  return bounds.length;
}

/** The text between the bound of a bucket or quantile and the value. */
export function boundLineRest(labels: string): string {
  return labels === "" ? "} " : `,${labels}} `;
}

/** Reads one value of a bucket or quantile; `NaN` where there is none. */
export function numberAt(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  return typeof value === "number" ? value : Number.NaN;
}

/**
 * The starts of the lines of all buckets or quantiles, made anew only when the bounds
 * change: mostly a family has one array of bounds for all its metrics. `""` stands for a line that
 * would be that of another bound.
 *
 * @param open The start of a line up to its first label.
 * @param label The label of the bound: `le` or `quantile`.
 * @param format Writes a bound; its text is part of the identity of the series.
 * @param reserved The bound that the caller writes itself, if any.
 */
export function boundStarts(
  open: string,
  label: string,
  format: (bound: number) => string,
  reserved?: string,
): (bounds: readonly number[]) => readonly string[] {
  let lastBounds: readonly number[] | undefined;
  let starts: readonly string[] = [];
  return (bounds) => {
    if (bounds !== lastBounds) {
      const taken = new Set([reserved]);
      starts = bounds.map((bound) => {
        const text = format(bound);
        return taken.size === taken.add(text).size ? "" : `${open}${label}="${text}"`;
      });
      lastBounds = bounds;
    }
    return starts;
  };
}
