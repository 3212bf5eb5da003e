import type { Exemplar, MetricFamily, NativeHistogram } from "../../../model/metric-family.ts";
import { expect } from "../protocol-error.ts";
import type {
  ExemplarEntry,
  FamilyChange,
  FamilyHead,
  NativeEntry,
  RowShape,
} from "../snapshot.ts";
import type { BoundSet } from "./bound-sets.ts";
import { countOf, hasFallen } from "./has-fallen.ts";
import { cleanMarks, RowEditor, Rows, type WorkerShape } from "./rows.ts";
import { COUNT_FROM_END, type SharedFamily } from "./shared-family.ts";

const NO_ROWS = new Rows(new Int32Array(0), new Uint16Array(0), []);

let lastSerial = 0;

/** One family of one worker: which label sets it has, and their last numbers. */
export class WorkerFamily {
  /** Another one for each family that its mirror has ever had. */
  readonly id: number;
  readonly head: FamilyHead;
  readonly shared: SharedFamily;
  /** The rows that the numbers are of. */
  rows: Rows = NO_ROWS;
  numbers: Float64Array = new Float64Array(0);
  /** Whether numbers have come. */
  hasNumbers = false;
  /** The exemplars and the native histograms, by slot. */
  readonly exemplars: Map<number, (Exemplar | undefined)[]> = new Map();
  readonly natives: Map<number, NativeHistogram> = new Map();
  /** Part of the identity of its metrics. It changes when equal totals may hide different buckets. */
  serial: number = ++lastSerial;
  /** Its metrics as a family, for those who ask for this worker only. */
  ownFamily: MetricFamily | undefined;
  /** How many labels the rows of each shape have. */
  readonly labelCounts: number[] = [];
  /** The rows that the next numbers are of. */
  #next: Rows = NO_ROWS;
  readonly #shapes: WorkerShape[] = [];
  #mostBounds = 0;
  /** The slots of the rows that are no longer in the layout, until the next numbers show it. */
  #removed: number[] = [];
  /** Those among them that had a native histogram. */
  readonly #wereNative = new Set<number>();

  constructor(id: number, head: FamilyHead, shared: SharedFamily) {
    this.id = id;
    this.head = head;
    this.shared = shared;
    shared.workerCount++;
    shared.isDirty = true;
  }

  /** The number of rows, as the layout has it. */
  get rowCount(): number {
    return this.#next.length;
  }

  /** Whether the layout has changed since the last numbers came. */
  get isChanging(): boolean {
    return this.#next !== this.rows;
  }

  /** Whether more rows wait to be forgotten than have numbers: no sender removes what it has just added. */
  get isFlooded(): boolean {
    return this.#removed.length > this.rows.length;
  }

  /** How many numbers must come next. */
  get expectedNumbers(): number {
    return this.#next.numberCount;
  }

  /** Changes the layout. `readLayout()` has checked the change, except for what depends on the rows. */
  change({ shapes = [], splices = [], exemplars = [], natives = [] }: FamilyChange): void {
    for (const shape of shapes) {
      this.#shapes.push(this.#shapeOf(shape));
      this.labelCounts.push(shape.names.length);
      this.#mostBounds = Math.max(this.#mostBounds, shape.bounds.length);
    }
    if (splices.length > 0) this.#splice(splices);
    for (const entry of exemplars) this.#setExemplar(entry);
    for (const entry of natives) this.#setNative(entry);
  }

  /** Takes the numbers of all rows, which begin at `at`; a fall of a total is retained, as `rate()` does. */
  take(numbers: Float64Array, at: number): void {
    if (this.#next === this.rows) this.#update(numbers, at);
    else this.#replace(numbers.slice(at, at + this.#next.numberCount));
    this.hasNumbers = true;
  }

  /** Continues a family of the same worker, name and type that had another head. */
  succeed(before: WorkerFamily): void {
    this.rows = before.rows;
    this.numbers = before.numbers;
    for (const slot of before.#next.slots) this.#removed.push(slot);
    for (const slot of before.#removed) this.#removed.push(slot);
    // Even if it has no rows itself, they are not those of the one before.
    if (this.#next === NO_ROWS) this.#next = new Rows(NO_ROWS.slots, NO_ROWS.shapeOf, []);
    before.shared.workerCount--;
  }

  /**
   * Ends it.
   *
   * @param goneAt When its worker went; `undefined` if only the family did.
   * @param isRetained Whether what it has counted is retained.
   */
  end(goneAt: number | undefined, isRetained: boolean): void {
    const { shared, rows } = this;
    if (isRetained && shared.policy.kind === "total") {
      for (let row = 0; row < rows.length; row++) {
        const slot = rows.counted[row] as number;
        if (slot >= 0) this.#retain(row, slot);
      }
    }
    for (const slot of this.#next.slots) shared.disown(slot, goneAt);
    for (const slot of this.#removed) shared.disown(slot, goneAt);
    this.#removed = [];
    this.#next = NO_ROWS;
    this.rows = NO_ROWS;
    shared.workerCount--;
    shared.isDirty = true;
  }

  #shapeOf({ names, bounds }: RowShape): WorkerShape {
    const { table, boundSets, isDistribution } = this.shared;
    const { hasTimestamps = false, hasStartTimestamps = false } = this.head;
    const values = isDistribution ? bounds.length + COUNT_FROM_END : 1;
    return {
      names: table.namesOf(names),
      bounds: boundSets.of(bounds),
      width: values + Number(hasTimestamps) + Number(hasStartTimestamps),
    };
  }

  #splice(splices: NonNullable<FamilyChange["splices"]>): void {
    const { shared } = this;
    let { length } = this.#next;
    let added = 0;
    // Nothing may be left half-done.
    for (const { at, removed, rows } of splices) {
      expect(at + removed <= length, "the rows that are replaced");
      length += rows.length - removed;
      added += rows.length;
    }
    expect(shared.hasRoomFor(added, this.#mostBounds), "the number of buckets");
    const editor = new RowEditor(this.#next.slots, this.#next.shapeOf);
    for (const { at, removed, rows } of splices) {
      for (const slot of editor.remove(at, removed)) {
        this.#removed.push(slot);
        this.exemplars.delete(slot);
        if (this.natives.delete(slot)) this.#wereNative.add(slot);
      }
      for (const row of rows) {
        const { names, bounds } = this.#shapes[row[0]] as WorkerShape; // Checked when it came.
        editor.insert(shared.acquire(names, row, bounds), row[0]);
      }
    }
    this.#next = new Rows(...editor.finish(), this.#shapes);
  }

  #setExemplar([row, bucket, exemplar]: ExemplarEntry): void {
    expect(row < this.#next.length, "the row of an exemplar");
    const slot = this.#next.slots[row] as number; // row < length
    const { bounds } = this.#next.shapeAt(row);
    expect(bucket <= bounds.values.length, "the bucket of an exemplar");
    const all = this.exemplars.get(slot) ?? [];
    all[bucket] = exemplar ?? undefined;
    this.exemplars.set(slot, all);
    if (exemplar !== null) this.shared.setExemplar(slot, bounds, bucket, exemplar);
  }

  #setNative([row, native]: NativeEntry): void {
    expect(row < this.#next.length, "the row of a native histogram");
    const slot = this.#next.slots[row] as number; // row < length
    if (native === null) this.natives.delete(slot);
    else this.natives.set(slot, native);
    this.shared.isDirty = true;
  }

  /** Hot path: all numbers of all workers pass here at each scrape. Allocates nothing. */
  #update(fresh: Float64Array, at: number): void {
    const { numbers, rows, shared } = this;
    const { numberCount } = rows;
    const isPlain = shared.policy.kind !== "total" && !shared.isDistribution && !shared.isRecent;
    if (isPlain) {
      for (let index = 0; index < numberCount; index++) {
        const value = fresh[at + index] as number;
        if (value !== numbers[index]) shared.isDirty = true;
        numbers[index] = value;
      }
      return;
    }
    let index = 0;
    while (index < numberCount) {
      if (fresh[at + index] === numbers[index]) {
        index++;
        continue;
      }
      shared.isDirty = true;
      const row = rows.rowOf(index);
      const first = rows.firstOf(row);
      const end = rows.firstOf(row + 1);
      this.#compare(row, fresh, at + first, rows.shapeAt(row).bounds);
      for (; index < end; index++) numbers[index] = fresh[at + index] as number;
    }
  }

  /** The same after the layout has changed: rows are compared by label set. */
  #replace(fresh: Float64Array): void {
    const { rows: before, shared } = this;
    const after = this.#next;
    // One more than the row that each slot had.
    const rowOf = cleanMarks(before.slots);
    const { counted } = before;
    for (let row = 0; row < before.length; row++) {
      const slot = counted[row] as number;
      if (slot >= 0) rowOf[slot] = row + 1;
    }
    for (let row = 0; row < after.length; row++) {
      const slot = after.counted[row] as number;
      if (slot < 0) continue;
      // A slot that the rows before did not have may be beyond them.
      const known = rowOf[slot] ?? 0;
      const first = after.firstOf(row);
      if (known > 0) {
        this.#compare(known - 1, fresh, first, after.shapeAt(row).bounds);
        rowOf[slot] = 0;
      } else if (shared.isRecent) this.#notice(slot, fresh[first] as number);
    }
    for (let row = 0; row < before.length; row++) {
      const slot = counted[row] as number;
      if (slot < 0 || rowOf[slot] === 0) continue;
      rowOf[slot] = 0;
      // Another worker may have it, or bring it before it is freed.
      this.#retainFall(row, slot);
    }
    this.#next = shared.shareRows(after);
    this.rows = this.#next;
    this.numbers = fresh;
    for (const slot of this.#removed) shared.disown(slot, undefined);
    this.#removed = [];
    this.#wereNative.clear();
    shared.isDirty = true;
  }

  /** Compares the last numbers of a row with those that follow, and retains them if a total has fallen. */
  #compare(row: number, fresh: Float64Array, at: number, freshBounds: BoundSet): void {
    const { numbers, rows, shared } = this;
    const slot = rows.counted[row] as number;
    if (slot < 0) return;
    const first = rows.firstOf(row);
    if (shared.isRecent && fresh[at] !== numbers[first])
      shared.setRecent(slot, fresh[at] as number);
    if (!shared.isDistribution) {
      if ((fresh[at] as number) < (numbers[first] as number)) this.#retainFall(row, slot);
      return;
    }
    const { bounds } = rows.shapeAt(row);
    if (bounds !== freshBounds) this.serial = ++lastSerial;
    let isReset = false;
    if (bounds === freshBounds) {
      // The quantiles of a summary go up and down.
      const firstCount = shared.type === "summary" ? bounds.values.length : 0;
      for (let index = firstCount; index <= bounds.values.length && !isReset; index++) {
        isReset = (fresh[at + index] as number) < (numbers[first + index] as number);
      }
    } else {
      const before = { numbers, first, bounds };
      const after = { numbers: fresh, first: at, bounds: freshBounds };
      isReset =
        shared.type === "summary"
          ? countOf(after) < countOf(before)
          : hasFallen(before, after, shared.boundSets);
    }
    if (!isReset) return;
    this.serial = ++lastSerial;
    this.#retainFall(row, slot);
  }

  #retainFall(row: number, slot: number): void {
    if (this.shared.policy.kind === "total") this.#retain(row, slot);
  }

  #retain(row: number, slot: number): void {
    // It was not merged, so there is nothing to retain.
    if (this.natives.has(slot) || this.#wereNative.has(slot)) return;
    const { rows, numbers, shared } = this;
    shared.retain(slot, rows.shapeAt(row).bounds, numbers, rows.firstOf(row));
  }

  /** A new series: 0 is what a metric without labels is before it is set. */
  #notice(slot: number, value: number): void {
    if (value !== 0 || this.shared.kept[slot] !== 1) this.shared.setRecent(slot, value);
  }
}
