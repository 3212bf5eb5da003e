import assert from "node:assert/strict";
import { test } from "node:test";
import { hasTimeLeft, hasWorked, nextSlice } from "../../src/exposition/time-slice.ts";
import { tick } from "../helpers/turns.ts";

/** Holds the event loop until the slice of this turn is used up. */
function useUpTurn(): void {
  while (hasTimeLeft(performance.now()));
}

test("hasTimeLeft() is true when a slice begins, and false when it is used up", async () => {
  await tick();
  assert.equal(hasTimeLeft(performance.now()), true);
  useUpTurn();
  assert.equal(hasTimeLeft(performance.now()), false);
});

test("hasTimeLeft() is true again in the next turn", async () => {
  useUpTurn();
  await tick();
  await tick();
  assert.equal(hasTimeLeft(performance.now()), true);
});

test("hasTimeLeft() shares one slice among all callers in one turn", async () => {
  await tick();
  await Promise.all([
    (async () => useUpTurn())(),
    (async () => assert.equal(hasTimeLeft(performance.now()), false))(),
  ]);
});

test("nextSlice() wakes those who wait one by one, in their order, each with a slice", async () => {
  await tick();
  useUpTurn();
  const order: string[] = [];
  let turn = 0;
  let isOver = false;
  const count = () => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(
    ["a", "b", "c"].map(async (name) => {
      await nextSlice();
      assert.equal(hasTimeLeft(performance.now()), true);
      order.push(name);
      useUpTurn();
      return turn;
    }),
  );
  isOver = true;
  assert.deepEqual(order, ["a", "b", "c"]);
  assert.equal(new Set(turns).size, 3);
});

test("nextSlice() lets timers and sockets run in between", async () => {
  await tick();
  let hasFired = false;
  setTimeout(() => {
    hasFired = true;
  }, 1);
  for (let slice = 0; slice < 10 && !hasFired; slice++) {
    useUpTurn();
    await nextSlice();
  }
  assert.equal(hasFired, true);
});

test("hasTimeLeft() counts a piece of work that held the loop for long", async () => {
  await tick();
  assert.equal(hasTimeLeft(performance.now()), true);
  const end = performance.now() + 3;
  while (performance.now() < end);
  hasWorked(performance.now());
  assert.equal(hasTimeLeft(performance.now()), false);
});

test("hasTimeLeft() begins a new slice after a pause", async (t) => {
  await tick();
  let now = performance.now() + 10;
  t.mock.method(performance, "now", () => now);
  const immediates = t.mock.method(globalThis, "setImmediate");
  for (let scrape = 0; scrape < 10; scrape++) {
    assert.equal(hasTimeLeft(performance.now()), true);
    now += 0.4;
    hasWorked(now);
    assert.equal(hasTimeLeft(performance.now()), true);
    now += 1.5;
  }
  assert.equal(immediates.mock.callCount(), 0);
});

test("hasTimeLeft() shares one slice among scrapes without a pause between", async (t) => {
  await tick();
  let now = performance.now() + 1_000;
  const clock = t.mock.method(performance, "now", () => now);
  let scrapes = 0;
  for (; hasTimeLeft(performance.now()); scrapes++) {
    now += 0.3;
    hasWorked(now);
  }
  assert.equal(scrapes, 7);
  clock.mock.restore();
  await nextSlice();
});
