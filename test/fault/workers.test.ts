// Workers that come, count and go at random; test/long/ does it for much longer.
import { test } from "node:test";
import { assertExactSums } from "./workers-soak.ts";

for (const isDeadly of [false, true]) {
  const who = isDeadly ? "workers that come, go and are killed" : "workers that come and go";
  test(`the sums of ${who} are what they have counted`, () =>
    assertExactSums({ seed: 1, steps: 40, isDeadly }));
}
