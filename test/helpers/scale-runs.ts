/** How many times as many random cases as usual are tried: 1, unless the environment says more. */
const FACTOR = Number(process.env["PROMHTTP_TEST_RUNS_FACTOR"] ?? 1);
if (!(FACTOR > 0)) throw new RangeError("PROMHTTP_TEST_RUNS_FACTOR must be a number above 0");

/** Scales the number of random cases that a property is tried with. */
export function scaleRuns(runs: number): number {
  return Math.ceil(runs * FACTOR);
}
