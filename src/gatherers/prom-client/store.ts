import { RUNS, type WithRuns } from "../../model/metric-run.ts";
import { type Flyweight, flyweightFactory, type LabelMerger } from "./flyweights.ts";
import { type RegistryMetric, typeOf } from "./registry.ts";
import { isObject, StoreWalk } from "./store-walk.ts";

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
): Iterable<Flyweight> & Partial<WithRuns> {
  const createFlyweight = flyweightFactory(metric, merge);
  const type = typeOf(metric);
  const isHistogram = type === "histogram";
  // Most families are small: to make a walk costs more than to walk one label set.
  let spare: StoreWalk | undefined;
  const giveBack = (walk: StoreWalk): void => {
    spare = walk;
  };
  const start = (): StoreWalk => {
    const walk =
      spare ??
      new StoreWalk({ metric, isHistogram, flyweight: createFlyweight(), onDuplicate, giveBack });
    spare = undefined;
    walk.start();
    return walk;
  };
  // Quantiles move with the time window, so each summary must be looked at.
  return type === "summary"
    ? { [Symbol.iterator]: start }
    : { [Symbol.iterator]: start, [RUNS]: start };
}
