import type { Labels } from "../../model/metric-family.ts";
import type { KeptRun, RunReader } from "../../model/metric-run.ts";
import type { Child, Flyweight } from "./flyweights.ts";
import type { RegistryMetric } from "./registry.ts";

/**
 * How many children of a run are looked up at first; then twice as many each time. So the processor
 * fetches many at the same time, and where runs are short no look-ups are made in vain.
 */
const FIRST_LOOK_UPS = 32;

/** What a run reads of a child, whatever its type; the store is only what it looks like. */
interface RunChild {
  readonly labels?: Labels;
  readonly value?: unknown;
  readonly exemplar?: unknown;
  readonly bucketValues?: unknown;
  readonly bucketExemplars?: unknown;
  readonly count?: unknown;
  readonly sum?: unknown;
}

/** What a walk through a store needs. */
export interface StoreWalkOptions {
  readonly metric: RegistryMetric;
  readonly isHistogram: boolean;
  readonly flyweight: Flyweight;
  /** Called for a child whose labels are those of the child before it. */
  readonly onDuplicate: () => void;
  /** Called at the end, when the walk may be started again. */
  readonly giveBack: (walk: StoreWalk) => void;
}

/**
 * A walk through the children of a store.
 *
 * Hot path: every label set of every scrape passes here; `npm run bench` guards it. It is no
 * generator, which takes twice as long for an element, and gives one result again and again.
 */
export class StoreWalk implements RunReader {
  readonly #metric: RegistryMetric;
  readonly #isHistogram: boolean;
  readonly #flyweight: Flyweight;
  readonly #step: IteratorResult<Flyweight, undefined>;
  readonly #onDuplicate: () => void;
  readonly #giveBack: (walk: StoreWalk) => void;
  #hashMap: Readonly<Record<string, unknown>> | undefined;
  #keys: readonly string[] = [];
  #index = 0;
  #children: Iterator<unknown> | undefined;
  /** The child that a run has ended at; an iterator cannot go back. */
  #pending: unknown;
  #previous: Labels | undefined;

  constructor({ metric, isHistogram, flyweight, onDuplicate, giveBack }: StoreWalkOptions) {
    this.#metric = metric;
    this.#isHistogram = isHistogram;
    this.#flyweight = flyweight;
    this.#step = { done: false, value: flyweight };
    this.#onDuplicate = onDuplicate;
    this.#giveBack = giveBack;
  }

  [Symbol.iterator](): this {
    return this;
  }

  start(): void {
    const { hashMap, store } = this.#metric;
    this.#hashMap = hashMap;
    this.#index = 0;
    if (hashMap === undefined) this.#children = store?.values()[Symbol.iterator]();
    // To list the keys and look each up is several times cheaper than to list the values of an
    // object that large.
    else this.#keys = Object.keys(hashMap);
  }

  next(): IteratorResult<Flyweight, undefined> {
    return this.#hashMap === undefined ? this.#nextOfStore() : this.#nextOfHashMap(this.#hashMap);
  }

  readRun(run: KeptRun): number {
    let entry = run.from;
    for (let length = FIRST_LOOK_UPS; entry < run.to; length *= 2) {
      const end = Math.min(entry + length, run.to);
      const read = this.#isHistogram
        ? this.#readHistograms(run, entry, end)
        : this.#readValues(run, entry, end);
      entry += read;
      this.#index += read;
      if (entry < end) break;
    }
    return entry - run.from;
  }

  /** Brings entries of plain values up to date, and tells how many; it ends at whatever is odd. */
  #readValues(run: KeptRun, from: number, to: number): number {
    const { identities, numbers, changed, shape } = run;
    const children = this.#lookUp(to - from);
    const count = children?.length ?? to - from;
    const first = run.firstNumbers[from] as number;
    let previous = this.#previous;
    let read = 0;
    for (; read < count; read++) {
      const child = children === undefined ? this.#take() : children[read];
      const identity = children === undefined ? child : this.#keys[this.#index + read];
      if (identity !== identities[from + read] || !isObject(child)) break;
      const { labels, value, exemplar } = child as RunChild;
      if (!labels || labels === previous || typeof value !== "number") break;
      if (shape.hasExemplars && exemplar) break;
      previous = labels;
      this.#pending = undefined;
      const old = numbers[first + read] as number;
      if (value === old || (Number.isNaN(value) && Number.isNaN(old))) continue;
      numbers[first + read] = value;
      changed.push(first + read);
    }
    this.#previous = previous;
    return read;
  }

  /** The same for histograms. */
  #readHistograms(run: KeptRun, from: number, to: number): number {
    const { identities, numbers, firstNumbers, shape } = run;
    const children = this.#lookUp(to - from);
    const length = children?.length ?? to - from;
    let previous = this.#previous;
    let read = 0;
    for (; read < length; read++) {
      const entry = from + read;
      const child = children === undefined ? this.#take() : children[read];
      if (!isObject(child)) break;
      const { labels, bucketValues, bucketExemplars, count, sum } = child as RunChild;
      if (bucketValues === undefined || bucketValues !== identities[entry]) break;
      if (!labels || labels === previous) break;
      if (shape.hasExemplars && bucketExemplars !== undefined) break;
      const end = firstNumbers[entry + 1] as number;
      if (numbers[end - 3] !== count || numbers[end - shape.sumFromEnd] !== sum) {
        this.#flyweight.pointAt(undefined, child);
        if (!run.compare(entry, this.#flyweight)) break;
      }
      previous = labels;
      this.#pending = undefined;
    }
    this.#previous = previous;
    return read;
  }

  /**
   * Looks up the next children of a hash map, and nothing else, so that the processor fetches many
   * of them at the same time; of an iterator nothing is taken ahead.
   *
   * A new array each time: what is written to an old one passes the barrier of the garbage
   * collector.
   */
  #lookUp(most: number): unknown[] | undefined {
    const hashMap = this.#hashMap;
    if (hashMap === undefined) return undefined;
    const keys = this.#keys;
    const first = this.#index;
    const children = new Array<unknown>(Math.min(most, keys.length - first));
    for (let at = 0; at < children.length; at++) children[at] = hashMap[keys[first + at] as string];
    return children;
  }

  /** Takes the next child of the iterator; it is pending until a run has read it. */
  #take(): unknown {
    this.#pending = this.#children?.next().value;
    return this.#pending;
  }

  #nextOfStore(): IteratorResult<Flyweight, undefined> {
    for (;;) {
      const pending = this.#pending;
      this.#pending = undefined;
      const { done = true, value: child } =
        pending === undefined ? (this.#children?.next() ?? END) : { done: false, value: pending };
      if (done) return this.#end();
      if (this.#pointAt(child, child)) return this.#step;
    }
  }

  #nextOfHashMap(hashMap: Readonly<Record<string, unknown>>): IteratorResult<Flyweight, undefined> {
    while (this.#index < this.#keys.length) {
      const key = this.#keys[this.#index++] as string; // index < length
      // `gauge.set()` replaces the child, so its key is what stays.
      if (this.#pointAt(key, hashMap[key])) return this.#step;
    }
    return this.#end();
  }

  #pointAt(identity: unknown, child: unknown): boolean {
    // A series may be removed while a slow scrape is on its way.
    if (!isObject(child)) return false;
    const { labels } = child as Child;
    if (!labels) return false;
    // The store keeps the caller's own object: one that was changed and used again makes the
    // children before it look the same.
    const isDuplicate = labels === this.#previous;
    this.#previous = labels;
    if (isDuplicate) this.#onDuplicate();
    return !isDuplicate && this.#flyweight.pointAt(identity, child);
  }

  #end(): IteratorResult<Flyweight, undefined> {
    this.#keys = [];
    this.#children = undefined;
    this.#previous = undefined;
    this.#giveBack(this);
    return END;
  }
}

const END = { done: true, value: undefined } as const;

/** Tells whether `value` may have members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
