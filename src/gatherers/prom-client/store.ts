import type { Labels } from "../../model/metric-family.ts";
import { RUNS, type WithRuns } from "../../model/metric-run.ts";
import { type Flyweight, flyweightFactory, type LabelMerger } from "./flyweights.ts";
import { type RegistryMetric, typeOf } from "./registry.ts";
import { isObject, StoreWalk } from "./store-walk.ts";

/** What reading a store needs of its registry. */
export interface StoreContext {
  /** Adds the registry's default labels to a child's own. */
  readonly merge: LabelMerger;
  /** Called for a child whose labels object is that of a child before it. */
  readonly onDuplicate: () => void;
}

/**
 * Whether a metric's store can be read directly: its type and shape are known, and its `get()` is
 * the library's own.
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
      // A summary with `pruneAgedBuckets` prunes itself in `get()`.
      return hasStore && Array.isArray(metric.percentiles) && !metric.pruneAgedBuckets;
    default:
      return false;
  }
}

/** The methods that read a metric, each with those that the library may assign to it. */
const READERS = [
  ["get", "_getSync", "_getAsync"],
  ["getForPromString", "_getForPromStringSync", "_getForPromStringAsync"],
] as const;

/**
 * In every library the metric's class defines the readers, directly below the base class.
 * `@platformatic/prom-client` assigns one of two variants to each metric.
 */
function isLibraryGet(metric: RegistryMetric): boolean {
  const members = metric as unknown as Readonly<Record<string, unknown>>; // any may be missing
  const library = classPrototype(metric);
  return READERS.every(
    ([name, ...variants]) =>
      members[name] === library?.[name] ||
      variants.some((method) => members[name] === library?.[method]),
  );
}

/** The third prototype from the end: above it are only the base class and `Object`. */
function classPrototype(metric: RegistryMetric): Readonly<Record<string, unknown>> | undefined {
  const chain: Record<string, unknown>[] = [];
  let next: unknown = Object.getPrototypeOf(metric);
  while (isObject(next)) {
    chain.push(next);
    next = Object.getPrototypeOf(next);
  }
  return chain.at(-3);
}

/** The metrics of a store that `hasKnownStore()`; any number of scrapes may iterate over them. */
export function storeMetrics(
  metric: RegistryMetric,
  { merge, onDuplicate }: StoreContext,
): Iterable<Flyweight> & Partial<WithRuns> {
  const createFlyweight = flyweightFactory(metric, merge);
  const type = typeOf(metric);
  const isHistogram = type === "histogram";
  // Most families are small: constructing a walk costs more than walking one label set.
  let spare: StoreWalk | undefined;
  const shared = new WeakSet<Labels>();
  const giveBack = (walk: StoreWalk): void => {
    spare = walk;
  };
  const start = (): StoreWalk => {
    const walk =
      spare ??
      new StoreWalk({
        metric,
        isHistogram,
        flyweight: createFlyweight(),
        merge,
        onDuplicate,
        shared,
        giveBack,
      });
    spare = undefined;
    walk.start();
    return walk;
  };
  // Quantiles move with the time window, so each summary must be read.
  return { [Symbol.iterator]: start, ...(type !== "summary" && { [RUNS]: start }) };
}
