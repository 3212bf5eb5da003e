import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal } from "../../../src/abort.ts";
import { walkLocked } from "../../../src/scrape/slicing/locked-walk.ts";
import { UpdateLock } from "../../../src/scrape/update-lock.ts";
import { poll } from "../../helpers/poll.ts";

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

test("walkLocked() is over at once where it need not wait, and leaves the lock whatever becomes of it", async () => {
  const lock = new UpdateLock();
  const signal = new LightSignal();
  const walk = (end: () => string) =>
    walkLocked(lock, signal, function* () {
      yield;
      return end();
    });
  const fail = () => {
    throw new Error("broken");
  };
  // A busy machine may use up the time of a slice.
  await poll("a result at once", async () => walk(() => "done") === "done");
  await assert.rejects(async () => walk(fail), /broken/);
  // It waits for no walk.
  await lock.update(() => {}, 60_000);
});

test("an update that comes before a walk could begin lets it run first, once", async () => {
  const lock = new UpdateLock();
  const events: string[] = [];
  const update = (name: string) => lock.update(() => void events.push(name), 60_000);
  const first = update("first");
  const walking = walkLocked(lock, new LightSignal(), function* () {
    events.push("walk");
    yield;
    return "done";
  });
  const second = update("second");
  assert.equal(await walking, "done");
  await Promise.all([first, second]);
  assert.deepEqual(events, ["first", "walk", "second"]);
});
