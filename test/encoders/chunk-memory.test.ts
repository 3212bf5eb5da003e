import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkMemory } from "../../src/encoders/chunk-memory.ts";

function write(memory: ChunkMemory, text: string): Buffer {
  const bytes = memory.take(1_024);
  const chunk = bytes.subarray(0, bytes.write(text));
  memory.keep(chunk);
  return chunk;
}

test("ChunkMemory gives each chunk memory of its own at first", () => {
  const memory = new ChunkMemory();
  const chunks = Array.from({ length: 1_000 }, (_, index) => write(memory, `${index}`.padEnd(500)));
  assert.equal(Buffer.concat(chunks).toString().split(/ +/).length, 1_001);
  assert.equal(chunks[0]?.buffer, chunks[1]?.buffer);
});

test("ChunkMemory gives the memory of a chunk again when it is told to", () => {
  const memory = new ChunkMemory();
  const first = write(memory, "first");
  memory.reuse();
  const second = write(memory, "second");
  write(memory, "third!");
  assert.deepEqual([String(first), String(second)], ["first", "third!"]);
});

test("ChunkMemory leaves all chunks alone when it is told to, whatever comes after", () => {
  const memory = new ChunkMemory();
  memory.reuse();
  const lent = write(memory, "lent");
  memory.stopReuse();
  memory.reuse();
  const chunks = ["a", "b", "c"].map((text) => write(memory, text));
  assert.deepEqual([lent, ...chunks].map(String), ["lent", "a", "b", "c"]);
});

test("ChunkMemory is as new when it is cleared", () => {
  const memory = new ChunkMemory();
  const { buffer } = write(memory, "first");
  memory.reuse();
  memory.clear();
  const chunks = ["a", "b"].map((text) => write(memory, text));
  assert.equal(chunks[0]?.buffer, buffer);
  assert.deepEqual(chunks.map(String), ["a", "b"]);
});

test("ChunkMemory gives memory of any size", () => {
  const memory = new ChunkMemory();
  const large = memory.take(10_000_000);
  assert.ok(large.length >= 10_000_000);
  memory.keep(large);
  assert.equal(String(write(memory, "small")), "small");
});
