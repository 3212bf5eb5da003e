/**
 * Checks a piece of a layout before anything of it is used: a peer sent it, and may have any fault. What
 * depends on the rows that are there is checked where they are (`worker-family.ts`).
 */
import { type Exemplar, METRIC_TYPES, type NativeHistogram } from "../../../model/metric-family.ts";
import { expect, expectIndex, expectList, expectObject } from "../protocol-error.ts";
import { type FamilyHead, type LayoutPiece, MAX_SHAPES } from "../snapshot.ts";

/** What any worker may have at most. */
export const MAX_FAMILIES = 100_000;
export const MAX_ROWS = 8_000_000;
const MAX_BOUNDS = 100_000;

/**
 * Checks the changes of a layout.
 *
 * @param labelCountsOf How many labels the rows of each shape of a family have, as far as it is known.
 * @throws {ProtocolError}
 */
export function readLayout(
  piece: unknown,
  labelCountsOf: (id: number) => readonly number[],
): LayoutPiece {
  expectList(piece, "a layout");
  /** By id, with the shapes that the changes before have added. */
  const added = new Map<number, readonly number[]>();
  const spliced = new Set<unknown>();
  for (const change of piece) {
    expectObject(change, "a change of a family");
    const { id, head, shapes, splices, exemplars, natives } = change;
    expectIndex(id, Number.MAX_SAFE_INTEGER, "the id of a family");
    if (head !== undefined) expectHead(head);
    let labelCounts = added.get(id) ?? labelCountsOf(id);
    if (shapes !== undefined) {
      labelCounts = [...labelCounts, ...checkShapes(shapes)];
      expect(labelCounts.length <= MAX_SHAPES, "the number of shapes");
      added.set(id, labelCounts);
    }
    // Each time, all rows of the family are copied.
    expect(splices === undefined || !spliced.has(id), "a family that is spliced twice in a piece");
    if (splices !== undefined) spliced.add(id);
    checkSplices(splices, labelCounts);
    eachOf(exemplars, "exemplars", checkExemplarEntry);
    eachOf(natives, "native histograms", checkNativeEntry);
  }
  return piece as LayoutPiece; // Checked above.
}

function expectHead(head: unknown): asserts head is FamilyHead {
  expectObject(head, "the head of a family");
  const { name, help, type, unit, aggregator, hasTimestamps, hasStartTimestamps } = head;
  expect(typeof name === "string" && name !== "", "the name of a family");
  expect(typeof help === "string", "the help of a family");
  expect(METRIC_TYPES.has(type), "the type of a family");
  for (const text of [unit, aggregator]) {
    expect(text === undefined || typeof text === "string", "the unit or aggregator of a family");
  }
  for (const flag of [hasTimestamps, hasStartTimestamps]) {
    expect(flag === undefined || typeof flag === "boolean", "the timestamps of a family");
  }
}

function eachOf(list: unknown, what: string, check: (element: unknown) => void): void {
  if (list === undefined) return;
  expectList(list, what);
  for (const element of list) check(element);
}

/** Returns how many labels the rows of each have. */
function checkShapes(shapes: unknown): readonly number[] {
  const counts: number[] = [];
  eachOf(shapes, "shapes", (shape) => {
    expectObject(shape, "a shape");
    const { names, bounds } = shape;
    expectList(names, "the names of labels");
    expect(
      names.every((name) => typeof name === "string" && name !== ""),
      "the name of a label",
    );
    expect(new Set(names).size === names.length, "a label that is there twice");
    counts.push(names.length);
    expectList(bounds, "bounds");
    expect(bounds.length <= MAX_BOUNDS, "the number of bounds");
    bounds.forEach((bound, at) => {
      const isAscending = at === 0 || (bound as number) > (bounds[at - 1] as number);
      expect(Number.isFinite(bound) && isAscending, "a bound");
    });
  });
  return counts;
}

function checkSplices(splices: unknown, labelCounts: readonly number[]): void {
  let end = 0;
  eachOf(splices, "splices", (splice) => {
    expectObject(splice, "a splice");
    const { at, removed, rows } = splice;
    expectIndex(at, MAX_ROWS, "the place of a splice");
    expect(at >= end, "splices that descend");
    expectIndex(removed, MAX_ROWS, "the number of rows that are removed");
    expectList(rows, "rows");
    checkRows(rows, labelCounts);
    end = at + rows.length;
  });
}

function checkRows(rows: readonly unknown[], labelCounts: readonly number[]): void {
  for (const row of rows) {
    expectList(row, "a row");
    expectIndex(row[0], labelCounts.length, "the shape of a row");
    expect(row.length - 1 === labelCounts[row[0]], "the number of labels of a row");
    for (let index = 1; index < row.length; index++) {
      expect(typeof row[index] === "string" && row[index] !== "", "the value of a label");
    }
  }
}

function checkExemplarEntry(entry: unknown): void {
  expectList(entry, "an exemplar");
  const [row, bucket, exemplar] = entry;
  expectIndex(row, MAX_ROWS, "the row of an exemplar");
  expectIndex(bucket, MAX_BOUNDS + 1, "the bucket of an exemplar");
  if (exemplar !== null) expectExemplar(exemplar);
}

function expectExemplar(exemplar: unknown): asserts exemplar is Exemplar {
  expectObject(exemplar, "an exemplar");
  const { labels, value, timestampMs } = exemplar;
  expectObject(labels, "the labels of an exemplar");
  expect(
    Object.values(labels).every((text) => typeof text === "string"),
    "a label of an exemplar",
  );
  expect(typeof value === "number", "the value of an exemplar");
  expect(
    timestampMs === undefined || typeof timestampMs === "number",
    "the timestamp of an exemplar",
  );
}

function checkNativeEntry(entry: unknown): void {
  expectList(entry, "a native histogram");
  const [row, native] = entry;
  expectIndex(row, MAX_ROWS, "the row of a native histogram");
  if (native !== null) expectNative(native);
}

function expectNative(native: unknown): asserts native is NativeHistogram {
  expectObject(native, "a native histogram");
  const { schema, zeroThreshold, zeroCount, exemplars } = native;
  for (const number of [schema, zeroThreshold, zeroCount]) {
    expect(typeof number === "number", "a number of a native histogram");
  }
  const { positiveSpans, positiveCounts, negativeSpans, negativeCounts } = native;
  expectList(positiveSpans, "spans");
  expectList(positiveCounts, "the counts of spans");
  for (const spans of [positiveSpans, negativeSpans]) eachOf(spans, "spans", checkSpan);
  for (const counts of [positiveCounts, negativeCounts]) {
    eachOf(counts, "the counts of spans", (count) => expect(typeof count === "number", "a count"));
  }
  eachOf(exemplars, "exemplars", expectExemplar);
}

function checkSpan(span: unknown): void {
  expectObject(span, "a span");
  const { offset, length } = span;
  expect(Number.isInteger(offset), "the offset of a span");
  expectIndex(length, MAX_ROWS, "the length of a span");
}
