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

/** A metric of a registry, with what was found out about it at an earlier scrape. */
export interface KnownMetric {
  /** The name that it was registered by. */
  readonly name: unknown;
  readonly metric: RegistryMetric;
  /** What its help was; that may be changed at any time. */
  readonly help: unknown;
  readonly type: MetricType;
  /** Whether the store is read directly, so that nothing is made of what `get()` gives. */
  readonly isStoreKnown: boolean;
  /** The methods that this holds for: somebody may put others in their place. */
  readonly get: unknown;
  readonly getForPromString: unknown;
  /** The family that was made of its store, and the default labels that it has. */
  family?: MetricFamily;
  defaultLabels?: Labels;
}

/**
 * Knows the metrics of a registry again: to look at a class, a name and a type costs more than to
 * encode a metric with one label set.
 */
export class KnownMetrics {
  readonly #registry: RegistryInternals;
  #known: readonly KnownMetric[] = [];

  constructor(registry: RegistryInternals) {
    this.#registry = registry;
  }

  /** The metrics that the registry has now, in their order; the same list while nothing changes. */
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
