import assert from "node:assert/strict";
import { test } from "node:test";
import type { SentNumbers } from "../../../src/server/thread/messages.ts";
import { NumbersReader, NumbersWriter } from "../../../src/server/thread/shared-numbers.ts";

function write(writer: NumbersWriter, values: readonly number[]): SentNumbers {
  const numbers = writer.allocate(values.length);
  numbers.set(values);
  return writer.send(numbers);
}

test("numbers are written to shared memory, which is announced once", () => {
  const writer = new NumbersWriter();
  const reader = new NumbersReader();
  const first = write(writer, [1, 2, 3]);
  assert.ok(first.shared instanceof SharedArrayBuffer);
  assert.deepEqual([...reader.take(first)], [1, 2, 3]);
  const second = write(writer, [4, 5]);
  assert.deepEqual(second, { count: 2 });
  assert.deepEqual([...reader.take(second)], [4, 5]);
});

test("numbers that were taken stay as they are", () => {
  const writer = new NumbersWriter();
  const reader = new NumbersReader();
  const taken = reader.take(write(writer, [1]));
  reader.take(write(writer, [2]));
  assert.deepEqual([...taken], [1]);
});

test("numbers come with the message while those before have not been taken", () => {
  const writer = new NumbersWriter();
  const reader = new NumbersReader();
  const sent = [[1], [2], [3, 4]].map((values) => write(writer, values));
  assert.deepEqual(
    sent.map(({ own }) => own !== undefined),
    [false, true, true],
  );
  assert.deepEqual(
    sent.map((numbers) => [...reader.take(numbers)]),
    [[1], [2], [3, 4]],
  );
  assert.deepEqual(write(writer, [5]), { count: 1 });
});

test("memory grows with the numbers, and is given back when most of it is idle", () => {
  const writer = new NumbersWriter();
  const reader = new NumbersReader();
  const sizes = [10, 50_000, 50_001, 10].map((count) => {
    const sent = write(writer, Array(count).fill(count));
    assert.equal(reader.take(sent).length, count);
    return sent.shared?.byteLength;
  });
  const [small = 0, large = 0, same, given = 0] = sizes;
  assert.ok(small < 10_000, `${small}`);
  assert.ok(large > 50_000 * 8 && large < 80_000 * 8, `${large}`);
  assert.equal(same, undefined);
  assert.equal(given, small);
});

test("memory that has not been announced is announced with the next numbers", () => {
  const writer = new NumbersWriter();
  const reader = new NumbersReader();
  // A walk that is given up never sends what it has allocated.
  writer.allocate(10);
  assert.deepEqual([...reader.take(write(writer, [7]))], [7]);
});

test("a reader throws where no memory was ever sent", () => {
  assert.throws(() => new NumbersReader().take({ count: 1 }), /No memory/);
});
