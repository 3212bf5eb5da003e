/**
 * Writes a timestamp as the text format wants it, after a space: whole milliseconds.
 *
 * It is `""` when there is none, or one that a parser would refuse: Prometheus reads no sign and no
 * fraction in the text format, and no exponent in either format.
 */
export function formatMilliseconds(timestampMs: number | undefined): string {
  return isLegal(timestampMs) ? ` ${Math.round(timestampMs)}` : "";
}

/** The same for OpenMetrics, which counts in seconds (OpenMetrics 1.0, Timestamps). */
export function formatSeconds(timestampMs: number | undefined): string {
  // A whole number of milliseconds never needs an exponent, not even the smallest: 0.001.
  return isLegal(timestampMs) ? ` ${Math.round(timestampMs) / 1_000}` : "";
}

function isLegal(timestampMs: number | undefined): timestampMs is number {
  return (
    typeof timestampMs === "number" && timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER
  );
}
