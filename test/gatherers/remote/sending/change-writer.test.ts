import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ChangeWriter,
  jsonBytes,
  packed,
  rowBytes,
  shapeBytes,
} from "../../../../src/gatherers/remote/sending/change-writer.ts";
import { scaleRuns } from "../../../helpers/scale-runs.ts";

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

test("jsonBytes(), rowBytes() and shapeBytes() are never less than the JSON", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", "\0", '"\\', ""));
  const property = fc.property(fc.array(text), fc.array(fc.double()), (texts, numbers) => {
    for (const one of texts) assert.ok(jsonBytes(one) >= bytesOf(one), one);
    const row = [70_000, ...texts] as const;
    assert.ok(rowBytes(row) >= bytesOf(row));
    const shape = { names: texts, bounds: numbers };
    assert.ok(shapeBytes(shape) >= bytesOf(shape));
  });
  fc.assert(property, { numRuns: scaleRuns(200) });
});

test("jsonBytes() is exact for plain text", () => {
  assert.equal(jsonBytes("/api/v1/items/{id}"), bytesOf("/api/v1/items/{id}"));
});

test("a ChangeWriter continues a splice in the next change", () => {
  const writer = new ChangeWriter(7);
  writer.splice(10, 4);
  const value = "x".repeat(30_000);
  for (let row = 0; row < 5; row++) writer.row([0, value], rowBytes([0, value]));
  const pieces = packed(writer.changes);
  for (const piece of pieces) assert.ok(bytesOf(piece) <= 65_536);
  const splices = pieces.flat().flatMap(({ id, splices: list = [] }) => {
    assert.equal(id, 7);
    return list.map(({ at, removed, rows }) => ({ at, removed, count: rows.length }));
  });
  assert.deepEqual(splices, [
    { at: 10, removed: 4, count: 2 },
    { at: 12, removed: 0, count: 2 },
    { at: 14, removed: 0, count: 1 },
  ]);
});

test("packed() keeps the order of changes, and makes no piece of nothing", () => {
  assert.deepEqual(packed([]), []);
  const changes = [1, 2, 3].map((id) => ({ change: { id }, bytes: 30_000 }));
  assert.deepEqual(packed(changes), [[{ id: 1 }, { id: 2 }], [{ id: 3 }]]);
});
