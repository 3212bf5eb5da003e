import type { Registry } from "../../model/gatherer.ts";
import type { Exemplar, MetricType } from "../../model/metric-family.ts";

/**
 * The registries of prom-client 13 to 15, `@prometheus-io/client` and their forks as structural
 * types: nothing of them is imported, and every member except `getMetricsAsArray()` may be missing.
 *
 * @module
 */

/** What we read of a registry beyond its public type. */
export interface RegistryInternals {
  getMetricsAsArray(): readonly RegistryMetric[];
  /** The metrics by name: an object in prom-client, a map in its successors. */
  readonly _metrics?:
    | Readonly<Record<string, RegistryMetric>>
    | ReadonlyMap<string, RegistryMetric>;
  readonly _defaultLabels?: Readonly<Record<string, unknown>>;
}

/** What we read of a metric. */
export interface RegistryMetric {
  readonly name?: unknown;
  readonly help?: unknown;
  readonly type?: unknown;
  readonly collect?: unknown;
  /** The children in prom-client 13 to 15, by a key made of their labels. */
  readonly hashMap?: Readonly<Record<string, unknown>>;
  /** The children in `@prometheus-io/client` and `@platformatic/prom-client`. */
  readonly store?: { values(): Iterable<unknown> };
  readonly labelNames?: readonly string[];
  readonly upperBounds?: readonly number[];
  readonly percentiles?: readonly number[];
  readonly pruneAgedBuckets?: unknown;
  /** How the libraries combine the values of several processes: a name, or a function. */
  readonly aggregator?: unknown;
  get(): MetricSnapshot | PromiseLike<MetricSnapshot>;
  readonly getForPromString?: unknown;
}

/** What a metric's `get()` returns: the samples of all its label sets in one list. */
export interface MetricSnapshot {
  /** What a metric object says that has no name or help of its own. */
  readonly name?: unknown;
  readonly help?: unknown;
  /** Absent in the metrics of `Registry.aggregate()`. */
  readonly type?: unknown;
  readonly aggregator?: unknown;
  readonly values?: readonly SnapshotSample[];
}

export interface SnapshotSample {
  /** The name of the sample if it differs from the metric's: `x_bucket`, `x_sum`, `x_count`, or any. */
  readonly metricName?: unknown;
  readonly labels?: Readonly<Record<string, unknown>> | null;
  /** Labels that the samples of one histogram share; they override the others. */
  readonly sharedLabels?: Readonly<Record<string, unknown>> | null | undefined;
  readonly value: number;
  readonly exemplar?: RegistryExemplar | null;
}

/** An exemplar as the client libraries keep it; its timestamp is in seconds. */
export interface RegistryExemplar {
  readonly labelSet?: Readonly<Record<string, unknown>>;
  readonly value?: number | null;
  readonly timestamp?: number;
}

/** Tells whether `value` looks like a registry of one of the client libraries. */
export function isRegistry(value: unknown): value is Registry {
  return hasMethod(value, "getMetricsAsArray");
}

/**
 * Tells whether `value` is a registry that represents other processes or threads. Its own metrics
 * are few or none: serving only those would look complete, and would not be.
 */
export function isAggregatingRegistry(value: unknown): boolean {
  return hasMethod(value, "clusterMetrics") || hasMethod(value, "workerMetrics");
}

/**
 * Tells whether `value` is a registry of prom-client 10 to 12. Version 12 updates its default metrics
 * only in the registry's own `metrics()`: they would stand still. Those before have timestamps.
 */
export function isOutdatedRegistry(value: unknown): boolean {
  if (hasMethod(value, "registerCollector")) return true;
  const name = "getMetricAsPrometheusString";
  // Its second parameter says whether to write timestamps.
  return hasMethod(value, name) && value[name].length === 2;
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Readonly<Record<Name, (...args: unknown[]) => unknown>> {
  if (typeof value !== "object" || value === null) return false;
  // Any object may be read by any key; the result is checked.
  return typeof (value as Record<string, unknown>)[name] === "function";
}

/**
 * The type of a metric, or `undefined` when nothing shows it.
 *
 * A metric of prom-client 13 and 14 has no `type`; there its members show it.
 */
export function typeOf(metric: RegistryMetric): unknown {
  if (metric.type !== undefined) return metric.type;
  // A metric has every member of its configuration, even those that mean nothing to it.
  if (!hasMethod(metric, "observe")) {
    if (hasMethod(metric, "set")) return "gauge";
    return hasMethod(metric, "inc") ? "counter" : undefined;
  }
  if (Array.isArray(metric.upperBounds)) return "histogram";
  return Array.isArray(metric.percentiles) ? "summary" : undefined;
}

/** The type of a metric's family. */
export function toMetricType(type: unknown): MetricType {
  const isKnown =
    type === "counter" || type === "gauge" || type === "histogram" || type === "summary";
  return isKnown ? type : "unknown";
}

/**
 * The names under which the metrics of a registry were registered.
 *
 * A metric's own `name` is unreliable: an OpenMetrics scrape through the library's `metrics()` cuts
 * `_total` off the name of every counter forever.
 */
export function namesByMetric({ _metrics }: RegistryInternals): Map<RegistryMetric, string> {
  if (typeof _metrics !== "object" || _metrics === null) return new Map();
  const entries = isMap(_metrics) ? [..._metrics] : Object.entries(_metrics);
  // An object without a name of its own is registered under the text "undefined".
  const named = entries.filter(([, { name }]) => name !== undefined && name !== null);
  return new Map(named.map(([name, metric]) => [metric, name]));
}

/** Whether a metric is still registered under `name`; cheaper than `namesByMetric()`. */
export function isRegisteredAs(
  name: unknown,
  metric: RegistryMetric,
  { _metrics }: RegistryInternals,
): boolean {
  if (typeof _metrics !== "object" || _metrics === null) return name === metric.name;
  // By its type it is one of the two. The keys of an object are texts.
  const found = isMap(_metrics)
    ? _metrics.get(name as string)
    : (_metrics as Readonly<Record<string, RegistryMetric>>)[String(name)];
  return found === metric;
}

/** Not by `instanceof`, which a map of another realm fails. No metric is a function. */
function isMap<K, V>(metrics: object | ReadonlyMap<K, V>): metrics is ReadonlyMap<K, V> {
  return typeof (metrics as { get?: unknown }).get === "function";
}

/** Converts an exemplar of a client library; `undefined` if it has no value. */
export function toExemplar(exemplar: RegistryExemplar | null | undefined): Exemplar | undefined {
  if (!exemplar || typeof exemplar.value !== "number") return undefined;
  const { labelSet, value, timestamp } = exemplar;
  return {
    labels: labelSet ?? {},
    value,
    timestampMs: typeof timestamp === "number" ? timestamp * 1_000 : undefined,
  };
}
