import { type BoundRule, createBoundsReader, type UsableBounds } from "../../model/bounds.ts";
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

/** The text between the bound of a bucket or quantile and the value. */
export function boundLineRest(labels: string): string {
  return labels === "" ? "} " : `,${labels}} `;
}

/** Reads one value of a bucket or quantile; `NaN` where there is none. */
export function numberAt(values: ArrayLike<number>, index: number): number {
  // An author without a compiler that checks types may have left them out.
  const value = values?.[index];
  return typeof value === "number" ? value : Number.NaN;
}

/** The bounds that are written, with the start of the line of each. */
interface StartedBounds extends UsableBounds {
  readonly starts: readonly string[];
}

/**
 * The starts of the lines of all buckets or quantiles, made anew only when the bounds
 * change: mostly a family has one array of bounds for all its metrics.
 *
 * @param open The start of a line up to its first label.
 * @param label The label of the bound: `le` or `quantile`.
 * @param format Writes a bound; its text is part of the identity of the series.
 */
export function boundStarts(
  open: string,
  label: string,
  rule: BoundRule,
  format: (bound: number) => string,
): (bounds: readonly number[]) => StartedBounds {
  const read = createBoundsReader(rule);
  let last: UsableBounds | undefined;
  let started: StartedBounds | undefined;
  return (bounds) => {
    const usable = read(bounds);
    if (usable !== last || started === undefined) {
      const starts = usable.values.map((bound) => `${open}${label}="${format(bound)}"`);
      started = { ...usable, starts };
      last = usable;
    }
    return started;
  };
}
