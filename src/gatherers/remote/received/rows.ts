import type { BoundSet } from "./bound-sets.ts";
import type { RowNames } from "./series-table.ts";

/** What rows of one family of one worker have in common. */
export interface WorkerShape {
  readonly names: RowNames;
  readonly bounds: BoundSet;
  /** How many numbers a row has. */
  readonly width: number;
}

/** The rows of one family of one worker: for each the slot of its label set, and its shape. Never changes. */
export class Rows {
  readonly slots: Int32Array;
  readonly shapeOf: Uint16Array;
  readonly shapes: readonly WorkerShape[];
  /** The number of numbers of all rows. */
  readonly numberCount: number;
  /** The slots, with -1 for a row whose label set another before it has. */
  readonly counted: Int32Array;
  /** Where the numbers of each row begin; absent where all have as many. */
  readonly #firsts: Uint32Array | undefined;
  readonly #width: number;

  constructor(slots: Int32Array, shapeOf: Uint16Array, shapes: readonly WorkerShape[]) {
    this.slots = slots;
    this.shapeOf = shapeOf;
    this.shapes = shapes;
    this.#width = shapes[0]?.width ?? 0;
    const isUniform = shapes.every(({ width }) => width === this.#width);
    this.#firsts = isUniform ? undefined : firstsOf(shapeOf, shapes);
    this.numberCount = this.#firsts?.[slots.length] ?? slots.length * this.#width;
    this.counted = withoutRepeats(slots);
  }

  get length(): number {
    return this.slots.length;
  }

  /** Whether others are the same rows, whoever has them. */
  isSame(others: Rows): boolean {
    const isSameShape = ({ bounds, width }: WorkerShape, index: number) =>
      others.shapes[index]?.bounds === bounds && others.shapes[index]?.width === width;
    return (
      isEqual(this.slots, others.slots) &&
      isEqual(this.shapeOf, others.shapeOf) &&
      this.shapes.every(isSameShape)
    );
  }

  /** The row of a number. */
  rowOf(index: number): number {
    if (this.#firsts === undefined) return Math.floor(index / this.#width);
    let [row, end] = [0, this.length];
    // Halves what is left: the row is in front of `end`.
    while (end - row > 1) {
      const middle = (row + end) >> 1;
      if ((this.#firsts[middle] as number) <= index) row = middle;
      else end = middle;
    }
    return row;
  }

  /** Where the numbers of a row begin; behind the last, where they end. */
  firstOf(row: number): number {
    return this.#firsts === undefined ? row * this.#width : (this.#firsts[row] as number);
  }

  /** The shape of a row that is there. */
  shapeAt(row: number): WorkerShape {
    return this.shapes[this.shapeOf[row] as number] as WorkerShape; // Checked when it came.
  }
}

function isEqual<T extends Int32Array | Uint16Array>(some: T, others: T): boolean {
  return some.length === others.length && some.every((value, at) => value === others[at]);
}

function firstsOf(shapeOf: Uint16Array, shapes: readonly WorkerShape[]): Uint32Array {
  const firsts = new Uint32Array(shapeOf.length + 1);
  for (let row = 0; row < shapeOf.length; row++) {
    const { width } = shapes[shapeOf[row] as number] as WorkerShape; // Checked when it came.
    firsts[row + 1] = (firsts[row] as number) + width;
  }
  return firsts;
}

/** By slot, for one function at a time: all zero outside of it. */
let marks = new Int32Array(1_024);

/** An array by slot that is all zero, and must be again before anything else is called. */
export function cleanMarks(slots: Int32Array): Int32Array {
  let highest = 0;
  for (let row = 0; row < slots.length; row++) highest = Math.max(highest, slots[row] as number);
  if (marks.length <= highest) marks = new Int32Array(highest * 2);
  return marks;
}

function withoutRepeats(slots: Int32Array): Int32Array {
  const seen = cleanMarks(slots);
  let counted = slots;
  for (let row = 0; row < slots.length; row++) {
    const slot = slots[row] as number;
    if (seen[slot] === 1) {
      if (counted === slots) counted = slots.slice();
      counted[row] = -1;
    }
    seen[slot] = 1;
  }
  for (let row = 0; row < slots.length; row++) seen[slots[row] as number] = 0;
  return counted;
}

/** Replaces rows in one pass, at places that ascend. */
export class RowEditor {
  readonly #slots: Int32Array;
  readonly #shapeOf: Uint16Array;
  #read = 0;
  #write = 0;
  #newSlots: Int32Array;
  #newShapeOf: Uint16Array;

  constructor(slots: Int32Array, shapeOf: Uint16Array) {
    this.#slots = slots;
    this.#shapeOf = shapeOf;
    this.#newSlots = new Int32Array(slots.length);
    this.#newShapeOf = new Uint16Array(slots.length);
  }

  /** Removes rows, and returns their slots; `insert()` adds rows at that place. */
  remove(at: number, count: number): Int32Array {
    this.#copy(at - this.#write);
    const removed = this.#slots.subarray(this.#read, this.#read + count);
    this.#read += count;
    return removed;
  }

  insert(slot: number, shape: number): void {
    if (this.#write === this.#newSlots.length) this.#grow(this.#write + 1);
    this.#newSlots[this.#write] = slot;
    this.#newShapeOf[this.#write++] = shape;
  }

  /** Ends the pass. */
  finish(): readonly [slots: Int32Array, shapeOf: Uint16Array] {
    this.#copy(this.#slots.length - this.#read);
    return [this.#newSlots.slice(0, this.#write), this.#newShapeOf.slice(0, this.#write)];
  }

  #copy(count: number): void {
    const end = this.#read + count;
    if (this.#write + count > this.#newSlots.length) this.#grow(this.#write + count);
    this.#newSlots.set(this.#slots.subarray(this.#read, end), this.#write);
    this.#newShapeOf.set(this.#shapeOf.subarray(this.#read, end), this.#write);
    this.#read = end;
    this.#write += count;
  }

  #grow(least: number): void {
    const length = Math.max(least, this.#newSlots.length * 2, 16);
    const slots = new Int32Array(length);
    const shapeOf = new Uint16Array(length);
    slots.set(this.#newSlots);
    shapeOf.set(this.#newShapeOf);
    this.#newSlots = slots;
    this.#newShapeOf = shapeOf;
  }
}
