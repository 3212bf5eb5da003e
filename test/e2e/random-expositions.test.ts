import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeExpositions } from "./random/judge-expositions.ts";

const EXPOSITIONS = 300;

test(`every judge reads ${EXPOSITIONS} random expositions in every format`, async () => {
  assert.deepEqual((await judgeExpositions(EXPOSITIONS, 0)).slice(0, 20), []);
});
