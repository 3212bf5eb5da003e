/** The units of a duration, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // The micro sign and the Greek letter.
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const PART = String.raw`(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)`;
const DURATION = new RegExp(`^\\+?(?:${PART})+$`);

/** What a duration of Go can be at most: 63 bits of nanoseconds. */
const MAX_MS = 2 ** 63 / 1e6;

/**
 * Reads a duration as `time.ParseDuration` of Go does: `"1h30m"`, `"1.5s"` or `"0"`.
 *
 * @returns Milliseconds; `undefined` for what is not a duration, is negative, or is too long.
 */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)([^\d.]+)/g)) {
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  return total < MAX_MS ? total : undefined;
}
