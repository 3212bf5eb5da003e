/**
 * What a scrape is about: metric families, after `io.prometheus.client.MetricFamily`.
 *
 * Gatherers make these, encoders read them, and neither knows the other. They are read while the
 * exposition streams: `metrics` may be a live, lazy iterable that yields one and the same object
 * again and again. An encoder uses a metric before it asks for the next and keeps nothing of it.
 */

/** The type of a metric family, in the words of OpenMetrics. */
export type MetricType = MetricFamily["type"];

/**
 * The labels of one metric: name to value.
 *
 * A value that is no string is converted with `String()`. `null`, `undefined` and `""` mean that the
 * label is absent (OpenMetrics 1.0, Label). Only own enumerable properties count.
 */
export type Labels = Readonly<Record<string, unknown>>;

/** All metrics of one name. */
export type MetricFamily = ValueFamily | HistogramFamily | SummaryFamily;

interface FamilyBase {
  /**
   * The full name, as the text format prints it: a counter ends in `_total`, an info in `_info`.
   * Any non-empty string is allowed; what the scraper cannot read is escaped for it.
   */
  readonly name: string;
  /** What the metric means, for a reader; `""` when nobody said. */
  readonly help: string;
  /** The unit, a suffix of the name such as `seconds`; printed where the format knows units. */
  readonly unit?: string | undefined;
}

/** A family of plain numbers. */
export interface ValueFamily extends FamilyBase {
  /** What the numbers mean. */
  readonly type: "counter" | "gauge" | "unknown" | "info" | "stateset";
  /** The numbers, one for each label set: an iterable that may be read any number of times. */
  readonly metrics: Iterable<ValueMetric>;
}

/** A family of histograms, classic or native or both. */
export interface HistogramFamily extends FamilyBase {
  /** Whether counts only grow, or may fall, too. */
  readonly type: "histogram" | "gaugehistogram";
  /** The histograms, one for each label set: an iterable that may be read any number of times. */
  readonly metrics: Iterable<HistogramMetric>;
}

/** A family of summaries. */
export interface SummaryFamily extends FamilyBase {
  /** A summary has no other type. */
  readonly type: "summary";
  /** The summaries, one for each label set: an iterable that may be read any number of times. */
  readonly metrics: Iterable<SummaryMetric>;
}

/** One label set of any family. */
export type Metric = ValueMetric | HistogramMetric | SummaryMetric;

interface MetricBase {
  /** The labels; no two metrics of a family have the same. */
  readonly labels: Labels;
  /**
   * The same value at every scrape for the same label set, and another one for another label set,
   * compared by `===`. It lets an encoder reuse what it wrote last time. Leave it out when unsure.
   */
  readonly identity?: unknown;
  /** When the value was observed, in milliseconds since the epoch; leave out for "now". */
  readonly timestampMs?: number | undefined;
  /** When a counter, histogram or summary began to count, in milliseconds since the epoch. */
  readonly startTimestampMs?: number | undefined;
}

/** A number, with an optional exemplar for counters. */
export interface ValueMetric extends MetricBase {
  /** The number: any, also `NaN` and the infinite ones. */
  readonly value: number;
  /** An observation that the counter has counted. */
  readonly exemplar?: Exemplar | undefined;
}

/** A histogram: classic buckets, a native histogram, or both side by side. */
export interface HistogramMetric extends MetricBase {
  /** The number of all observations; the count of the `+Inf` bucket. */
  readonly count: number;
  /** The sum of all observations; `NaN` when it is not known. */
  readonly sum: number;
  /** The finite upper bounds, ascending; `[]` when there are no classic buckets but `+Inf`. */
  readonly upperBounds: readonly number[];
  /** For each upper bound the number of observations that are not above it. */
  readonly cumulativeCounts: ArrayLike<number>;
  /** For each bucket its exemplar, the one of `+Inf` last. */
  readonly exemplars?: ArrayLike<Exemplar | null | undefined> | undefined;
  /** The same observations in exponential buckets; only protobuf carries it. */
  readonly native?: NativeHistogram | undefined;
}

/**
 * Exponential buckets. Bucket `i` ends at `2 ** (i * 2 ** -schema)`; counts are absolute.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 */
export interface NativeHistogram {
  /** The resolution, from -4 to 8. */
  readonly schema: number;
  /** Observations within `[-zeroThreshold, zeroThreshold]` are in the zero bucket. */
  readonly zeroThreshold: number;
  /** How many observations are in the zero bucket. */
  readonly zeroCount: number;
  /** Which buckets above zero there are. */
  readonly positiveSpans: readonly BucketSpan[];
  /** The counts of all buckets of `positiveSpans`, one after the other. */
  readonly positiveCounts: ArrayLike<number>;
  /** Which buckets below zero there are; bucket `i` is the mirror image of the one above. */
  readonly negativeSpans?: readonly BucketSpan[] | undefined;
  /** The counts of all buckets of `negativeSpans`, one after the other. */
  readonly negativeCounts?: ArrayLike<number> | undefined;
  /** Exemplars of any bucket; each needs a timestamp, or Prometheus drops it. */
  readonly exemplars?: readonly Exemplar[] | undefined;
}

/** A run of consecutive buckets. */
export interface BucketSpan {
  /** The index of the first bucket, or the gap since the end of the span before. */
  readonly offset: number;
  /** The number of buckets. */
  readonly length: number;
}

/** Quantiles that the process computed itself. */
export interface SummaryMetric extends MetricBase {
  /** The number of all observations. */
  readonly count: number;
  /** The sum of all observations; `NaN` when it is not known. */
  readonly sum: number;
  /** From 0 to 1, ascending. */
  readonly quantiles: readonly number[];
  /** The value of each quantile. */
  readonly quantileValues: ArrayLike<number>;
}

/** One observation, with labels (such as a trace id) that lead to it. */
export interface Exemplar {
  /** What leads to it; OpenMetrics allows 128 characters of names and values. */
  readonly labels: Labels;
  /** What was observed. */
  readonly value: number;
  /** When it was observed, in milliseconds since the epoch. */
  readonly timestampMs?: number | undefined;
}
