import type {
  Exemplar,
  HistogramMetric,
  Labels,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import { type RegistryExemplar, type RegistryMetric, toExemplar, typeOf } from "./registry.ts";

/**
 * A metric that moves from child to child of a store: building an array of samples, as the `get()`
 * of the client libraries does, costs more than encoding them.
 *
 * Classes with getters, because all families then share the same optimised code. An encoder that
 * recognises the metric from the last scrape reads only two or three numbers of it, and no labels.
 */
export type Flyweight = (ValueMetric | HistogramMetric | SummaryMetric) & {
  /** Moves to a child; returns `false` if the child does not have the expected shape. */
  pointAt(key: unknown, child: Child): boolean;
};

/** A child of a store, of any type of metric. */
export interface Child {
  readonly labels?: Labels;
}

/** Adds the registry's default labels to a child's own. */
export type LabelMerger = (labels: Labels) => Labels;

/** Returns a function that makes a metric's flyweights, one for each walk through its store. */
export function flyweightFactory(metric: RegistryMetric, merge: LabelMerger): () => Flyweight {
  const type = typeOf(metric);
  if (type === "histogram") {
    const bounds = finiteBounds(metric.upperBounds ?? []);
    return () => new HistogramFlyweight(bounds, merge);
  }
  if (type === "summary") {
    const quantiles = [...new Set(metric.percentiles?.map(Number))].sort((a, b) => a - b);
    return () => new SummaryFlyweight(quantiles, merge);
  }
  return () => new ValueFlyweight(merge);
}

interface ValueChild extends Child {
  readonly value: number;
  readonly exemplar?: RegistryExemplar | null;
}

class ValueFlyweight implements ValueMetric {
  identity: unknown;
  readonly #merge: LabelMerger;
  #child: ValueChild = { value: 0 };

  constructor(merge: LabelMerger) {
    this.#merge = merge;
  }

  pointAt(key: unknown, child: Child): boolean {
    this.identity = key;
    // The shape of the store implies it; the encoder reports a value that is not a number.
    this.#child = child as ValueChild;
    return true;
  }

  get labels(): Labels {
    return this.#merge(this.#child.labels ?? {});
  }

  get value(): number {
    return this.#child.value;
  }

  get exemplar(): Exemplar | undefined {
    const { exemplar } = this.#child;
    return exemplar ? toExemplar(exemplar) : undefined;
  }
}

interface HistogramChild extends Child {
  /** The number of observations in each bucket, not cumulative, keyed by the text of its bound. */
  readonly bucketValues: Readonly<Record<string, number>>;
  readonly bucketExemplars?: Readonly<Record<string, RegistryExemplar | null>>;
  readonly count: number;
  readonly sum: number;
}

interface Bounds {
  readonly values: readonly number[];
  /** Their keys in `bucketValues`; made once, because number keys are slow. */
  readonly keys: readonly string[];
}

/** The finite bounds in ascending order: the libraries accept them in any order. */
function finiteBounds(upperBounds: readonly number[]): Bounds {
  const keys = new Map(upperBounds.map((bound) => [Number(bound), String(bound)]));
  const bounds = [...keys].filter(([value]) => Number.isFinite(value)).sort(([a], [b]) => a - b);
  return { values: bounds.map(([value]) => value), keys: bounds.map(([, key]) => key) };
}

/** The keys of the `+Inf` bucket's exemplar: the second if the user configured that bucket. */
const INF_EXEMPLAR_KEYS = ["-1", "Infinity"] as const;

class HistogramFlyweight implements HistogramMetric {
  readonly upperBounds: readonly number[];
  readonly #keys: readonly string[];
  readonly #counts: Float64Array;
  readonly #merge: LabelMerger;
  #child: HistogramChild = { bucketValues: {}, count: 0, sum: 0 };

  constructor({ values, keys }: Bounds, merge: LabelMerger) {
    this.upperBounds = values;
    this.#keys = keys;
    this.#counts = new Float64Array(keys.length);
    this.#merge = merge;
  }

  pointAt(_key: unknown, child: Child): boolean {
    // The shape of the store implies it; the return value confirms it.
    this.#child = child as HistogramChild;
    return this.#child.bucketValues !== undefined;
  }

  /**
   * Not the child's key: a histogram that was reset and observed again may reach the same sum in
   * other buckets, but never in the same object.
   */
  get identity(): unknown {
    return this.#child.bucketValues;
  }

  get labels(): Labels {
    return this.#merge(this.#child.labels ?? {});
  }

  get count(): number {
    return this.#child.count;
  }

  get sum(): number {
    return this.#child.sum;
  }

  get cumulativeCounts(): ArrayLike<number> {
    const { bucketValues } = this.#child;
    let total = 0;
    for (let index = 0; index < this.#keys.length; index++) {
      total += bucketValues[this.#keys[index] as string] ?? 0; // index < length
      this.#counts[index] = total;
    }
    return this.#counts;
  }

  get exemplars(): (Exemplar | undefined)[] | undefined {
    const { bucketExemplars } = this.#child;
    if (bucketExemplars === undefined) return undefined;
    const exemplars = this.#keys.map((key) => bucketExemplars[key]);
    const [above, infinite] = INF_EXEMPLAR_KEYS;
    exemplars.push(bucketExemplars[above] ?? bucketExemplars[infinite]);
    return exemplars.map(toExemplar);
  }
}

/** The numbers of a summary: in prom-client the child, in `@prometheus-io/client` its `value`. */
interface SummaryPoint {
  readonly td?: { percentile(quantile: number): number | undefined };
  readonly count: number;
  readonly sum: number;
}

class SummaryFlyweight implements SummaryMetric {
  identity: unknown;
  readonly quantiles: readonly number[];
  readonly #merge: LabelMerger;
  #child: Child = {};
  #point: SummaryPoint = { count: 0, sum: 0 };

  constructor(quantiles: readonly number[], merge: LabelMerger) {
    this.quantiles = quantiles;
    this.#merge = merge;
  }

  pointAt(key: unknown, child: Child): boolean {
    this.identity = key;
    this.#child = child;
    // The shape of the store implies it; the return value confirms it.
    const { td, value } = child as { td?: unknown; value?: SummaryPoint };
    this.#point = (td === undefined ? value : child) as SummaryPoint;
    return this.#point?.td !== undefined;
  }

  get labels(): Labels {
    return this.#merge(this.#child.labels ?? {});
  }

  get count(): number {
    return this.#point.count;
  }

  get sum(): number {
    return this.#point.sum;
  }

  get quantileValues(): ArrayLike<number> {
    // The libraries compress a digest before they read it. That takes 284 µs for the only summary of
    // the default metrics, changes the application's digest, and improves no estimate.
    const { td } = this.#point;
    // 0 for a summary without observations, as in the libraries.
    return this.quantiles.map((quantile) => td?.percentile(quantile) || 0);
  }
}
