import type {
  Exemplar,
  HistogramMetric,
  Labels,
  SummaryMetric,
  ValueMetric,
} from "../model/metric-family.ts";
import { toExemplar } from "./exemplar.ts";
import { type RegistryExemplar, type RegistryMetric, typeOf } from "./registry.ts";

/**
 * Reads the stores of the client libraries, one child after the other, through one object that is
 * filled anew for each: to build an array of samples, as their `get()` does, costs more than to
 * encode them.
 */
interface Flyweight {
  readonly metric: ValueMetric | HistogramMetric | SummaryMetric;
  /** Points the metric at a child; `false` when the child is not what it should be. */
  read(identity: unknown, child: Child): boolean;
}

/** What the reading of a store needs to know of its registry. */
export interface StoreContext {
  /** Adds the registry's default labels to a child's own. */
  readonly merge: (labels: Labels) => Labels;
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
  context: StoreContext,
): Iterable<ValueMetric | HistogramMetric | SummaryMetric> {
  const createFlyweight = flyweightFactory(metric, context.merge);
  return { [Symbol.iterator]: () => walk(metric, createFlyweight(), context.onDuplicate) };
}

// Hot path: every label set of every scrape passes here; `npm run bench` guards it.
function* walk(
  { hashMap, store }: RegistryMetric,
  flyweight: Flyweight,
  onDuplicate: () => void,
): Generator<Flyweight["metric"], void, undefined> {
  let previous: unknown;
  if (hashMap === undefined) {
    for (const child of store?.values() ?? []) {
      if (!isChild(child)) continue;
      // The store keeps the caller's own object: one that was changed and used again makes the
      // children before it look the same.
      if (child.labels === previous) onDuplicate();
      else if (flyweight.read(child, child)) yield flyweight.metric;
      previous = child.labels;
    }
    return;
  }
  // `gauge.set()` replaces the child, so its key is what stays. To list the keys and look each up
  // is several times cheaper than to list the values of an object that large.
  for (const key of Object.keys(hashMap)) {
    const child = hashMap[key];
    if (!isChild(child)) continue;
    if (child.labels === previous) onDuplicate();
    else if (flyweight.read(key, child)) yield flyweight.metric;
    previous = child.labels;
  }
}

function flyweightFactory(metric: RegistryMetric, merge: StoreContext["merge"]): () => Flyweight {
  const type = typeOf(metric);
  if (type === "histogram") {
    const bounds = finiteBounds(metric.upperBounds ?? []);
    return () => createHistogramFlyweight(bounds, merge);
  }
  if (type === "summary") {
    const quantiles = [...new Set(metric.percentiles?.map(Number))].sort((a, b) => a - b);
    return () => createSummaryFlyweight(quantiles, merge);
  }
  return () => createValueFlyweight(merge);
}

interface ValueChild {
  readonly labels: Labels;
  readonly value: number;
  readonly exemplar?: RegistryExemplar | null;
}

function createValueFlyweight(merge: StoreContext["merge"]): Flyweight {
  const metric = {
    identity: undefined as unknown,
    labels: {} as Labels,
    value: 0,
    exemplar: undefined as Exemplar | undefined,
  };
  return {
    metric,
    read(identity, child) {
      // The shape of the store says so; a value that is no number is reported by the encoder.
      const { labels, value, exemplar } = child as unknown as ValueChild;
      metric.identity = identity;
      metric.labels = merge(labels);
      metric.value = value;
      metric.exemplar = exemplar ? toExemplar(exemplar) : undefined;
      return true;
    },
  };
}

interface HistogramChild {
  readonly labels: Labels;
  /** How many observations fell into each bucket, not cumulative, by the text of its bound. */
  readonly bucketValues: Readonly<Record<string, number>>;
  readonly bucketExemplars?: Readonly<Record<string, RegistryExemplar | null>>;
  readonly count: number;
  readonly sum: number;
}

interface Bounds {
  readonly values: readonly number[];
  /** Their keys in `bucketValues`: made once, because a number as a key is slow. */
  readonly keys: readonly string[];
}

/** The finite bounds in order: the libraries take what they are given, sorted or not. */
function finiteBounds(upperBounds: readonly number[]): Bounds {
  const keys = new Map(upperBounds.map((bound) => [Number(bound), String(bound)]));
  const bounds = [...keys].filter(([value]) => Number.isFinite(value)).sort(([a], [b]) => a - b);
  return { values: bounds.map(([value]) => value), keys: bounds.map(([, key]) => key) };
}

/** Where the libraries keep the exemplar of the `+Inf` bucket: the second if it was asked for. */
const INF_EXEMPLAR_KEYS = ["-1", "Infinity"] as const;

function createHistogramFlyweight(
  { values, keys }: Bounds,
  merge: StoreContext["merge"],
): Flyweight {
  const counts = new Float64Array(keys.length);
  let current: HistogramChild = { labels: {}, bucketValues: {}, count: 0, sum: 0 };
  const metric = {
    identity: undefined as unknown,
    labels: {} as Labels,
    upperBounds: values,
    get count() {
      return current.count;
    },
    get sum() {
      return current.sum;
    },
    get cumulativeCounts() {
      let total = 0;
      for (let index = 0; index < keys.length; index++) {
        total += current.bucketValues[keys[index] as string] ?? 0; // index < keys.length
        counts[index] = total;
      }
      return counts;
    },
    get exemplars() {
      const { bucketExemplars } = current;
      if (bucketExemplars === undefined) return undefined;
      const exemplars = keys.map((key) => bucketExemplars[key]);
      const [above, infinite] = INF_EXEMPLAR_KEYS;
      exemplars.push(bucketExemplars[above] ?? bucketExemplars[infinite]);
      return exemplars.map(toExemplar);
    },
  };
  return {
    metric,
    read(identity, child) {
      if (!isObject(child["bucketValues"])) return false;
      // The shape of the store says so.
      current = child as unknown as HistogramChild;
      metric.identity = identity;
      metric.labels = merge(current.labels);
      return true;
    },
  };
}

interface SummaryPoint {
  readonly td: { compress(): void; percentile(quantile: number): number | undefined };
  readonly count: number;
  readonly sum: number;
}

function createSummaryFlyweight(
  quantiles: readonly number[],
  merge: StoreContext["merge"],
): Flyweight {
  let current: SummaryPoint;
  const metric = {
    identity: undefined as unknown,
    labels: {} as Labels,
    quantiles,
    get count() {
      return current.count;
    },
    get sum() {
      return current.sum;
    },
    get quantileValues() {
      current.td.compress();
      // 0 for a summary without observations, as the libraries have it.
      return quantiles.map((quantile) => current.td.percentile(quantile) || 0);
    },
  };
  return {
    metric,
    read(identity, child) {
      const point = "td" in child ? child : child["value"];
      if (!isObject(point) || !isObject(point["td"])) return false;
      // The shape of the store says so.
      current = point as unknown as SummaryPoint;
      metric.identity = identity;
      metric.labels = merge(child.labels);
      return true;
    },
  };
}

interface Child {
  readonly labels: Labels;
  readonly [name: string]: unknown;
}

/** A series may be removed while a slow scrape is on its way. */
function isChild(child: unknown): child is Child {
  return isObject(child) && isObject(child["labels"]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
