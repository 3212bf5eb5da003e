import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtocolError } from "../../../src/gatherers/remote/protocol-error.ts";
import { counterOf, TestGroup, takeSnapshot } from "./workers.ts";

// A peer sends all of it, and may have any fault. A mirror refuses what it cannot have meant, and goes on with
// what it had.

const NONE = {};
const HEAD = { name: "a_total", help: "", type: "counter" };
const SHAPE = { names: ["x"], bounds: [] };
const NATIVE = { schema: 0, zeroThreshold: 0, zeroCount: 0, positiveSpans: [], positiveCounts: [] };
const rows = (...values: unknown[]) => [{ at: 0, removed: 0, rows: values }];

/** A change of a new family with one row, with something else in it. */
const changed = (change: object) => [
  { id: 7, head: HEAD, shapes: [SHAPE], splices: rows([0, "1"]), ...change },
];

const BAD_LAYOUTS: readonly [what: string, piece: unknown][] = [
  ["no list", { id: 1 }],
  ["nothing", undefined],
  ["a change that is not an object", [1]],
  ["a change that is a list", [[]]],
  ["no id", [{ head: HEAD }]],
  ["a negative id", [{ id: -1, head: HEAD }]],
  ["half an id", [{ id: 1.5, head: HEAD }]],
  ["an unknown family", [{ id: 9 }]],
  ["a second head", [{ id: 0, head: HEAD }]],
  ["a head that is null", changed({ head: null })],
  ["an empty name", changed({ head: { ...HEAD, name: "" } })],
  ["a name that is not a string", changed({ head: { ...HEAD, name: 1 } })],
  ["no help", changed({ head: { name: "a", type: "counter" } })],
  ["an unknown type", changed({ head: { ...HEAD, type: "toString" } })],
  ["an aggregator that is not a string", changed({ head: { ...HEAD, aggregator: {} } })],
  ["a unit that is not a string", changed({ head: { ...HEAD, unit: 5 } })],
  ["timestamps that are not a boolean", changed({ head: { ...HEAD, hasTimestamps: 1 } })],
  ["shapes that are not a list", changed({ shapes: {} })],
  ["a shape without bounds", changed({ shapes: [{ names: ["x"] }] })],
  ["a label name that is not a string", changed({ shapes: [{ names: [1], bounds: [] }] })],
  ["an empty label name", changed({ shapes: [{ names: [""], bounds: [] }] })],
  ["a label name twice", changed({ shapes: [{ names: ["x", "x"], bounds: [] }] })],
  ["bounds that descend", changed({ shapes: [{ names: ["x"], bounds: [2, 1] }] })],
  ["a bound twice", changed({ shapes: [{ names: ["x"], bounds: [1, 1] }] })],
  ["an infinite bound", changed({ shapes: [{ names: ["x"], bounds: [null] }] })],
  ["a splice that is not an object", changed({ splices: [5] })],
  ["a splice beyond the rows", changed({ splices: [{ at: 1, removed: 0, rows: [] }] })],
  ["more rows removed than there are", changed({ splices: [{ at: 0, removed: 1, rows: [] }] })],
  ["a negative place", changed({ splices: [{ at: -1, removed: 0, rows: [] }] })],
  ["splices that descend", changed({ splices: [...rows([0, "1"], [0, "2"]), ...rows([0, "3"])] })],
  ["a family that is spliced twice", [...changed({}), { id: 7, splices: rows([0, "2"]) }]],
  ["a row that is not a list", changed({ splices: rows("1") })],
  ["a row of no shape", changed({ splices: rows([]) })],
  ["a row of an unknown shape", changed({ splices: rows([1, "1"]) })],
  ["a row with too few labels", changed({ splices: rows([0]) })],
  ["a row with too many labels", changed({ splices: rows([0, "1", "2"]) })],
  ["a label value that is not a string", changed({ splices: rows([0, 1]) })],
  ["an empty label value", changed({ splices: rows([0, ""]) })],
  ["an exemplar beyond the rows", changed({ exemplars: [[1, 0, null]] })],
  ["an exemplar beyond the buckets", changed({ exemplars: [[0, 1, null]] })],
  ["an exemplar without labels", changed({ exemplars: [[0, 0, { value: 1 }]] })],
  ["an exemplar of no value", changed({ exemplars: [[0, 0, { labels: {}, value: "1" }]] })],
  [
    "an exemplar of another label",
    changed({ exemplars: [[0, 0, { labels: { a: {} }, value: 1 }]] }),
  ],
  ["a native histogram beyond the rows", changed({ natives: [[1, null]] })],
  ["a native histogram that is not an object", changed({ natives: [[0, 5]] })],
  ["a native histogram without a schema", changed({ natives: [[0, { ...NATIVE, schema: "1" }]] })],
  [
    "spans of no length",
    changed({ natives: [[0, { ...NATIVE, positiveSpans: [{ offset: 1 }] }]] }),
  ],
  [
    "counts that are not numbers",
    changed({ natives: [[0, { ...NATIVE, positiveCounts: ["1"] }]] }),
  ],
];

/** A group with a worker that has counted 5. */
function createGroup() {
  const group = new TestGroup();
  const worker = group.join([counterOf("a_total", [NONE, 5])]);
  return { group, worker, mirror: worker.mirror };
}

for (const [what, piece] of BAD_LAYOUTS) {
  test(`a layout with ${what} is refused, and what was there counts on`, () => {
    const { group, worker, mirror } = createGroup();
    assert.throws(() => mirror.applyLayout(piece), ProtocolError);
    assert.deepEqual(group.lines(), ["a_total 5"]);
    group.retire(worker);
    assert.deepEqual(group.lines(), ["a_total 5"]);
  });
}

test("a refused layout leaves no label set behind", () => {
  const { group, worker, mirror } = createGroup();
  assert.throws(
    () => mirror.applyLayout(changed({ splices: [...rows([0, "1"], [0, "2"]), ...rows(5)] })),
    ProtocolError,
  );
  group.answer(worker, []);
  group.retire(worker);
  group.join([counterOf("a_total", [{ x: "2" }, 5])]);
  assert.deepEqual(group.lines(), ['a_total{x="2"} 5']);
});

const numbers = (...values: number[]) => new Float64Array(values);
const BAD_NUMBERS: readonly [what: string, rest: object][] = [
  ["too few", { order: [0], isPartial: false, numbers: numbers() }],
  ["too many", { order: [0], isPartial: false, numbers: numbers(1, 2) }],
  ["a list", { order: [0], isPartial: false, numbers: [1] }],
  ["an unknown family", { order: [1], isPartial: false, numbers: numbers() }],
  ["a family twice", { order: [0, 0], isPartial: false, numbers: numbers(1, 1) }],
  ["an order that is not a list", { order: 0, isPartial: false, numbers: numbers(1) }],
  ["an id that is not a number", { order: ["0"], isPartial: false, numbers: numbers(1) }],
  ["no word on whether they are all", { order: [0], numbers: numbers(1) }],
];

for (const [what, rest] of BAD_NUMBERS) {
  test(`numbers that are ${what} are refused, and the last ones count on`, () => {
    const { group, mirror } = createGroup();
    // A peer sends anything.
    const apply = () => mirror.applyNumbers(rest as Parameters<typeof mirror.applyNumbers>[0]);
    assert.throws(apply, ProtocolError);
    assert.deepEqual(group.lines(), ["a_total 5"]);
  });
}

test("a layout whose numbers never come changes nothing", () => {
  const { group, worker, mirror } = createGroup();
  const { layout } = takeSnapshot(worker.sender, [counterOf("a_total", [{ x: "1" }, 1])]);
  for (const piece of layout) mirror.applyLayout(piece);
  assert.deepEqual(group.lines(), ["a_total 5"]);
  group.retire(worker);
  assert.deepEqual(group.lines(), ["a_total 5"]);
});

test("a mirror counts its label sets and numbers", () => {
  const { mirror } = createGroup();
  assert.deepEqual([mirror.seriesCount, mirror.numberCount], [1, 1]);
});

test("a label set that a worker lists twice is counted once", () => {
  const { group, mirror } = createGroup();
  mirror.applyLayout([
    {
      id: 1,
      head: { ...HEAD, name: "b_total" },
      shapes: [SHAPE],
      splices: rows([0, "1"], [0, "2"], [0, "1"]),
    },
  ]);
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: numbers(1, 2, 4) });
  assert.deepEqual(group.lines(), ['b_total{x="1"} 1', 'b_total{x="2"} 2']);
  // The first goes, the second stays.
  mirror.applyLayout([{ id: 1, splices: [{ at: 0, removed: 1, rows: [] }] }]);
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: numbers(2, 4) });
  assert.deepEqual(group.lines(), ['b_total{x="1"} 4', 'b_total{x="2"} 2']);
});

test("a label set that is listed twice falls only where it is counted", () => {
  const { group, mirror } = createGroup();
  const head = { ...HEAD, name: "b_total" };
  mirror.applyLayout([{ id: 1, head, shapes: [SHAPE], splices: rows([0, "1"], [0, "1"]) }]);
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: numbers(5, 9) });
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: numbers(6, 2) });
  assert.deepEqual(group.lines(), ['b_total{x="1"} 6']);
});

test("one row with many buckets does not take their room for all others", () => {
  const { group, mirror } = createGroup();
  const bounds = Array.from({ length: 10_000 }, (_, index) => index);
  const head = { name: "h", help: "", type: "histogram" };
  const shapes = [SHAPE, { names: ["x"], bounds }];
  const many = Array.from({ length: 10_000 }, (_, index) => [0, String(index)]);
  mirror.applyLayout([{ id: 1, head, shapes, splices: rows(...many.slice(0, 1_000)) }]);
  assert.throws(
    () => mirror.applyLayout([{ id: 1, splices: rows(...many.slice(1_000), [1, "wide"]) }]),
    ProtocolError,
  );
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: new Float64Array(2_000) });
  assert.equal(group.lines().length, 3_000);
});

test("splices are applied one after the other", () => {
  const { group, mirror } = createGroup();
  const splice = (at: number, removed: number, ...values: string[]) => ({
    at,
    removed,
    rows: values.map((value) => [0, value]),
  });
  mirror.applyLayout([
    {
      id: 1,
      head: { ...HEAD, name: "b_total" },
      shapes: [SHAPE],
      splices: [splice(0, 0, "a", "b"), splice(2, 0, "c", "d")],
    },
  ]);
  mirror.applyLayout([{ id: 1, splices: [splice(0, 1), splice(0, 1, "e", "f"), splice(3, 1)] }]);
  mirror.applyNumbers({ order: [1], isPartial: false, numbers: numbers(1, 2, 3) });
  assert.deepEqual(group.lines().toSorted(), [
    'b_total{x="c"} 3',
    'b_total{x="e"} 1',
    'b_total{x="f"} 2',
  ]);
});
