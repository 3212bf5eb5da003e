import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_BYTES, PageMemory } from "../../../src/exposition/kept/block-memory.ts";

function create() {
  const memory = new PageMemory();
  const bytes = memory.writable(0, 10);
  bytes.write("0123456789");
  return { memory, bytes };
}

test("PageMemory gives the same bytes as long as there is room and nobody sends them", () => {
  const { memory, bytes } = create();
  assert.equal(memory.writable(10, PAGE_BYTES), bytes);
  memory.lend().giveBack(false);
  assert.equal(memory.writable(10, 10), bytes);
  assert.equal(memory.takeLeft(), undefined);
});

test("PageMemory keeps what stands there when it makes room", () => {
  const { memory } = create();
  const grown = memory.writable(10, 10 * PAGE_BYTES);
  assert.ok(grown.length >= 10 * PAGE_BYTES);
  assert.equal(grown.toString("latin1", 0, 10), "0123456789");
});

test("PageMemory leaves bytes that are lent to their borrowers", () => {
  const { memory, bytes } = create();
  const loan = memory.lend();
  const copy = memory.writable(4, 10);
  copy.write("4567");
  assert.equal(bytes.toString("latin1", 0, 10), "0123456789");
  assert.equal(memory.bytes, copy);
  assert.equal(memory.takeLeft(), loan);
  assert.equal(memory.takeLeft(), undefined);
});

test("PageMemory never writes bytes again that a response was cut off from", () => {
  const { memory, bytes } = create();
  memory.lend().giveBack(true);
  assert.notEqual(memory.writable(10, 10), bytes);
  assert.equal(memory.takeLeft(), undefined);
});
