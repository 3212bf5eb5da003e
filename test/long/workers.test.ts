import { test } from "node:test";
import { assertExactSums } from "../fault/workers-soak.ts";

/** Another one each time; `PROMHTTP_TEST_SEED` repeats one. */
const SEED = Number(process.env["PROMHTTP_TEST_SEED"] ?? Date.now() % 1_000_000);

const RUNS = 10;

for (let seed = SEED; seed < SEED + RUNS; seed++) {
  for (const isDeadly of [false, true]) {
    const what = isDeadly ? "killed" : "not killed";
    test(`the sums of workers that are ${what} are what they have counted, with seed ${seed}`, () =>
      assertExactSums({ seed, steps: 200, isDeadly }));
  }
}
