import assert from "node:assert/strict";
import { test } from "node:test";
import { inSlices, Turns } from "../../../src/scrape/slicing/slices.ts";
import { poll } from "../../helpers/poll.ts";

test("inSlices() returns the result of work that need not pause, at once", async () => {
  const work = function* () {
    yield;
    yield;
    return "done";
  };
  // A busy machine may use up the time of a slice.
  await poll("a result at once", async () => inSlices(work()) === "done");
});

test("inSlices() yields to the event loop when its time is up", async () => {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const work = (function* () {
    for (let piece = 0; piece < 10; piece++) {
      const until = performance.now() + 1.5;
      while (performance.now() < until);
      yield;
    }
  })();
  await inSlices(work);
  isDone = true;
  assert.ok(turns >= 3, `${turns} turns`);
});

test("inSlices() propagates what the work throws", async () => {
  const work = (function* () {
    yield;
    throw new Error("broken");
  })();
  await assert.rejects(async () => inSlices(work), /broken/);
});

test("Turns runs one piece of work after the other, whatever becomes of it", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = turns.take(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push("first");
    throw new Error("broken");
  });
  const second = turns.take(() => order.push("second"));
  await assert.rejects(first, /broken/);
  await second;
  assert.deepEqual(order, ["first", "second"]);
});

test("Turns.takeNow() begins at once, unless something is under way", async () => {
  const turns = new Turns();
  assert.equal(
    turns.takeNow(() => "at once"),
    "at once",
  );
  const order: string[] = [];
  const first = turns.takeNow(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push("first");
    throw new Error("broken");
  });
  const second = turns.takeNow(() => order.push("second"));
  await assert.rejects(async () => first, /broken/);
  await second;
  assert.deepEqual(order, ["first", "second"]);
  assert.equal(
    turns.takeNow(() => "at once again"),
    "at once again",
  );
});
