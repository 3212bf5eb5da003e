import { test } from "node:test";
import { assertNothingHeld } from "../fault/distinct-targets.ts";

test("nothing is held of 100,000 distinct targets, whatever becomes of their probes", async () => {
  await assertNothingHeld(100_000);
});
