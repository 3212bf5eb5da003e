import type { Labels, MetricFamily, MetricType } from "../../model/metric-family.ts";
import {
  isRegisteredAs,
  namesByMetric,
  type RegistryInternals,
  type RegistryMetric,
  toMetricType,
  typeOf,
} from "./registry.ts";
import { hasKnownStore } from "./store.ts";

/** A metric of a registry, with what an earlier scrape found out about it. */
export interface KnownMetric {
  /** The name under which it was registered. */
  readonly name: unknown;
  readonly metric: RegistryMetric;
  /** Its help at that time; the application may change it. */
  readonly help: unknown;
  readonly type: MetricType;
  /** Whether the store is read directly, instead of through `get()`. */
  readonly isStoreKnown: boolean;
  /** The methods for which this holds: the application may replace them. */
  readonly get: unknown;
  readonly getForPromString: unknown;
  /** The family made of its store, and the default labels in it. */
  family?: MetricFamily;
  defaultLabels?: Labels;
}

/**
 * Recognises the metrics of the last scrape: examining a class, a name and a type costs more than
 * encoding a metric with one label set.
 */
export class KnownMetrics {
  readonly #registry: RegistryInternals;
  #known: readonly KnownMetric[] = [];

  constructor(registry: RegistryInternals) {
    this.#registry = registry;
  }

  /** The current metrics of the registry, in order; the same list while nothing changes. */
  list(): readonly KnownMetric[] {
    const metrics = this.#registry.getMetricsAsArray();
    if (!this.#isUnchanged(metrics)) this.#known = this.#study(metrics);
    return this.#known;
  }

  #isUnchanged(metrics: readonly RegistryMetric[]): boolean {
    if (metrics.length !== this.#known.length) return false;
    for (let index = 0; index < metrics.length; index++) {
      if (!this.#isKnown(metrics[index] as RegistryMetric, this.#known[index])) return false;
    }
    return true;
  }

  #isKnown(metric: RegistryMetric, known: KnownMetric | undefined): known is KnownMetric {
    return (
      known !== undefined &&
      known.metric === metric &&
      known.help === metric.help &&
      known.get === metric.get &&
      known.getForPromString === metric.getForPromString &&
      isRegisteredAs(known.name, metric, this.#registry)
    );
  }

  #study(metrics: readonly RegistryMetric[]): KnownMetric[] {
    const names = namesByMetric(this.#registry);
    const before = new Map(this.#known.map((known) => [known.metric, known]));
    return metrics.map((metric) => {
      const known = before.get(metric);
      if (this.#isKnown(metric, known)) return known;
      const { help, get, getForPromString } = metric;
      return {
        name: names.get(metric) ?? metric.name,
        metric,
        help,
        type: toMetricType(typeOf(metric)),
        isStoreKnown: hasKnownStore(metric),
        get,
        getForPromString,
      };
    });
  }
}
