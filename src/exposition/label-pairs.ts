import type { Labels } from "../model/metric-family.ts";
import { type EscapingScheme, escapeLabelName } from "../model/names.ts";

/**
 * How many label names the encoder of one scheme remembers at most. Names are few, except in a program
 * that never repeats them, which must not fill the memory.
 */
export const MAX_KNOWN_NAMES = 1_000;

/**
 * Normalises labels: names escaped, values as text, and nothing that would cost a scraper the scrape.
 *
 * Skips labels without a value, `reserved`, and `__name__`, which Prometheus takes for a second
 * metric name. Of two names that the scheme makes equal, it skips the second: a label name that
 * appears twice costs the whole scrape.
 *
 * @param reserved The label that is not the metric's own: `le` or `quantile`.
 */
export function normalLabelPairs(
  labels: Labels,
  scheme: EscapingScheme,
  reserved?: string,
): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const [name, value] of Object.entries(labels)) {
    const text = value === undefined || value === null ? "" : String(value);
    if (text === "" || isReservedLabel(name, reserved)) continue;
    const written = escapeLabelName(name, scheme);
    if (!isReservedLabel(written, reserved) && !pairs.has(written)) pairs.set(written, text);
  }
  return pairs;
}

/** Tells whether a label of this name is never written, whatever its value. */
export function isReservedLabel(name: string, reserved?: string): boolean {
  return name === "" || name === "__name__" || name === reserved;
}
