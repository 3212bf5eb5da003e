import { test } from "node:test";
import { assertExactSums } from "../fault/workers-soak.ts";

/** Another one each time; `PROMHTTP_TEST_SEED` repeats one. */
const SEED = Number(process.env["PROMHTTP_TEST_SEED"] ?? Date.now() % 1_000_000);

const RUNS = 5;

for (let seed = SEED; seed < SEED + RUNS; seed++) {
  for (const kind of ["fork", "cluster"] as const) {
    for (const isDeadly of [false, true]) {
      const what = `${isDeadly ? "are killed, too" : "come and go"}, made by ${kind}`;
      test(`the sums are exact of workers that ${what}, with seed ${seed}`, () =>
        assertExactSums({ seed, steps: 150, kind, isDeadly }));
      test(`so they are with servers in threads, of workers that ${what}, with seed ${seed}`, () =>
        assertExactSums({ seed, steps: 150, kind, isDeadly, isInThread: true }));
    }
  }
}
