/**
 * What a process has counted before, as another worker.
 *
 * A process that leaves its group and takes part again with the same registry is another worker. The hub
 * retains what the one before has counted, so the next one tells only what has been counted since: this is
 * deducted from its numbers. A counter that was reset in between counts on, as it does for a hub.
 */
import { labelsKey } from "../../model/identity.ts";
import type { MetricType } from "../../model/metric-family.ts";
import type { Pace } from "./sending/pace.ts";
import type { FamilyHead, Row, RowShape, Snapshot } from "./snapshot.ts";

/** What tells the families of a source apart. */
interface FamilyName {
  readonly name: string;
  readonly type: MetricType;
}

/** The totals of one label set. */
export class FormerRow {
  readonly #type: MetricType;
  readonly #bounds: readonly number[];
  /** What counts elsewhere. */
  readonly #deducted: Float64Array;
  /** What it was when it was last read. */
  readonly #last: Float64Array;

  constructor(type: MetricType, bounds: readonly number[], numbers: Float64Array) {
    this.#type = type;
    this.#bounds = bounds;
    // A hub retains no NaN, and infinity less infinity is NaN.
    this.#deducted = numbers.map((number) => (Number.isFinite(number) ? number : 0));
    this.#last = this.#deducted.slice();
  }

  /** Deducts it from the numbers that begin at `first`, unless they are of other buckets: they begin anew. */
  deduct(bounds: readonly number[], numbers: Float64Array, first: number): void {
    const [deducted, last] = [this.#deducted, this.#last];
    // The quantiles of a summary are not totals.
    const start = this.#type === "summary" ? bounds.length : 0;
    const isSame =
      bounds.length === this.#bounds.length &&
      bounds.every((bound, at) => bound === this.#bounds[at]);
    if (!isSame) {
      deducted.fill(0);
      last.fill(0);
      return;
    }
    const hasFallen = this.#hasFallen(numbers, first, start);
    for (let at = start; at < deducted.length; at++) {
      const number = numbers[first + at] as number; // A row is as long as its bounds say.
      if (hasFallen) deducted[at] = (deducted[at] as number) - (last[at] as number);
      if (Number.isFinite(number)) last[at] = number;
      numbers[first + at] = number - (deducted[at] as number);
    }
  }

  #hasFallen(numbers: Float64Array, first: number, start: number): boolean {
    const last = this.#last;
    // The sum of a histogram, which is last, may fall.
    const end = this.#type === "counter" ? last.length : last.length - 1;
    for (let at = start; at < end; at++) {
      if ((numbers[first + at] as number) < (last[at] as number)) return true;
    }
    return false;
  }
}

/** The label sets of one family, by `formerKey()`. */
export type FormerRows = Map<string, FormerRow>;

/** Makes the key of a label set: whoever looks one up may have its names in another order. */
export function formerKey({ names }: RowShape, [, ...values]: Row): string {
  return labelsKey(Object.fromEntries(names.map((name, at) => [name, values[at]])));
}

interface Family {
  readonly head: FamilyHead;
  readonly shapes: RowShape[];
  readonly rows: Row[];
  /** The indexes of those with a native histogram, which is never retained. */
  readonly natives: Set<number>;
}

/** What was counted of one source, until a family of it goes. */
export class FormerTotals {
  readonly #numbers: Float64Array;
  /** The families that were not looked for yet, with the index of their first number. */
  readonly #unread = new Map<string, readonly [family: Family, first: number]>();
  readonly #families = new Map<string, FormerRows>();

  /**
   * @param snapshot That of a sender which has told nothing before.
   * @param isRetained Whether a hub retains such a family of workers that are gone.
   */
  constructor(
    { layout, order, numbers }: Pick<Snapshot, "layout" | "order" | "numbers">,
    isRetained: (family: FamilyName) => boolean,
  ) {
    this.#numbers = numbers;
    const families = new Map<number, Family>();
    for (const { id, head, shapes = [], splices = [], natives = [] } of layout.flat()) {
      if (head !== undefined) families.set(id, { head, shapes: [], rows: [], natives: new Set() });
      const family = families.get(id) as Family; // Its first change has the head.
      for (const shape of shapes) family.shapes.push(shape);
      for (const { rows } of splices) for (const row of rows) family.rows.push(row);
      for (const [row] of natives) family.natives.add(row);
    }
    let first = 0;
    for (const id of order) {
      const family = families.get(id) as Family; // Its layout has come.
      if (isRetained(family.head)) this.#unread.set(keyOf(family.head), [family, first]);
      for (const row of family.rows) first += widthOf(family, row);
    }
  }

  /** Finds the label sets of a family; yields where it may pause. */
  *rowsOf(name: FamilyName, pace: Pace): Generator<undefined, FormerRows | undefined, undefined> {
    const key = keyOf(name);
    const unread = this.#unread.get(key);
    if (unread === undefined) return this.#families.get(key);
    const former: FormerRows = new Map();
    let [family, first] = unread;
    const { head, shapes, rows, natives } = family;
    for (const [index, row] of rows.entries()) {
      const shape = shapes[row[0]] as RowShape; // It has come before the row.
      const numbers = this.#numbers.subarray(first, first + totalsIn(head.type, shape));
      if (!natives.has(index)) {
        former.set(formerKey(shape, row), new FormerRow(head.type, shape.bounds, numbers));
      }
      first += widthOf(family, row);
      if (pace.isOver(1)) yield;
    }
    this.#unread.delete(key);
    this.#families.set(key, former);
    return former;
  }

  /** Forgets a family that is gone: one that comes begins anew. */
  forget(name: FamilyName): void {
    this.#unread.delete(keyOf(name));
    this.#families.delete(keyOf(name));
  }
}

function keyOf({ name, type }: FamilyName): string {
  return `${type} ${name}`;
}

/** How many numbers of a row are those of its type. */
function totalsIn(type: MetricType, { bounds }: RowShape): number {
  return type === "counter" ? 1 : bounds.length + 2;
}

function widthOf({ head, shapes }: Family, [index]: Row): number {
  const { type, hasTimestamps, hasStartTimestamps } = head;
  const columns = Number(hasTimestamps === true) + Number(hasStartTimestamps === true);
  return totalsIn(type, shapes[index] as RowShape) + columns;
}
