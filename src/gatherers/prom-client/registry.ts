import type { Exemplar, MetricType } from "../../model/metric-family.ts";

/**
 * The registries of prom-client 13 to 15, `@prometheus-io/client` and their forks, seen through
 * structural types: nothing of them is imported, and every member but the first may be missing.
 */

/** A registry of prom-client, `@prometheus-io/client` or a fork of them. */
export interface Registry {
  /** The metrics of this registry, in the order of their registration. */
  getMetricsAsArray(): unknown;
  /** What the registry itself would serve; here each scraper gets what it asks for. */
  readonly contentType: string;
}

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
  readonly upperBounds?: readonly number[];
  readonly percentiles?: readonly number[];
  readonly pruneAgedBuckets?: unknown;
  get(): MetricSnapshot | PromiseLike<MetricSnapshot>;
  readonly getForPromString?: unknown;
}

/** What a metric's `get()` gives: the samples of all its label sets in one list. */
export interface MetricSnapshot {
  /** Absent in what `Registry.aggregate()` wraps. */
  readonly type?: unknown;
  readonly values?: readonly SnapshotSample[];
}

export interface SnapshotSample {
  /** The name of the sample where it is not the metric's: `x_bucket`, `x_sum`, `x_count`. */
  readonly metricName?: string;
  readonly labels?: Readonly<Record<string, unknown>>;
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
 * Tells whether `value` is a registry that stands for other processes or threads. Its own metrics
 * are few or none: to serve those alone would look complete and would not be.
 */
export function isAggregatingRegistry(value: unknown): boolean {
  return hasMethod(value, "clusterMetrics") || hasMethod(value, "workerMetrics");
}

function hasMethod(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  // Any object may be asked for any property; the answer is checked.
  return typeof (value as Record<string, unknown>)[name] === "function";
}

/**
 * The type of a metric, or `undefined` when it cannot be told.
 *
 * prom-client 13 and 14 say it in what `get()` gives alone, so there the members tell.
 */
export function typeOf(metric: RegistryMetric): unknown {
  if (metric.type !== undefined) return metric.type;
  // A metric has every member of its configuration, also those that mean nothing to it.
  if (!hasMethod(metric, "observe")) {
    if (hasMethod(metric, "set")) return "gauge";
    return hasMethod(metric, "inc") ? "counter" : undefined;
  }
  if (Array.isArray(metric.upperBounds)) return "histogram";
  return Array.isArray(metric.percentiles) ? "summary" : undefined;
}

/** The type of the family that a metric gives. */
export function toMetricType(type: unknown): MetricType {
  const isKnown =
    type === "counter" || type === "gauge" || type === "histogram" || type === "summary";
  return isKnown ? type : "unknown";
}

/**
 * The names that the metrics of a registry were registered by.
 *
 * Not the metrics' own: an OpenMetrics scrape through the library's `metrics()` cuts `_total` off the
 * `name` of every counter for ever.
 */
export function namesByMetric({ _metrics }: RegistryInternals): Map<RegistryMetric, string> {
  if (typeof _metrics !== "object" || _metrics === null) return new Map();
  const entries = _metrics instanceof Map ? [..._metrics] : Object.entries(_metrics);
  return new Map(entries.map(([name, metric]) => [metric, name]));
}

/** Tells, cheaper than `namesByMetric()`, whether a metric still has the name that it had. */
export function isRegisteredAs(
  name: unknown,
  metric: RegistryMetric,
  { _metrics }: RegistryInternals,
): boolean {
  if (typeof _metrics !== "object" || _metrics === null) return name === metric.name;
  if (typeof name !== "string") return false;
  // The type says it is one of the two.
  const found =
    _metrics instanceof Map
      ? _metrics.get(name)
      : (_metrics as Readonly<Record<string, RegistryMetric>>)[name];
  return found === metric;
}

/** Translates an exemplar of a client library; `undefined` when it holds none. */
export function toExemplar(exemplar: RegistryExemplar | null | undefined): Exemplar | undefined {
  if (!exemplar || typeof exemplar.value !== "number") return undefined;
  const { labelSet, value, timestamp } = exemplar;
  return {
    labels: labelSet ?? {},
    value,
    timestampMs: typeof timestamp === "number" ? timestamp * 1_000 : undefined,
  };
}
