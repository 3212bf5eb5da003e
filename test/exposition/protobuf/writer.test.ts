import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ProtobufWriter } from "../../../src/exposition/protobuf/writer.ts";

/** What `write` writes, in hexadecimal. */
function written(write: (writer: ProtobufWriter) => void): string {
  const writer = new ProtobufWriter();
  write(writer);
  return Buffer.from(writer.take(0)).toString("hex");
}

const UINTS: readonly [number, string][] = [
  [0, "0800"],
  [127, "087f"],
  [128, "088001"],
  [300, "08ac02"],
  [2 ** 31 - 1, "08ffffffff07"],
  [2 ** 31, "088080808008"],
  [2 ** 32, "088080808010"],
  [Number.MAX_SAFE_INTEGER, "08ffffffffffffff0f"],
  [2 ** 63, "0880808080808080808001"],
];

for (const [value, expected] of UINTS) {
  test(`ProtobufWriter.uint() writes ${value}`, () => {
    assert.equal(
      written((writer) => writer.uint(0x08, value)),
      expected,
    );
  });
}

test("ProtobufWriter.uint() writes a tag of two bytes", () => {
  assert.equal(
    written((writer) => writer.uint(0x82, 1)),
    "820101",
  );
});

const INT64S: readonly [number, string][] = [
  [5, "0805"],
  [-1, "08ffffffffffffffffff01"],
  [-300, "08d4fdffffffffffffff01"],
  [Number.MIN_SAFE_INTEGER, "0881808080808080f0ff01"],
];

for (const [value, expected] of INT64S) {
  test(`ProtobufWriter.int64() writes ${value}`, () => {
    assert.equal(
      written((writer) => writer.int64(0x08, value)),
      expected,
    );
  });
}

test("ProtobufWriter.sint() writes zigzag numbers as small as they are", () => {
  const values = [0, -1, 1, 63, -64, 64, -65, 2 ** 31 - 1, -(2 ** 31)];
  assert.equal(
    written((writer) => {
      for (const value of values) writer.sint(0x28, value);
    }),
    "28002801280228" + "7e287f28800128810128feffffff0f28ffffffff0f",
  );
});

test("ProtobufWriter.packedSint() writes every safe integer exactly", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const bytes = Buffer.from(
        written((writer) => writer.packedSint(value)),
        "hex",
      );
      const zigzag = bytes.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n);
      assert.equal((zigzag >> 1n) ^ -(zigzag & 1n), BigInt(value));
    }),
  );
});

test("ProtobufWriter.double() writes eight bytes, the lowest first", () => {
  assert.equal(
    written((writer) => {
      writer.double(0x09, 3);
      writer.packedDouble(-0);
      writer.packedDouble(Number.POSITIVE_INFINITY);
    }),
    "090000000000000840" + "0000000000000080" + "000000000000f07f",
  );
});

test("ProtobufWriter.string() writes any text as its UTF-8", () => {
  const cases = ["", "a", "é", "花火", "😱", "a\ud800b", "\udc00", "x".repeat(48), "x".repeat(49)];
  for (const text of [...cases, "é".repeat(64), "y".repeat(20_000)]) {
    const bytes = Buffer.from(text);
    const size = bytes.length;
    const varint = size <= 127 ? [size] : [(size & 0x7f) | 0x80];
    if (size > 127)
      varint.push(...(size <= 16_383 ? [size >> 7] : [(size >> 7) | 0x80, size >> 14]));
    assert.equal(
      written((writer) => writer.string(0x0a, text)),
      Buffer.from([0x0a, ...varint, ...bytes]).toString("hex"),
    );
  }
});

test("ProtobufWriter.close() makes room for a length of more than one byte", () => {
  const writer = new ProtobufWriter();
  const outer = writer.open(0x0a);
  const inner = writer.open(0x12);
  for (let index = 0; index < 2_000; index++) writer.packedDouble(index);
  writer.close(inner);
  writer.uint(0x18, 7);
  writer.close(outer);
  const bytes = Buffer.from(writer.take(0));
  assert.equal(bytes.subarray(0, 6).toString("hex"), "0a857d12807d");
  assert.equal(bytes.length, 3 + 3 + 16_000 + 2);
  for (let index = 0; index < 2_000; index++) {
    assert.equal(bytes.readDoubleLE(6 + 8 * index), index);
  }
  assert.equal(bytes.subarray(-2).toString("hex"), "1807");
});

test("ProtobufWriter.close() makes room at the very end of its buffer", () => {
  for (let size = 16_300; size < 16_400; size++) {
    const text = "z".repeat(size);
    const writer = new ProtobufWriter();
    const start = writer.openDelimited();
    writer.raw(Buffer.from(text));
    writer.close(start);
    const length = size <= 16_383 ? 2 : 3;
    assert.equal(Buffer.from(writer.take(0)).subarray(length).toString(), text);
  }
});

test("ProtobufWriter.take() returns bytes that later writing does not touch", () => {
  const writer = new ProtobufWriter();
  writer.uint(0x08, 1);
  const start = writer.length;
  writer.uint(0x08, 2);
  const taken = writer.take(start);
  writer.uint(0x08, 3);
  assert.deepEqual(taken, new Uint8Array([8, 2]));
  assert.deepEqual(writer.take(0), new Uint8Array([8, 1, 8, 3]));
  assert.equal(writer.length, 0);
});

test("ProtobufWriter.closeTaken() writes the length of what was taken before", () => {
  const writer = new ProtobufWriter();
  writer.uint(0x08, 1);
  const start = writer.openDelimited();
  writer.raw(new Uint8Array(200));
  const length = writer.take(start).length;
  writer.closeTaken(start, length);
  assert.deepEqual(writer.take(0), new Uint8Array([8, 1, 0xc8, 1]));
});

test("ProtobufWriter.truncate() drops what was written since", () => {
  assert.equal(
    written((writer) => {
      writer.uint(0x08, 1);
      const start = writer.length;
      writer.uint(0x08, 2);
      writer.truncate(start);
    }),
    "0801",
  );
});
