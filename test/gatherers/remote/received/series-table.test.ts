import assert from "node:assert/strict";
import { test } from "node:test";
import { SeriesTable } from "../../../../src/gatherers/remote/received/series-table.ts";

test("a label set has one slot, whatever the order of its names", () => {
  const table = new SeriesTable();
  const ab = table.namesOf(["a", "b"]);
  const ba = table.namesOf(["b", "a"]);
  const slot = table.acquire(ab, [0, "1", "2"]);
  assert.equal(table.acquire(ba, [0, "2", "1"]), slot);
  assert.notEqual(table.acquire(ba, [0, "1", "2"]), slot);
  assert.deepEqual(table.labelsAt(slot), { a: "1", b: "2" });
  assert.equal(table.owners[slot], 2);
});

const LABELS: readonly Readonly<Record<string, string>>[] = [
  {},
  { a: "1" },
  { b: "1" },
  { a: "1", b: "1" },
  { a: "1\n1" },
  { a: "1\\n1" },
  { a: "1\\" },
  { a: "\\#1" },
  { a: "\n", b: "1" },
  { a: "\n\n1" },
  { a: "\\\\\n\\n", b: "\0" },
  { "": "1" },
];

for (const first of LABELS) {
  test(`all label sets are told apart and read back, ${JSON.stringify(first)} before the others`, () => {
    const table = new SeriesTable();
    const all = [first, ...LABELS.filter((labels) => labels !== first)];
    const slots = all.map((labels) => {
      return table.acquire(table.namesOf(Object.keys(labels)), [0, ...Object.values(labels)]);
    });
    assert.equal(new Set(slots).size, all.length);
    assert.deepEqual(
      slots.map((slot) => ({ ...table.labelsAt(slot) })),
      all,
    );
  });
}

test("a free slot is used again, with another id", () => {
  const table = new SeriesTable();
  const names = table.namesOf(["a"]);
  const slot = table.acquire(names, [0, "1"]);
  const id = table.ids[slot];
  assert.equal(table.disown(slot), 0);
  table.free(slot);
  assert.deepEqual([table.size, table.length, table.ids[slot]], [0, 1, 0]);
  assert.equal(table.acquire(names, [0, "2"]), slot);
  assert.notEqual(table.ids[slot], id);
  assert.deepEqual(table.labelsAt(slot), { a: "2" });
});

test("a table that many label sets pass through stays as large as it was at most", () => {
  const table = new SeriesTable();
  const names = table.namesOf(["a"]);
  for (let round = 0; round < 100; round++) {
    const slots = Array.from({ length: 40 }, (_, index) => {
      return table.acquire(names, [0, `${round} ${index}`]);
    });
    for (const slot of slots) {
      table.disown(slot);
      table.free(slot);
    }
  }
  assert.deepEqual([table.length, table.capacity, table.size], [40, 64, 0]);
});
