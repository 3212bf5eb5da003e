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

/**
 * The longest text that `formatNumber` gives: a sign, the six zeros that a number may begin with
 * before it gets an exponent, a point, and 17 digits, as in `-0.0000011005154973999282`.
 */
export const MAX_NUMBER_LENGTH = 25;

const ZERO = 48;

/**
 * Writes what `formatNumber` gives as bytes, and returns the offset behind them.
 *
 * Whole numbers are written digit by digit: that is several times cheaper than to make a string.
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
