import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeExpositions } from "../e2e/random/judge-expositions.ts";

const EXPOSITIONS = 10_000;
const BATCH = 1_000;

for (let seed = 1; seed <= EXPOSITIONS / BATCH; seed++) {
  test(`every judge reads ${BATCH} random expositions in every format, seed ${seed}`, async () => {
    assert.deepEqual((await judgeExpositions(BATCH, seed)).slice(0, 20), []);
  });
}
