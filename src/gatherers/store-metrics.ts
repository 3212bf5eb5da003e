import type { Labels } from "../model/metric-family.ts";
import { type Child, type Flyweight, flyweightFactory, type LabelMerger } from "./flyweights.ts";
import { type RegistryMetric, typeOf } from "./registry.ts";

/** What the reading of a store needs to know of its registry. */
export interface StoreContext {
  /** Adds the registry's default labels to a child's own. */
  readonly merge: LabelMerger;
  /** Called for a child whose labels are those of the child before it. */
  readonly onDuplicate: () => void;
}

/**
 * Tells whether a metric's store can be read directly: it is of a type that we know, has the shape
 * that we know, and nobody has put another `get()` in the place of the library's.
 */
export function hasKnownStore(metric: RegistryMetric): boolean {
  if (!isLibraryGet(metric)) return false;
  const hasStore = isObject(metric.hashMap) || typeof metric.store?.values === "function";
  switch (typeOf(metric)) {
    case "counter":
    case "gauge":
      return hasStore;
    case "histogram":
      return hasStore && Array.isArray(metric.upperBounds);
    case "summary":
      // A summary that prunes itself does so in `get()`.
      return hasStore && Array.isArray(metric.percentiles) && !metric.pruneAgedBuckets;
    default:
      return false;
  }
}

/** The methods that read a metric, each with what the library may have put in its place. */
const READERS = [
  ["get", "_getSync", "_getAsync"],
  ["getForPromString", "_getForPromStringSync", "_getForPromStringAsync"],
] as const;

/**
 * In every library the class of a metric, which alone stands between it and their base class, has
 * the readers; `@platformatic/prom-client` gives each metric the one of two that suits it.
 */
function isLibraryGet(metric: RegistryMetric): boolean {
  const members = metric as unknown as Readonly<Record<string, unknown>>; // it may have any
  const library = classPrototype(metric);
  return READERS.every(
    ([name, ...inPlace]) =>
      members[name] === library?.[name] ||
      inPlace.some((method) => members[name] === library?.[method]),
  );
}

/** The third prototype from the end: below `Object.prototype` and that of the base class. */
function classPrototype(metric: RegistryMetric): Readonly<Record<string, unknown>> | undefined {
  const chain: Record<string, unknown>[] = [];
  let next: unknown = Object.getPrototypeOf(metric);
  while (isObject(next)) {
    chain.push(next);
    next = Object.getPrototypeOf(next);
  }
  return chain.at(-3);
}

/** The metrics of a store that `hasKnownStore()`; one iterable serves any number of scrapes. */
export function storeMetrics(metric: RegistryMetric, context: StoreContext): Iterable<Flyweight> {
  const createFlyweight = flyweightFactory(metric, context.merge);
  // Most families are small: to make a walk costs more than to walk one label set.
  let spare: StoreWalk | undefined;
  const giveBack = (walk: StoreWalk): void => {
    spare = walk;
  };
  return {
    [Symbol.iterator]() {
      const walk = spare ?? new StoreWalk(metric, createFlyweight(), context.onDuplicate, giveBack);
      spare = undefined;
      walk.start();
      return walk;
    },
  };
}

/**
 * A walk through the children of a store.
 *
 * Hot path: every label set of every scrape passes here; `npm run bench` guards it. It is no
 * generator, which takes twice as long for an element, and gives one result again and again.
 */
class StoreWalk implements Iterator<Flyweight> {
  readonly #metric: RegistryMetric;
  readonly #flyweight: Flyweight;
  readonly #step: IteratorResult<Flyweight, undefined>;
  readonly #onDuplicate: () => void;
  readonly #giveBack: (walk: StoreWalk) => void;
  #hashMap: Readonly<Record<string, unknown>> | undefined;
  #keys: readonly string[] = [];
  #index = 0;
  #children: Iterator<unknown> | undefined;
  #previous: Labels | undefined;

  constructor(
    metric: RegistryMetric,
    flyweight: Flyweight,
    onDuplicate: () => void,
    giveBack: (walk: StoreWalk) => void,
  ) {
    this.#metric = metric;
    this.#flyweight = flyweight;
    this.#step = { done: false, value: flyweight };
    this.#onDuplicate = onDuplicate;
    this.#giveBack = giveBack;
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

  #nextOfStore(): IteratorResult<Flyweight, undefined> {
    for (;;) {
      const { done = true, value: child } = this.#children?.next() ?? END;
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
