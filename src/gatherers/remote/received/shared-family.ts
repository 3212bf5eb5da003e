import type { Exemplar, MetricType } from "../../../model/metric-family.ts";
import type { MergePolicy } from "../merge-policy.ts";
import type { FamilyHead, Row } from "../snapshot.ts";
import { type BoundSet, BoundSets } from "./bound-sets.ts";
import { LatestExemplars } from "./latest-exemplars.ts";
import type { Rows } from "./rows.ts";
import { type RowNames, restrided, SeriesTable, sized } from "./series-table.ts";

const BUCKETS_DIFFER = "its buckets differ between workers; kept those that all have";

/** What is to be reported once of a family. */
export type FaultOnce =
  | typeof BUCKETS_DIFFER
  | "its aggregator cannot be applied to several workers; kept the value of the first"
  | "it has the label of the worker itself; kept its own";

/** The sum of a histogram is last, its count before it; the counts of its buckets are first. */
export const COUNT_FROM_END = 2;

/**
 * How many numbers of one family are kept at most: all slots have room for as many as the widest. All workers
 * have 10,000,000, and a journal may replace all label sets several times.
 */
const MAX_NUMBERS = 2 ** 26;

/**
 * What is known of one family, by name and type, of all workers together: its label sets, and what is retained.
 *
 * All arrays are by slot; those of numbers have `stride` of them for each.
 */
export class SharedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly policy: MergePolicy;
  readonly table: SeriesTable = new SeriesTable();
  readonly boundSets: BoundSets = new BoundSets();
  /** Whether its metrics have buckets, or at least a count and a sum, that can be added. */
  readonly isDistribution: boolean;
  /** The head that was used last; families of one name and type may differ in help and unit. */
  head: FamilyHead;
  /** The merged numbers of each slot, and whether it is served. */
  out: Float64Array = new Float64Array(0);
  present: Uint8Array = new Uint8Array(0);
  /** What was counted by workers that are gone, or before a reset, and where there is any. */
  retained: Float64Array = new Float64Array(0);
  kept: Uint8Array = new Uint8Array(0);
  stride: number;
  /** The bounds of each slot: those that all workers have that ever had it. */
  readonly bounds: (BoundSet | undefined)[] = [];
  /** What encoders tell metrics apart by; not the id, where a metric's bounds have changed since. */
  readonly #identities = new Map<number, number>();
  /** When the last owner went of each slot that is only retained now; the oldest is first. */
  readonly orphans: Map<number, number> = new Map();
  /** The slots whose last owner has removed the series, until `freeRemoved()`. */
  readonly #removed = new Set<number>();
  readonly exemplars: LatestExemplars = new LatestExemplars();
  /** Whether anything has changed since it was merged. */
  isDirty = true;
  /** Whether its numbers may be added in another order than when it was merged. */
  isReordered = true;
  /** Whether what is retained has changed since it was taken for the next hub. */
  isRetainedDirty = false;
  /** How many mirrors have it. */
  workerCount = 0;
  /** Those that came last, of any worker. */
  #rows: Rows | undefined;
  readonly #faults: FaultOnce[] = [];
  readonly #known = new Set<FaultOnce>();
  #lastRenewal = 0;

  constructor(head: FamilyHead, policy: MergePolicy) {
    this.name = head.name;
    this.type = head.type;
    this.head = head;
    this.policy = policy;
    this.isDistribution = isDistribution(head.type);
    this.stride = this.isDistribution ? COUNT_FROM_END : 1;
  }

  /** Whether nothing is left of it. */
  get isEmpty(): boolean {
    return this.workerCount === 0 && this.table.size === 0;
  }

  /** Whether the value that changed last is kept, of whichever worker. */
  get isRecent(): boolean {
    return this.policy.kind === "gauge" && this.#aggregator === "mostRecent";
  }

  get #aggregator(): string | undefined {
    return this.policy.aggregator ?? this.head.aggregator;
  }

  /** Whether the numbers of more rows have room, if any of them has as many bounds. */
  hasRoomFor(rows: number, bounds: number): boolean {
    if (!this.isDistribution || this.policy.kind === "perWorker") return true;
    const stride = Math.max(this.stride, bounds + COUNT_FROM_END);
    return (this.table.length + rows) * stride <= MAX_NUMBERS;
  }

  /** Finds or makes the slot of a row, for one more owner. */
  acquire(names: RowNames, row: Row, bounds: BoundSet): number {
    const slot = this.table.acquire(names, row);
    if (this.orphans.size > 0) this.orphans.delete(slot);
    if (this.#removed.size > 0) this.#removed.delete(slot);
    if (this.isDistribution && this.policy.kind !== "perWorker") this.#narrow(slot, bounds);
    this.isDirty = true;
    return slot;
  }

  /**
   * Ends what `acquire()` began.
   *
   * @param goneAt When the worker went; `undefined` if it removed the series, which then goes with it, unless
   *   another worker brings it before `freeRemoved()`.
   */
  disown(slot: number, goneAt: number | undefined): void {
    this.isDirty = true;
    if (this.table.disown(slot) > 0) return;
    const isKept = this.kept[slot] === 1;
    if (isKept && goneAt !== undefined) this.orphans.set(slot, goneAt);
    else if (isKept && this.policy.kind === "total") this.#removed.add(slot);
    else this.free(slot);
  }

  /**
   * Forgets the series that nobody has any more. Must not be called before all workers that were asked have
   * answered: what one removes another may have, whoever answers first.
   */
  freeRemoved(): void {
    for (const slot of this.#removed) this.free(slot);
  }

  /** Forgets a slot without an owner. */
  free(slot: number): void {
    this.table.free(slot);
    this.orphans.delete(slot);
    this.#removed.delete(slot);
    this.exemplars.delete(slot);
    this.#identities.delete(slot);
    this.bounds[slot] = undefined;
    if (this.present.length > slot) this.present[slot] = 0;
    if (this.kept[slot] === 1) {
      this.kept[slot] = 0;
      this.isRetainedDirty = true;
    }
    this.isDirty = true;
  }

  /** Adds the numbers of one row, which its worker no longer counts, to what is retained. */
  retain(slot: number, bounds: BoundSet, numbers: Float64Array, first: number): void {
    const at = this.#retainedAt(slot);
    const { retained } = this;
    this.isReordered = true;
    // A NaN would make the sum NaN forever.
    if (this.isDistribution) {
      const own = numbers.slice(first, first + bounds.values.length + COUNT_FROM_END);
      for (let at = 0; at < own.length; at++) if (Number.isNaN(own[at])) own[at] = 0;
      this.add(retained, slot, bounds, own, 0);
      return;
    }
    const value = numbers[first] as number;
    if (!Number.isNaN(value)) retained[at] = (retained[at] as number) + value;
  }

  /** Adds to one number of what is retained what rounding has taken from the sum. */
  lift(slot: number, at: number, by: number): void {
    this.#retainedAt(slot);
    this.retained[at] = (this.retained[at] as number) + by;
  }

  /** Keeps the value that has changed last. */
  setRecent(slot: number, value: number): void {
    this.retained[this.#retainedAt(slot)] = value;
  }

  /** Adds a distribution to that of a slot: at the bounds that the slot has. */
  add(
    to: Float64Array,
    slot: number,
    bounds: BoundSet,
    numbers: Float64Array,
    first: number,
  ): void {
    const own = this.bounds[slot] ?? bounds;
    const { length } = own.values;
    const start = slot * this.stride;
    const end = start + this.stride;
    const indexes = own === bounds ? undefined : own.indexesIn(bounds);
    // Not when it comes: as a native histogram it is not added to others.
    if (indexes !== undefined) this.noteFault(BUCKETS_DIFFER);
    for (let at = 0; at < length; at++) {
      const from = first + (indexes === undefined ? at : (indexes[at] as number));
      to[start + at] = (to[start + at] as number) + (numbers[from] as number);
    }
    const count = first + bounds.values.length;
    to[end - 2] = (to[end - 2] as number) + (numbers[count] as number);
    to[end - 1] = (to[end - 1] as number) + (numbers[count + 1] as number);
  }

  /** Makes the arrays as long as the table, before they are filled. */
  makeRoom(): void {
    const { capacity } = this.table;
    if (this.present.length < capacity) this.present = sized(this.present, capacity);
    if (this.out.length < capacity * this.stride)
      this.out = sized(this.out, capacity * this.stride);
  }

  /** What an encoder knows a merged metric by. */
  identityAt(slot: number): number {
    const renewed = this.#identities.size === 0 ? undefined : this.#identities.get(slot);
    return renewed ?? (this.table.ids[slot] as number);
  }

  /** Returns one object for the rows of all workers that have the same, which most workers of a group do. */
  shareRows(rows: Rows): Rows {
    if (this.#rows?.isSame(rows) !== true) this.#rows = rows;
    return this.#rows ?? rows;
  }

  /** Keeps the exemplar of a value or a bucket, unless a later one is there. */
  setExemplar(slot: number, bounds: BoundSet, bucket: number, exemplar: Exemplar): void {
    const own = this.bounds[slot] ?? bounds;
    this.exemplars.add(slot, own === bounds ? bucket : own.bucketOf(exemplar.value), exemplar);
    this.isDirty = true;
  }

  /** Notes what is reported once, at the next merge. */
  noteFault(fault: FaultOnce): void {
    if (this.#known.has(fault)) return;
    this.#known.add(fault);
    this.#faults.push(fault);
  }

  /** What has not been reported yet. */
  takeFaults(): readonly FaultOnce[] {
    return this.#faults.length === 0 ? NO_FAULTS : this.#faults.splice(0);
  }

  #retainedAt(slot: number): number {
    const { capacity } = this.table;
    if (this.kept.length < capacity) this.kept = sized(this.kept, capacity);
    if (this.retained.length < capacity * this.stride) {
      this.retained = sized(this.retained, capacity * this.stride);
    }
    const at = slot * this.stride;
    if (this.kept[slot] !== 1) this.retained.fill(0, at, at + this.stride);
    this.kept[slot] = 1;
    this.isDirty = true;
    this.isRetainedDirty = true;
    return at;
  }

  /** Leaves a slot only the bounds that a new row has, too: those of a sum that has any other are unknown. */
  #narrow(slot: number, given: BoundSet): void {
    const bounds = this.type === "summary" ? this.boundSets.of([]) : given;
    const before = this.bounds[slot];
    if (before === bounds) return;
    if (bounds.values.length + COUNT_FROM_END > this.stride) {
      this.#widen(bounds.values.length + COUNT_FROM_END);
    }
    if (before === undefined) {
      this.bounds[slot] = bounds;
      return;
    }
    const common = this.boundSets.common(before, bounds);
    if (common === before) return;
    this.bounds[slot] = common;
    this.isRetainedDirty = true;
    // A scrape may be reading the merged numbers.
    for (const numbers of [this.out, this.retained]) this.#project(numbers, slot, before, common);
    this.exemplars.narrow(slot, common);
    // Its lines have changed, so it is another metric for encoders. Ids are whole numbers; this is not.
    this.#identities.set(slot, ++this.#lastRenewal + 0.5);
  }

  #project(numbers: Float64Array, slot: number, from: BoundSet, to: BoundSet): void {
    const start = slot * this.stride;
    if (numbers.length <= start) return;
    // Ascending, so that none is overwritten before it has moved.
    to.indexesIn(from).forEach((index, at) => {
      numbers[start + at] = numbers[start + index] as number;
    });
  }

  #widen(stride: number): void {
    const before = this.stride;
    this.stride = stride;
    this.out = restrided(this.out, before, stride, COUNT_FROM_END);
    this.retained = restrided(this.retained, before, stride, COUNT_FROM_END);
  }
}

const NO_FAULTS: readonly FaultOnce[] = [];

function isDistribution(type: MetricType): boolean {
  return type === "histogram" || type === "gaugehistogram" || type === "summary";
}
