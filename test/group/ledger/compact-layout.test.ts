import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LayoutPiece, Row, Splice } from "../../../src/gatherers/remote/snapshot.ts";
import { CompactLayout, splicedRows } from "../../../src/group/ledger/compact-layout.ts";

const HEAD = { name: "requests_total", help: "", type: "counter" } as const;

function rowsOf(...values: readonly number[]): readonly Row[] {
  return values.map((value) => [0, `${value}`] as const);
}

test("splicedRows() does what splices do one after the other, in any order", () => {
  const splice = fc.record({
    at: fc.nat({ max: 12 }),
    removed: fc.nat({ max: 3 }),
    rows: fc.array(
      fc.integer().map((value) => rowsOf(value)[0] as Row),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.array(splice), (values, splices) => {
      const rows = rowsOf(...values);
      const expected = [...rows];
      // A peer's are checked before: none begins behind the last row.
      const valid: Splice[] = [];
      for (const { at, ...rest } of splices) {
        const start = Math.min(at, expected.length);
        const removed = Math.min(rest.removed, expected.length - start);
        expected.splice(start, removed, ...rest.rows);
        valid.push({ at: start, removed, rows: rest.rows });
      }
      assert.deepEqual(splicedRows(rows, valid), expected);
    }),
  );
});

function layoutOf(pieces: Iterable<LayoutPiece>): CompactLayout {
  const layout = new CompactLayout();
  for (const piece of pieces) layout.apply(piece);
  return layout;
}

test("pieces() gives the whole layout, without what has come and gone", () => {
  const shape = { names: ["path"], bounds: [] };
  const layout = layoutOf([
    [{ id: 1, head: HEAD, shapes: [shape] }],
    [{ id: 1, splices: [{ at: 0, removed: 0, rows: rowsOf(1, 2, 3) }] }],
    [{ id: 2, head: HEAD }],
    [{ id: 1, splices: [{ at: 1, removed: 1, rows: rowsOf(4, 5) }] }],
  ]);
  layout.keep(new Set([1]));
  assert.deepEqual(
    [...layout.pieces()],
    [
      [{ id: 1, head: HEAD }],
      [{ id: 1, shapes: [shape] }],
      [{ id: 1, splices: [{ at: 0, removed: 0, rows: rowsOf(1, 4, 5, 3) }] }],
    ],
  );
});

test("pieces() are at most 64 KiB long, whatever the labels are", () => {
  const rows: Row[] = Array.from({ length: 20_000 }, (_, i) => [0, `${i}`, "\u0001€".repeat(20)]);
  const layout = layoutOf([[{ id: 1, head: HEAD, splices: [{ at: 0, removed: 0, rows }] }]]);
  const pieces = [...layout.pieces()];
  assert.ok(pieces.length > 10);
  for (const piece of pieces) assert.ok(Buffer.byteLength(JSON.stringify(piece)) <= 64 * 1_024);
  assert.deepEqual([...layoutOf(pieces).pieces()], pieces);
});

test("apply() rejects a change of a family that has not begun", () => {
  assert.throws(() => layoutOf([[{ id: 1, splices: [] }]]), { message: /has not begun$/ });
});
