import type { RememberingIterator } from "../../model/labels-before.ts";
import type { Labels } from "../../model/metric-family.ts";
import type { KeptRun, RunReader } from "../../model/metric-run.ts";
import type { Child, Flyweight, LabelMerger } from "./flyweights.ts";
import { listKeys } from "./list-keys.ts";
import type { RegistryMetric } from "./registry.ts";

/**
 * How many children of a run are looked up first; the number doubles each time. The processor then
 * fetches many in parallel, and short runs waste no look-ups.
 */
const FIRST_LOOK_UPS = 32;

/** What a run reads of a child of any type; the store is known only by its shape. */
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
  /** Adds the registry's default labels to a child's own. */
  readonly merge: LabelMerger;
  /** Called for a child whose labels object is that of a child before it. */
  readonly onDuplicate: () => void;
  /** The labels objects that several children had at some time. */
  readonly shared: WeakSet<Labels>;
  /** Called at the end, when the walk may be started again. */
  readonly giveBack: (walk: StoreWalk) => void;
}

/**
 * A walk through the children of a store.
 *
 * It meets what was there when it began: in a map, the children; in a hash map, the keys, of which some may be
 * gone since. An iterator of a map would not do: what the application removes and adds again while a scrape
 * pauses, it visits twice.
 *
 * Hot path: every label set of every scrape passes here; `npm run bench` measures it. Not a generator,
 * which takes twice as long per element; it returns the same result object each time.
 */
export class StoreWalk implements RunReader, RememberingIterator {
  readonly #options: StoreWalkOptions;
  readonly #step: IteratorResult<Flyweight, undefined>;
  #hashMap: Readonly<Record<string, unknown>> | undefined;
  /** What identifies the children: the keys of a hash map, or else the children themselves. */
  #keys: readonly unknown[] = [];
  /** The children, of a hash map only those that have been looked up. */
  #children: unknown[] = [];
  /** How many have been passed. */
  #index = 0;
  #previous: Labels | undefined;
  /** The labels objects of the children that were read one by one; made for the second. */
  #used: Set<Labels> | undefined;

  constructor(options: StoreWalkOptions) {
    this.#options = options;
    this.#step = { done: false, value: options.flyweight };
  }

  [Symbol.iterator](): this {
    return this;
  }

  start(): void {
    const { hashMap, store } = this.#options.metric;
    this.#hashMap = hashMap;
    this.#index = 0;
    if (hashMap === undefined) {
      this.#children = [...(store?.values() ?? [])];
      this.#keys = this.#children;
    } else {
      // Listing the keys and looking each up is several times cheaper than listing the values of such a
      // large object.
      this.#keys = listKeys(hashMap);
      this.#children = new Array(this.#keys.length);
    }
  }

  next(): IteratorResult<Flyweight, undefined> {
    while (this.#index < this.#keys.length) {
      this.#lookUp(1);
      const index = this.#index++;
      // `gauge.set()` of prom-client replaces the child; only its key stays.
      if (this.#pointAt(this.#keys[index], this.#children[index])) return this.#step;
    }
    return this.#end();
  }

  *labelsBefore(): Generator<Labels, void, undefined> {
    for (let at = 0; at < this.#index - 1; at++) {
      const child = this.#children[at];
      // A key may be gone, and what has no labels is not served.
      const labels = isObject(child) ? (child as Child).labels : undefined;
      if (labels) yield this.#options.merge(labels);
    }
  }

  readRun(run: KeptRun): number {
    let entry = run.from;
    for (let length = FIRST_LOOK_UPS; entry < run.to; length *= 2) {
      const end = Math.min(entry + length, run.to);
      const read = this.#options.isHistogram
        ? this.#readHistograms(run, entry, end)
        : this.#readValues(run, entry, end);
      entry += read;
      this.#index += read;
      if (entry < end) break;
    }
    return entry - run.from;
  }

  /** Updates entries of plain values and returns how many; stops at the first unexpected child. */
  #readValues(run: KeptRun, from: number, to: number): number {
    const { identities, numbers, changed, shape } = run;
    const start = this.#index;
    const count = this.#lookUp(to - from);
    const keys = this.#keys;
    const children = this.#children;
    const first = run.firstNumbers[from] as number;
    let previous = this.#previous;
    let read = 0;
    for (; read < count; read++) {
      const child = children[start + read];
      if (keys[start + read] !== identities[from + read] || !isObject(child)) break;
      const { labels, value, exemplar } = child as RunChild;
      if (!labels || labels === previous || typeof value !== "number") break;
      if (shape.hasExemplars && exemplar) break;
      previous = labels;
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
    const start = this.#index;
    const count = this.#lookUp(to - from);
    const children = this.#children;
    let previous = this.#previous;
    let read = 0;
    for (; read < count; read++) {
      const entry = from + read;
      const child = children[start + read];
      if (!isObject(child)) break;
      const { labels, bucketValues, bucketExemplars, count: total, sum } = child as RunChild;
      if (bucketValues === undefined || bucketValues !== identities[entry]) break;
      if (!labels || labels === previous) break;
      if (shape.hasExemplars && bucketExemplars !== undefined) break;
      const end = firstNumbers[entry + 1] as number;
      if (numbers[end - shape.countFromEnd] !== total || numbers[end - shape.sumFromEnd] !== sum) {
        this.#options.flyweight.pointAt(undefined, child);
        if (!run.compare(entry, this.#options.flyweight)) break;
      }
      previous = labels;
    }
    this.#previous = previous;
    return read;
  }

  /**
   * Looks up the next children of a hash map and does nothing else, so that the processor fetches many in
   * parallel. Returns how many there are.
   */
  #lookUp(most: number): number {
    const keys = this.#keys;
    const from = this.#index;
    const end = Math.min(from + most, keys.length);
    const hashMap = this.#hashMap;
    const children = this.#children;
    if (hashMap !== undefined) {
      for (let at = from; at < end; at++) children[at] = hashMap[keys[at] as string];
    }
    return end - from;
  }

  #pointAt(identity: unknown, child: unknown): boolean {
    // The application may remove a label set while a slow scrape is under way.
    if (!isObject(child)) return false;
    const { labels } = child as Child;
    if (!labels) return false;
    const isDuplicate = this.#isShared(labels, child);
    if (isDuplicate) this.#options.onDuplicate();
    return !isDuplicate && this.#options.flyweight.pointAt(identity, child);
  }

  /**
   * Whether the labels object of a child is that of one before it, too: the store keeps the caller's
   * object, and a caller that changes and reuses it makes the children before look the same.
   *
   * A run remembers no labels. It cannot miss any: what was kept of a child is the text of the labels that
   * it had at the time, or another child with its object has been met, and that is remembered for good.
   */
  #isShared(labels: Labels, child: unknown): boolean {
    const previous = this.#previous;
    this.#previous = labels;
    if (previous === undefined || previous === labels) return previous === labels;
    this.#used ??= new Set([previous]);
    const used = this.#used;
    if (used.size >= MAX_REMEMBERED) return used.has(labels);
    const { size } = used;
    const isUsed = used.add(labels).size === size;
    if (isUsed) this.#options.shared.add(labels);
    return isUsed || (this.#options.shared.has(labels) && this.#firstWith(labels) !== child);
  }

  #firstWith(labels: Labels): unknown {
    const first = this.#children.slice(0, MAX_REMEMBERED);
    return first.find((child) => (child as Child | undefined)?.labels === labels);
  }

  #end(): IteratorResult<Flyweight, undefined> {
    this.#keys = [];
    this.#children = [];
    this.#previous = undefined;
    this.#used = undefined;
    this.#options.giveBack(this);
    return END;
  }
}

/**
 * How many labels objects of a family are remembered: to remember them all took a third of the time of a
 * fresh encoding of 20,000 label sets, and memory with each.
 */
const MAX_REMEMBERED = 100;

const END = { done: true, value: undefined } as const;

/** Whether `value` may have members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
