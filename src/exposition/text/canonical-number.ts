import { formatNumber } from "../number.ts";

/**
 * Formats a bucket's bound or a quantile as OpenMetrics wants it.
 *
 * The text is part of a series' identity, so all processes must write the same one: that of Go's
 * `%g`, with `.0` after an integer (OpenMetrics 1.0, Considerations: Canonical Numbers).
 */
export function formatCanonical(value: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  if (value === 0) return "0.0";
  const [digits, exponent] = splitExponent(value);
  if (exponent < -4 || exponent >= 6) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${`${Math.abs(exponent)}`.padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** Takes `-1.5e-7` apart; without an argument, `toExponential` gives the fewest exact digits. */
function splitExponent(value: number): [digits: string, exponent: number] {
  const text = value.toExponential();
  const position = text.indexOf("e");
  return [text.slice(0, position), Number(text.slice(position + 1))];
}
