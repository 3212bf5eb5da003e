import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../src/group/hub/slots.ts";

test("Slots gives the lowest free number", () => {
  const slots = new Slots();
  assert.deepEqual(
    ["a", "b", "c"].map((worker) => slots.take(worker, undefined)),
    [0, 1, 2],
  );
  slots.giveBack(1);
  assert.equal(slots.take("d", undefined), 1);
  assert.equal(slots.take("e", undefined), 3);
});

test("a worker gets the number that it names, unless another has it", () => {
  const slots = new Slots();
  assert.equal(slots.take("a", 3), 3);
  assert.equal(slots.take("b", 3), 0);
});

test("a worker that comes again keeps its number", () => {
  const slots = new Slots();
  slots.take("a", 2);
  assert.equal(slots.take("a", undefined), 2);
  assert.equal(slots.take("a", 7), 2);
});

test("a thousand workers that come and go leave every number free", () => {
  const slots = new Slots();
  for (let count = 0; count < 1_000; count++) {
    slots.giveBack(slots.take(`worker ${count}`, undefined));
  }
  assert.equal(slots.take("last", undefined), 0);
});
