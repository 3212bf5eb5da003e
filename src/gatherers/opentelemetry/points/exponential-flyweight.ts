import type {
  Exemplar,
  HistogramMetric,
  Labels,
  NativeHistogram,
} from "../../../model/metric-family.ts";
import { type DataPoint, type ExponentialValue, millisecondsOf } from "../collected.ts";
import { NO_SERIES, type Series } from "../stream.ts";
import { bucketExemplarsOf, exemplarsOf } from "./exemplars.ts";
import { type ClassicBuckets, classicOf, faultOf, nativeOf } from "./exponential.ts";

const NO_POINT: DataPoint<ExponentialValue> = {
  attributes: {},
  startTime: [0, 0],
  value: {
    count: 0,
    sum: 0,
    scale: 0,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
  },
};

/** What is served of a histogram that is to be native only. */
const NO_BUCKETS: ClassicBuckets = { upperBounds: [], cumulativeCounts: [] };

/**
 * The bounds of each series at the last scrape. They are its identity, too: text that was kept of it has
 * the bounds in it.
 */
const lastBounds = new WeakMap<Series, readonly number[]>();

/**
 * An exponential histogram that moves from point to point, as in flyweights.ts. Native and classic buckets
 * are made when an encoder asks for them, each once: text asks only for the one, protobuf for both.
 */
export class ExponentialFlyweight implements HistogramMetric {
  readonly #hasClassicBuckets: boolean;
  #series = NO_SERIES;
  #point = NO_POINT;
  #classic: ClassicBuckets | undefined;
  #native: NativeHistogram | undefined;

  /** @param hasClassicBuckets Whether it has classic buckets other than `+Inf`. */
  constructor(hasClassicBuckets: boolean) {
    this.#hasClassicBuckets = hasClassicBuckets;
  }

  /** Moves to a point, with its label set; returns why the point cannot be served, if so. */
  pointAt(point: DataPoint, series: Series): string | undefined {
    // The type of a stream decides the type of its values.
    this.#point = point as DataPoint<ExponentialValue>;
    this.#series = series;
    this.#classic = this.#hasClassicBuckets ? undefined : NO_BUCKETS;
    this.#native = undefined;
    return faultOf(this.#point.value);
  }

  get identity(): unknown {
    return this.#hasClassicBuckets ? this.upperBounds : this.#series;
  }

  get labels(): Labels {
    return this.#series.labels ?? {};
  }

  get count(): number {
    return this.#point.value.count;
  }

  get sum(): number {
    return this.#point.value.sum ?? Number.NaN;
  }

  get upperBounds(): readonly number[] {
    return this.#buckets().upperBounds;
  }

  get cumulativeCounts(): ArrayLike<number> {
    return this.#buckets().cumulativeCounts;
  }

  get exemplars(): readonly (Exemplar | undefined)[] | undefined {
    return bucketExemplarsOf(this.#point, this.upperBounds);
  }

  get native(): NativeHistogram {
    this.#native ??= nativeOf(this.#point.value, exemplarsOf(this.#point));
    return this.#native;
  }

  get startTimestampMs(): number | undefined {
    return millisecondsOf(this.#point.startTime);
  }

  #buckets(): ClassicBuckets {
    if (this.#classic === undefined) {
      this.#classic = classicOf(this.#point.value, lastBounds.get(this.#series));
      lastBounds.set(this.#series, this.#classic.upperBounds);
    }
    return this.#classic;
  }
}
