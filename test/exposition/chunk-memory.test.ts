import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkMemory } from "../../src/exposition/chunk-memory.ts";

function write(memory: ChunkMemory, text: string): Buffer {
  const bytes = memory.take(Math.max(1_024, text.length));
  const chunk = bytes.subarray(0, bytes.write(text));
  memory.keep(chunk);
  return chunk;
}

test("ChunkMemory returns separate memory for each chunk at first", () => {
  const memory = new ChunkMemory();
  const chunks = Array.from({ length: 1_000 }, (_, index) => write(memory, `${index}`.padEnd(500)));
  assert.equal(Buffer.concat(chunks).toString().split(/ +/).length, 1_001);
  assert.equal(chunks[0]?.buffer, chunks[1]?.buffer);
});

test("ChunkMemory uses memory again when more is asked for, once it is told to", () => {
  const memory = new ChunkMemory();
  const first = write(memory, "first");
  memory.next();
  const second = write(memory, "second");
  memory.reuse();
  const third = write(memory, "third");
  assert.deepEqual([first, second, third].map(String), ["first", "second", "third"]);
  memory.next();
  const again = [write(memory, "FIRST"), write(memory, "SECOND")];
  assert.deepEqual([first, second, ...again].map(String), ["FIRST", "SECOND", "FIRST", "SECOND"]);
});

test("ChunkMemory allocates no more for a body that is asked for bit by bit", () => {
  const memory = new ChunkMemory();
  memory.reuse();
  const buffers = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 100; turn++) {
    for (let chunk = 0; chunk < 3; chunk++) buffers.add(write(memory, "x".repeat(64_000)).buffer);
    memory.next();
  }
  assert.equal(buffers.size, 1);
});

test("join() makes one chunk of many, and copies none that stand behind one another", () => {
  const memory = new ChunkMemory();
  assert.equal(memory.join([]).length, 0);
  const [a, b] = [write(memory, "a"), write(memory, "b")];
  assert.equal(memory.join([a]), a);
  const ab = memory.join([a, b]);
  assert.deepEqual([String(ab), ab.buffer], ["ab", a.buffer]);
  const elsewhere = Buffer.from("c");
  const cab = memory.join([elsewhere, a, b]);
  assert.equal(String(cab), "cab");
  write(memory, "d");
  assert.deepEqual([a, b, ab, cab].map(String), ["a", "b", "ab", "cab"]);
});

test("ChunkMemory keeps all chunks valid after stopReuse(), whatever comes next", () => {
  const memory = new ChunkMemory();
  memory.reuse();
  const lent = write(memory, "lent");
  memory.stopReuse();
  memory.reuse();
  const chunks = ["a", "b", "c"].map((text) => {
    memory.next();
    return write(memory, text);
  });
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

test("ChunkMemory returns memory of any size", () => {
  const memory = new ChunkMemory();
  const large = memory.take(10_000_000);
  assert.ok(large.length >= 10_000_000);
  memory.keep(large);
  assert.equal(String(write(memory, "small")), "small");
});
