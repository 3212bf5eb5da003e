import assert from "node:assert/strict";
import { test } from "node:test";
import type { Element } from "../../../src/page/browser/dom.ts";
import { comparatorOf, joinRows, type Row } from "../../../src/page/browser/list.ts";
import type { ListedFamily } from "../../../src/page/measure/list-families.ts";

function rowOf(name: string, changes: Partial<Row> = {}): Row {
  const size = { sets: 1, series: 1 };
  return {
    name,
    type: "gauge",
    ...size,
    text: name,
    element: undefined,
    listed: undefined,
    ...changes,
  };
}

function familyOf(name: string): ListedFamily {
  return [name, "gauge", "Help.", 1, 2, ["label"]];
}

test("comparatorOf() sorts by each order, the larger family first where it is the same", () => {
  const rows = [
    rowOf("b", { series: 5 }),
    rowOf("a", { type: "counter" }),
    rowOf("c", { sets: 9 }),
    rowOf("d", { type: "counter", series: 2 }),
  ];
  const sorted = (order: Parameters<typeof comparatorOf>[0]) =>
    [...rows]
      .sort(comparatorOf(order))
      .map(({ name }) => name)
      .join("");
  assert.equal(sorted("name"), "abcd");
  assert.equal(sorted("type"), "dabc");
  assert.equal(sorted("series"), "bdac");
  assert.equal(sorted("sets"), "cbda");
});

test("joinRows() keeps the rows that are there, adds the others, and leaves our own out", () => {
  const element = {} as Element;
  const long = "n".repeat(201);
  const shown = [rowOf("a", { element }), rowOf(`${"n".repeat(200)}…`, { element }), rowOf("gone")];
  const rows = joinRows(shown, [long, "b", "a", "own", long].map(familyOf), [rowOf("own")]);
  assert.deepEqual(
    rows.map((row) => [row.name.length, row.element === element]),
    [
      [201, true],
      [1, false],
      [1, true],
      [201, false],
    ],
  );
  assert.equal(rows[1]?.text, "b gauge help. label");
});
