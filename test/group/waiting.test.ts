import assert from "node:assert/strict";
import { test } from "node:test";
import { GrowingPause } from "../../src/group/waiting.ts";

test("GrowingPause doubles up to its limit, and begins anew when it is reset", () => {
  const pause = new GrowingPause(50, 150);
  const next = () => Array.from({ length: 4 }, () => pause.nextMs());
  assert.deepEqual(next(), [50, 100, 150, 150]);
  pause.reset();
  assert.deepEqual(next(), [50, 100, 150, 150]);
});
