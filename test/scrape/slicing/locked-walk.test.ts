import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal } from "../../../src/abort.ts";
import { walkLocked } from "../../../src/scrape/slicing/locked-walk.ts";
import { UpdateLock } from "../../../src/scrape/update-lock.ts";

test("walkLocked() walks in slices, and an update that comes meanwhile waits for the end", async () => {
  const lock = new UpdateLock();
  const events: string[] = [];
  const walk = function* () {
    for (let piece = 0; piece < 10; piece++) {
      const until = performance.now() + 1.5;
      while (performance.now() < until);
      yield;
    }
    events.push("walked");
  };
  const walking = walkLocked(lock, new LightSignal(), walk);
  setImmediate(() => events.push("turn"));
  await Promise.all([walking, lock.update(() => void events.push("updated"), 60_000)]);
  assert.deepEqual(events, ["turn", "walked", "updated"]);
});
