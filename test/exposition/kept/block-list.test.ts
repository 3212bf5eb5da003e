import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockList, type Slot } from "../../../src/exposition/kept/block-list.ts";
import { BLOCK_BYTES } from "../../../src/exposition/kept/block-memory.ts";

const RESERVED_BYTES = 2 * BLOCK_BYTES;

/** A list within a budget of so many blocks that are not yet written. */
function createList(blocks: number) {
  const budget = { left: blocks * RESERVED_BYTES };
  const list = new BlockList((change) => {
    if (change > budget.left) return false;
    budget.left -= change;
    return true;
  });
  return { list, budget };
}

function fill(list: BlockList, count: number): Slot[] {
  const slots: Slot[] = [];
  for (let index = 0; index < count; index++) {
    const slot = list.insertAfter(slots.at(-1));
    assert.ok(slot);
    slots.push(slot);
  }
  return slots;
}

function slotsOf(list: BlockList): Slot[] {
  const slots: Slot[] = [];
  for (let slot = list.first; slot !== undefined; slot = slot.next) slots.push(slot);
  return slots;
}

test("insertAfter() makes no block without memory for all of it", () => {
  const { list, budget } = createList(1.5);
  const [only] = fill(list, 1);
  assert.equal(list.insertAfter(only), undefined);
  assert.deepEqual(slotsOf(list), [only]);
  assert.equal(budget.left, 0.5 * RESERVED_BYTES);
});

test("keep() returns memory that a block does not take", () => {
  const { list, budget } = createList(1);
  const [slot] = fill(list, 1);
  assert.ok(slot && list.keep(slot));
  assert.equal(slot.footprint, slot.block.footprint);
  assert.equal(budget.left, RESERVED_BYTES - slot.block.footprint);
});

test("a block in the middle gets the memory of the last blocks", () => {
  const { list, budget } = createList(3);
  const [a, b, c] = fill(list, 3);
  const middle = list.insertAfter(a);
  assert.deepEqual(slotsOf(list), [a, middle, b]);
  assert.equal(c?.isKept, false);
  const first = list.insertAfter(undefined);
  assert.deepEqual(slotsOf(list), [first, a, middle]);
  assert.equal(budget.left, 0);
});

test("keep() drops the last blocks first, then the block itself", () => {
  const { list, budget } = createList(2);
  const [a, b] = fill(list, 2);
  assert.ok(a && b);
  // As if the block had grown.
  a.footprint = a.block.footprint - RESERVED_BYTES;
  budget.left = 0;
  assert.equal(list.keep(a), true);
  assert.deepEqual([a.isKept, b.isKept], [true, false]);
  a.footprint = a.block.footprint - RESERVED_BYTES;
  budget.left = 0;
  assert.equal(list.keep(a), false);
  assert.deepEqual(slotsOf(list), []);
});

test("close() returns all memory, and ends the list for walks that hold it", () => {
  const { list, budget } = createList(3);
  fill(list, 3);
  list.close();
  assert.equal(budget.left, 3 * RESERVED_BYTES);
  assert.equal(list.insertAfter(undefined), undefined);
  assert.equal(budget.left, 3 * RESERVED_BYTES);
});
