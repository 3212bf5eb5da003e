import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOCK_BYTES, BlockMemory } from "../../../src/exposition/kept/block-memory.ts";

function create() {
  const memory = new BlockMemory();
  const bytes = memory.writable(0, 10);
  bytes.write("0123456789");
  return { memory, bytes };
}

test("BlockMemory returns the same bytes while they have room and are not lent", () => {
  const { memory, bytes } = create();
  assert.equal(memory.writable(10, BLOCK_BYTES), bytes);
  memory.lend().giveBack(false);
  assert.equal(memory.writable(10, 10), bytes);
  assert.equal(memory.takeDetached(), undefined);
});

test("BlockMemory keeps its bytes when it makes room", () => {
  const { memory } = create();
  const grown = memory.writable(10, 10 * BLOCK_BYTES);
  assert.ok(grown.length >= 10 * BLOCK_BYTES);
  assert.equal(grown.toString("latin1", 0, 10), "0123456789");
});

test("BlockMemory copies and detaches bytes that are lent", () => {
  const { memory, bytes } = create();
  const loan = memory.lend();
  const copy = memory.writable(4, 10);
  copy.write("4567");
  assert.equal(bytes.toString("latin1", 0, 10), "0123456789");
  assert.equal(memory.bytes, copy);
  assert.equal(memory.takeDetached(), loan);
  assert.equal(memory.takeDetached(), undefined);
});

test("BlockMemory never rewrites bytes of a response that was cut off", () => {
  const { memory, bytes } = create();
  memory.lend().giveBack(true);
  assert.notEqual(memory.writable(10, 10), bytes);
  assert.equal(memory.takeDetached(), undefined);
});
