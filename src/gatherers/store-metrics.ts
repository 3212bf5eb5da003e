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
export function storeMetrics(
  metric: RegistryMetric,
  { merge, onDuplicate }: StoreContext,
): Iterable<Flyweight> {
  const createFlyweight = flyweightFactory(metric, merge);
  return {
    [Symbol.iterator]() {
      const { hashMap, store } = metric;
      return hashMap === undefined
        ? new StoreWalk(store?.values() ?? [], createFlyweight(), onDuplicate)
        : new HashMapWalk(hashMap, createFlyweight(), onDuplicate);
    },
  };
}

// Hot paths: every label set of every scrape passes one of these; `npm run bench` guards them.
// They are no generators, which take twice as long for an element.

class StoreWalk implements Iterator<Flyweight> {
  readonly #children: Iterator<unknown>;
  readonly #flyweight: Flyweight;
  readonly #onDuplicate: () => void;
  #previous: Labels | undefined;

  constructor(children: Iterable<unknown>, flyweight: Flyweight, onDuplicate: () => void) {
    this.#children = children[Symbol.iterator]();
    this.#flyweight = flyweight;
    this.#onDuplicate = onDuplicate;
  }

  next(): IteratorResult<Flyweight, undefined> {
    for (;;) {
      const { done, value: child } = this.#children.next();
      if (done) return END;
      if (!isObject(child)) continue;
      const { labels } = child as Child;
      if (!labels) continue;
      // The store keeps the caller's own object: one that was changed and used again makes the
      // children before it look the same.
      const isDuplicate = labels === this.#previous;
      this.#previous = labels;
      if (isDuplicate) this.#onDuplicate();
      else if (this.#flyweight.pointAt(child, child))
        return { done: false, value: this.#flyweight };
    }
  }
}

/**
 * How many children are looked up at a time. What is not in the processor's caches is then waited for
 * together, which makes a walk through 50,000 children a fifth cheaper.
 */
const LOOK_UPS = 64;

// `gauge.set()` replaces the child, so its key is what stays. To list the keys and look each up is
// several times cheaper than to list the values of an object that large.
class HashMapWalk implements Iterator<Flyweight> {
  readonly #hashMap: Readonly<Record<string, unknown>>;
  readonly #keys: readonly string[];
  readonly #flyweight: Flyweight;
  readonly #onDuplicate: () => void;
  readonly #step: IteratorResult<Flyweight, undefined>;
  /** The children of the keys from `#base` on. */
  readonly #children: unknown[] = [];
  #base = 0;
  #index = 0;
  #previous: Labels | undefined;

  constructor(
    hashMap: Readonly<Record<string, unknown>>,
    flyweight: Flyweight,
    onDuplicate: () => void,
  ) {
    this.#hashMap = hashMap;
    this.#keys = Object.keys(hashMap);
    this.#flyweight = flyweight;
    this.#onDuplicate = onDuplicate;
    this.#step = { done: false, value: flyweight };
  }

  next(): IteratorResult<Flyweight, undefined> {
    for (;;) {
      if (this.#index === this.#children.length && !this.#lookUp()) return END;
      const index = this.#index++;
      const child = this.#children[index];
      // A series may be removed while a slow scrape is on its way.
      if (!isObject(child)) continue;
      const { labels } = child as Child;
      if (!labels) continue;
      const isDuplicate = labels === this.#previous;
      this.#previous = labels;
      if (isDuplicate) this.#onDuplicate();
      else if (this.#flyweight.pointAt(this.#keys[this.#base + index], child)) return this.#step;
    }
  }

  #lookUp(): boolean {
    this.#base += this.#index;
    this.#index = 0;
    const count = Math.min(this.#keys.length - this.#base, LOOK_UPS);
    this.#children.length = count;
    for (let index = 0; index < count; index++) {
      this.#children[index] = this.#hashMap[this.#keys[this.#base + index] as string];
    }
    return count > 0;
  }
}

const END = { done: true, value: undefined } as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
