import { NOT_A_NUMBER } from "../../../model/faults.ts";
import type {
  Exemplar,
  HistogramMetric,
  Labels,
  ValueMetric,
} from "../../../model/metric-family.ts";
import { type DataPoint, type HistogramValue, millisecondsOf } from "../collected.ts";
import { NO_SERIES, type Series } from "../stream.ts";
import { COUNTER, EXPONENTIAL_HISTOGRAM, HISTOGRAM, type StreamKind } from "../stream-kind.ts";
import { bucketExemplarsOf, exemplarOf } from "./exemplars.ts";
import { ExponentialFlyweight } from "./exponential-flyweight.ts";

/**
 * A metric that moves from point to point of the streams of a family, so that nothing is copied. It is a
 * class with getters: an encoder that recognises the metric from the last scrape reads only two or three
 * numbers of it, and no labels.
 */
export type Flyweight = (ValueMetric | HistogramMetric) & {
  /** Moves to a point, with its label set; returns why the point cannot be served, if so. */
  pointAt(point: DataPoint, series: Series): string | undefined;
};

/** Makes a flyweight for the streams of a family. */
export function createFlyweight(kind: StreamKind, hasClassicBuckets: boolean): Flyweight {
  if (kind === HISTOGRAM) return new HistogramFlyweight();
  if (kind === EXPONENTIAL_HISTOGRAM) return new ExponentialFlyweight(hasClassicBuckets);
  return kind === COUNTER ? new CounterFlyweight() : new ValueFlyweight();
}

class ValueFlyweight implements ValueMetric {
  /** The label set, which lives as long as its stream. */
  identity: Series = NO_SERIES;
  protected point: DataPoint<number> = { attributes: {}, startTime: [0, 0], value: 0 };

  pointAt(point: DataPoint, series: Series): undefined {
    // The type of a stream decides the type of its values; the encoder reports what is not a number.
    this.point = point as DataPoint<number>;
    this.identity = series;
  }

  get labels(): Labels {
    return this.identity.labels ?? {};
  }

  get value(): number {
    return this.point.value;
  }
}

class CounterFlyweight extends ValueFlyweight {
  get exemplar(): Exemplar | undefined {
    return exemplarOf(this.point);
  }

  get startTimestampMs(): number | undefined {
    return millisecondsOf(this.point.startTime);
  }
}

const NO_HISTOGRAM: HistogramValue = { buckets: { boundaries: [], counts: [0] }, count: 0, sum: 0 };

class HistogramFlyweight implements HistogramMetric {
  identity: Series | undefined;
  upperBounds: readonly number[] = [];
  #series = NO_SERIES;
  #point: DataPoint = { attributes: {}, startTime: [0, 0], value: NO_HISTOGRAM };
  #value = NO_HISTOGRAM;
  #counts = new Float64Array(0);

  pointAt(point: DataPoint, series: Series): string | undefined {
    // The type of a stream decides the type of its values.
    const value = point.value as HistogramValue;
    const { boundaries, counts } = value?.buckets ?? {};
    // Metrics that do not come from the SDK may be anything.
    if (!Array.isArray(boundaries) || !Array.isArray(counts)) return "a histogram has no buckets";
    if (typeof value.count !== "number") return NOT_A_NUMBER;
    this.#point = point;
    this.#value = value;
    this.#series = series;
    // Kept text has the bounds in it. The SDK has one array of them for each stream.
    this.identity = boundaries === series.boundaries ? series : undefined;
    this.upperBounds = finiteBounds(boundaries);
    return undefined;
  }

  get labels(): Labels {
    return this.#series.labels ?? {};
  }

  get count(): number {
    return this.#value.count;
  }

  /** An instrument that allows negative values has no sum. */
  get sum(): number {
    return this.#value.sum ?? Number.NaN;
  }

  get cumulativeCounts(): ArrayLike<number> {
    const { counts } = this.#value.buckets;
    const { length } = this.upperBounds;
    if (this.#counts.length !== length) this.#counts = new Float64Array(length);
    let total = 0;
    for (let index = 0; index < length; index++) {
      total += counts[index] as number; // There is one count more than there are boundaries.
      this.#counts[index] = total;
    }
    return this.#counts;
  }

  get exemplars(): readonly (Exemplar | undefined)[] | undefined {
    return bucketExemplarsOf(this.#point, this.upperBounds);
  }

  get startTimestampMs(): number | undefined {
    return millisecondsOf(this.#point.startTime);
  }
}

/** The bounds without `Infinity`, by the array of an instrument: encoders recognise arrays. */
const FINITE = new WeakMap<readonly number[], readonly number[]>();

/** An application may have given the bound of the last bucket, which every histogram has. */
function finiteBounds(boundaries: readonly number[]): readonly number[] {
  if (boundaries.at(-1) !== Number.POSITIVE_INFINITY) return boundaries;
  let finite = FINITE.get(boundaries);
  if (finite === undefined) {
    finite = boundaries.slice(0, -1);
    FINITE.set(boundaries, finite);
  }
  return finite;
}
