import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../src/probe/slots.ts";

/** Slots under test, with the names of what has started. */
function createSlots(max: number) {
  const slots = new Slots(max);
  const started: string[] = [];
  const take = (target: string, name: string) => slots.take(target, () => started.push(name));
  return { slots, started, take };
}

test("Slots starts what has a free slot at once, and each target has slots of its own", () => {
  const { started, take } = createSlots(2);
  for (const name of ["a1", "a2", "a3"]) take("a", name);
  take("b", "b1");
  assert.deepEqual(started, ["a1", "a2", "b1"]);
});

test("Slots starts what waits in the order in which it came", () => {
  const { started, take } = createSlots(1);
  const leave = ["first", "second", "third"].map((name) => take("a", name));
  leave[0]?.();
  leave[1]?.();
  assert.deepEqual(started, ["first", "second", "third"]);
});

test("Slots never starts what has left the queue", () => {
  const { started, take } = createSlots(1);
  const [first, second] = ["first", "second", "third"].map((name) => take("a", name));
  second?.();
  first?.();
  assert.deepEqual(started, ["first", "third"]);
});

test("Slots remembers nothing of a target at which nothing runs", () => {
  const { slots, take } = createSlots(1);
  const leave = ["first", "second"].map((name) => take("a", name));
  leave[1]?.();
  assert.equal(slots.size, 1);
  leave[0]?.();
  assert.equal(slots.size, 0);
  const again = take("a", "again");
  assert.equal(slots.size, 1);
  again();
  assert.equal(slots.size, 0);
});
