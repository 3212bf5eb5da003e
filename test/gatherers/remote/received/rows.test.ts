import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundSets } from "../../../../src/gatherers/remote/received/bound-sets.ts";
import { Rows, type WorkerShape } from "../../../../src/gatherers/remote/received/rows.ts";
import { SharedFamily } from "../../../../src/gatherers/remote/received/shared-family.ts";

const sets = new BoundSets();

/** A shape of histograms. */
function shapeOf(...bounds: readonly number[]): WorkerShape {
  const names = { index: 0, order: undefined };
  return { names, bounds: sets.of(bounds), width: bounds.length + 2 };
}

function rowsOf(
  slots: readonly number[],
  shapeIndexes: readonly number[],
  ...shapes: readonly WorkerShape[]
): Rows {
  return new Rows(Int32Array.from(slots), Uint16Array.from(shapeIndexes), shapes);
}

test("rows are the same if their slots, their order and their bounds are", () => {
  const rows = rowsOf([3, 1, 2], [0, 0, 1], shapeOf(1), shapeOf(1, 2));
  const others: readonly [Rows, boolean][] = [
    [rowsOf([3, 1, 2], [0, 0, 1], shapeOf(1), shapeOf(1, 2)), true],
    [rowsOf([1, 3, 2], [0, 0, 1], shapeOf(1), shapeOf(1, 2)), false],
    [rowsOf([3, 1], [0, 0], shapeOf(1), shapeOf(1, 2)), false],
    [rowsOf([3, 1, 2], [0, 1, 1], shapeOf(1), shapeOf(1, 2)), false],
    [rowsOf([3, 1, 2], [0, 0, 1], shapeOf(1), shapeOf(1, 3)), false],
    [rowsOf([3, 1, 2], [0, 0, 1], shapeOf(1)), false],
  ];
  for (const [other, isSame] of others) assert.equal(rows.isSame(other), isSame);
});

test("a number is of one row, whatever the lengths of rows are", () => {
  for (const rows of [
    rowsOf([0, 1, 2], [0, 0, 0], shapeOf(1)),
    rowsOf([0, 1, 2, 3], [1, 0, 2, 1], shapeOf(1), shapeOf(), shapeOf(1, 2, 3)),
  ]) {
    for (let row = 0; row < rows.length; row++) {
      for (let at = rows.firstOf(row); at < rows.firstOf(row + 1); at++) {
        assert.equal(rows.rowOf(at), row);
      }
    }
    assert.equal(rows.firstOf(rows.length), rows.numberCount);
  }
});

test("all workers with the same rows share one object", () => {
  const head = { name: "requests_total", help: "", type: "counter" } as const;
  const policy = { kind: "total", aggregator: undefined, isProcessWide: false } as const;
  const shared = new SharedFamily(head, policy);
  const rows = rowsOf([0, 1], [0, 0], shapeOf());
  assert.equal(shared.shareRows(rows), rows);
  assert.equal(shared.shareRows(rowsOf([0, 1], [0, 0], shapeOf())), rows);
  const others = rowsOf([0], [0], shapeOf());
  assert.equal(shared.shareRows(others), others);
});
