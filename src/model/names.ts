/** How a name outside the legacy character set is written for a scraper. */
export type EscapingScheme = "allow-utf-8" | "underscores" | "dots" | "values";

const LEGACY_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LEGACY_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LEGACY_METRIC_CHAR = /[a-zA-Z0-9_:]/;
const LEGACY_LABEL_CHAR = /[a-zA-Z0-9_]/;
// Not `\p{Surrogate}`: ICU would build a table for it when this is loaded, 0.07 MB and 0.2 ms.
const LONE_SURROGATES = /[\ud800-\udfff]/gu;

/** Whether every scraper can read `name` as a metric name without quotes. */
export function isLegacyMetricName(name: string): boolean {
  return LEGACY_METRIC_NAME.test(name);
}

/** Whether every scraper can read `name` as a label name without quotes. */
export function isLegacyLabelName(name: string): boolean {
  return LEGACY_LABEL_NAME.test(name);
}

/**
 * Escapes a metric name for a scraper that asked for `scheme`.
 *
 * A name in the legacy character set is the same in every scheme.
 *
 * @see https://prometheus.io/docs/instrumenting/escaping_schemes/
 */
export function escapeMetricName(name: string, scheme: EscapingScheme): string {
  return isLegacyMetricName(name) ? name : escapeName(name, scheme, LEGACY_METRIC_CHAR);
}

/**
 * Escapes a label name for a scraper that asked for `scheme`.
 *
 * Unlike a metric name, a label name must not contain a colon (Prometheus data model).
 */
export function escapeLabelName(name: string, scheme: EscapingScheme): string {
  return isLegacyLabelName(name) ? name : escapeName(name, scheme, LEGACY_LABEL_CHAR);
}

function escapeName(name: string, scheme: EscapingScheme, legacy: RegExp): string {
  // UTF-8 cannot encode a lone surrogate: names that differ only in one become equal.
  const sent = name.replace(LONE_SURROGATES, "\ufffd");
  if (scheme === "allow-utf-8") {
    // Prometheus takes NUL in a quoted name for the end of the exposition.
    return sent.includes("\0") ? escapeName(sent, "underscores", legacy) : sent;
  }
  let escaped = scheme === "values" ? "U__" : "";
  let isFirst = true;
  for (const char of sent) {
    const isLegal = legacy.test(char) && !(isFirst && char >= "0" && char <= "9");
    escaped += escapeChar(char, isLegal, scheme);
    isFirst = false;
  }
  return escaped;
}

// The rules of `model.EscapeName` in prometheus/common. They differ from its documentation: `dots`
// replaces a character that it cannot keep with two underscores.
function escapeChar(char: string, isLegal: boolean, scheme: EscapingScheme): string {
  if (scheme === "underscores") return isLegal ? char : "_";
  if (char === "_") return "__";
  if (scheme === "dots") {
    if (char === ".") return "_dot_";
    return isLegal ? char : "__";
  }
  return isLegal ? char : `_${char.codePointAt(0)?.toString(16)}_`;
}
