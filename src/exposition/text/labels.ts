import type { Labels } from "../../model/metric-family.ts";
import { type EscapingScheme, escapeLabelName, isLegacyLabelName } from "../../model/names.ts";
import { escapeQuoted } from "./escape.ts";

/** Writes labels as `a="1",b="2"`, without braces; `""` when there are none. */
export type LabelEncoder = (labels: Labels) => string;

// Label names are few; a program that invents them without end must not fill the memory.
/** The number of names that the label encoders of one scheme remember at most. */
export const MAX_KNOWN_NAMES = 1_000;

/**
 * Makes the label encoder of one escaping scheme.
 *
 * Left out are labels without a value, `__name__`, which Prometheus takes for a second metric name,
 * `reserved`, and of two names that the scheme makes equal the second: a label name that stands
 * twice costs the whole scrape.
 *
 * @param reserved The label that the caller writes itself: `le` or `quantile`.
 */
export function createLabelEncoder(scheme: EscapingScheme, reserved?: string): LabelEncoder {
  /** What stands before the value, for names that need no escaping; `""` for what is left out. */
  const legacyStarts = new Map<string, string>();

  // Hot path: all labels of all metrics pass here; `npm run bench` guards it.
  const encode: LabelEncoder = (labels) => {
    let encoded = "";
    for (const name of Object.keys(labels)) {
      const value = labels[name];
      if (value === undefined || value === null || value === "") continue;
      const start = legacyStarts.get(name);
      if (start === undefined) return encodeWithCare(labels);
      if (start === "") continue;
      const text = typeof value === "string" ? value : String(value);
      if (text === "") continue;
      encoded += `${encoded === "" ? "" : ","}${start}${escapeQuoted(text)}"`;
    }
    return encoded;
  };

  /** The same for names that are seen for the first time, or are not of the legacy charset. */
  const encodeWithCare: LabelEncoder = (labels) => {
    for (const name of Object.keys(labels)) {
      const isReserved = isReservedLabel(name, reserved);
      if (!isReserved && !isLegacyLabelName(name)) continue;
      if (legacyStarts.size >= MAX_KNOWN_NAMES) legacyStarts.clear();
      legacyStarts.set(name, isReserved ? "" : `${name}="`);
    }
    return [...normalLabelPairs(labels, scheme, reserved)]
      .map(([name, text]) => `${quoteLabelName(name)}="${escapeQuoted(text)}"`)
      .join(",");
  };

  return encode;
}

/**
 * Normalises labels: names escaped, values as text, and nothing that costs a scraper the scrape.
 *
 * `createLabelEncoder` tells what is left out.
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

/** Writes a label name, in quotes where it is not of the legacy charset (text format 1.0.0). */
function quoteLabelName(name: string): string {
  return isLegacyLabelName(name) ? name : `"${escapeQuoted(name)}"`;
}
