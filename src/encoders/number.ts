/**
 * Formats a sample value.
 *
 * `String()` gives the shortest text that reads back as the same number in every parser; only the
 * three values without digits have other names in Prometheus than in JavaScript.
 */
export function formatNumber(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
