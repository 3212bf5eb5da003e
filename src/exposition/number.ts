/**
 * Formats a sample value.
 *
 * `String()` returns the shortest text that reads back as the same number in every parser. Only the
 * three values without digits have different names in Prometheus and in JavaScript.
 */
export function formatNumber(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/**
 * The longest text that `formatNumber` returns: a sign, the six zeros that a number may begin with
 * before it gets an exponent, a point, and 17 digits, as in `-0.0000011005154973999282`.
 */
export const MAX_NUMBER_LENGTH = 25;

const ZERO = 48;

/**
 * Writes the text of `formatNumber` as bytes, and returns the offset behind them.
 *
 * Whole numbers are written digit by digit, which is several times cheaper than making a string.
 */
export function writeNumber(bytes: Uint8Array, offset: number, value: number): number {
  const whole = value >>> 0;
  if (whole === value) {
    const end = offset + digitCount(whole);
    for (let at = end, rest = whole; at > offset; ) {
      const tens = (rest / 10) >>> 0;
      bytes[--at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    return end;
  }
  const text = formatNumber(value);
  for (let index = 0; index < text.length; index++) bytes[offset + index] = text.charCodeAt(index);
  return offset + text.length;
}

function digitCount(whole: number): number {
  let count = 1;
  for (let bound = 10; whole >= bound && count < 10; bound *= 10) count++;
  return count;
}

/**
 * Rounds a timestamp to whole milliseconds; `undefined` when there is none that every parser reads.
 *
 * Prometheus reads no sign and no fraction in the text format, and no exponent in any text.
 */
export function wholeMilliseconds(timestampMs: number | undefined): number | undefined {
  const isLegal =
    typeof timestampMs === "number" && timestampMs >= 0 && timestampMs <= Number.MAX_SAFE_INTEGER;
  return isLegal ? Math.round(timestampMs) : undefined;
}
