/** How much longer than usual everything may take: 1, unless the environment says more. */
const FACTOR = Number(process.env["PROMHTTP_TEST_WAIT_FACTOR"] ?? 1);
if (!(FACTOR > 0)) throw new RangeError("PROMHTTP_TEST_WAIT_FACTOR must be a number above 0");

/** Scales a time that a test waits, or a deadline before which something must happen. */
export function scaleWait(ms: number): number {
  return Math.round(ms * FACTOR);
}
