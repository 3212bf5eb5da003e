/** The numbers of the text formats: their grammars, their values and their canonical spelling. */

/** What every parser of the text format reads, and what an encoder may write. */
export const TEXT_NUMBER: RegExp = /^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

/** OpenMetrics 1.0, ABNF, `number`; strings of an ABNF are case-insensitive. */
export const OPENMETRICS_NUMBER: RegExp =
  /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?|nan)$/i;

/** Go's `strconv.ParseFloat` without hexadecimal and underscores, as prometheus/common reads. */
export const LENIENT_NUMBER: RegExp = OPENMETRICS_NUMBER;

/** OpenMetrics 1.0, ABNF, `realnumber`: the part of `number` that a timestamp may use. */
export const OPENMETRICS_TIMESTAMP: RegExp = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** A decimal without exponent: what every parser reads as a timestamp in seconds. */
export const PLAIN_DECIMAL: RegExp = /^-?\d+(?:\.\d+)?$/;

/**
 * Reads a number of the given grammar.
 *
 * @returns `undefined` where the text is not of the grammar, or is finite and too large for a
 * double: `1e400` fails a Prometheus scrape.
 */
export function parseNumber(text: string, grammar: RegExp): number | undefined {
  if (!grammar.test(text)) {
    return undefined;
  }
  if (/n/i.test(text)) {
    if (/^nan$/i.test(text)) {
      return Number.NaN;
    }
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Spells a number as OpenMetrics wants it in `le` and `quantile`.
 *
 * OpenMetrics 1.0, Considerations: Canonical Numbers. This is Go's `%g` with the shortest digits:
 * an exponent below -4 or from 6 up, signed and of two digits at least; `.0` after an integer.
 */
export function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value !== 0 && (exponent < -4 || exponent >= 6)) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

/** Converts seconds, as text, to milliseconds without the rounding error of a multiplication. */
export function secondsToMs(text: string): number {
  return PLAIN_DECIMAL.test(text) ? Number(`${text}e3`) : Number(text) * 1000;
}
