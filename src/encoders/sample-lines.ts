import type { Metric } from "../model/metric-family.ts";
import { isLegacyMetricName } from "../model/names.ts";
import type { TextSink } from "./encoder.ts";
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

/** Writes one line up to its value. */
export function openLine(start: LineStart, labels: string): string {
  return labels === "" ? start.bare : `${start.open}${labels}} `;
}

/** Writes the values of the buckets or quantiles of one metric, a line each. */
export function writeLines(
  starts: readonly string[],
  rest: string,
  values: ArrayLike<number>,
  end: string,
  sink: TextSink,
): void {
  for (let index = 0; index < starts.length; index++) {
    sink.text(`${starts[index]}${rest}`);
    sink.number(values[index] ?? Number.NaN);
    sink.text(end);
  }
}

/** The end of each line of a metric in the text format: its timestamp, if it has a legal one. */
export function lineEnd(metric: Metric): string {
  const { timestampMs } = metric;
  if (timestampMs === undefined) return "\n";
  // Prometheus reads whole milliseconds only, and none before 1970.
  const isLegal = timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER;
  return isLegal ? ` ${Math.trunc(timestampMs)}\n` : "\n";
}
