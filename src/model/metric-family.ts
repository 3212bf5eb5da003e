/**
 * Metric families, modelled on `io.prometheus.client.MetricFamily`.
 *
 * Gatherers make them, encoders read them, and neither depends on the other. Encoders read while the
 * exposition streams: `metrics` may be a live, lazy iterable that yields the same object again and
 * again. So an encoder uses a metric before it asks for the next, and keeps no reference to it.
 */

/** The type of a metric family, in the words of OpenMetrics. */
export type MetricType = MetricFamily["type"];

/**
 * All types, for what comes from where no compiler has checked it.
 *
 * @internal
 */
export const METRIC_TYPES: ReadonlySet<unknown> = new Set<MetricType>([
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "stateset",
  "info",
  "summary",
  "unknown",
]);

/**
 * The labels of one metric: name to value.
 *
 * A value that is not a string is converted with `String()`, as the client libraries do: `undefined`
 * becomes `"undefined"`. A metric with a value that cannot be converted is skipped. `""` means that the
 * label is absent (OpenMetrics 1.0, Label). Only own enumerable properties count.
 */
export type Labels = Readonly<Record<string, unknown>>;

/** All metrics that share a name. */
export type MetricFamily = ValueFamily | HistogramFamily | SummaryFamily;

interface FamilyBase {
  /**
   * The full name, as the text format prints it: a counter ends in `_total`, an info in `_info`.
   * Any non-empty string is allowed; characters that a scraper cannot read are escaped for it, and a
   * NUL for every scraper.
   */
  readonly name: string;
  /** What the metric means, for a reader; `""` when unknown. */
  readonly help: string;
  /** The unit, a suffix of the name such as `seconds`; printed in the formats that have units. */
  readonly unit?: string | undefined;
  /**
   * Promises that no two metrics have the same label names with the same values, empty ones included
   * and each as `String()` gives it, and that `metrics` may be read again while it is being read. It
   * must hold for all that one iterator yields, even if label sets come and go meanwhile: an encoder pauses. It
   * saves an encoder from comparing the labels of each metric with those of all others at each scrape.
   * @default false
   */
  readonly hasUniqueLabels?: boolean | undefined;
}

/** A family of plain numbers. */
export interface ValueFamily extends FamilyBase {
  /**
   * What the numbers mean. An `info` is always 1. A state of a `stateset` is 0 or 1, and its label with
   * the name of the family says which state it is; the states of one label set may come in any order,
   * but have one timestamp. OpenMetrics output shows what is neither as `unknown` (OpenMetrics 1.0,
   * Info and StateSet).
   */
  readonly type: "counter" | "gauge" | "unknown" | "info" | "stateset";
  /** The numbers, one for each label set. The iterable may be read any number of times. */
  readonly metrics: Iterable<ValueMetric>;
  /**
   * How the gauges of several workers become one, with the option `workers`: an `Aggregator`, or what
   * the client library calls so.
   * @default "sum"
   */
  readonly aggregator?: unknown;
}

/** A family of histograms: classic, native or both. */
export interface HistogramFamily extends FamilyBase {
  /** Whether counts only grow (`histogram`) or may also fall (`gaugehistogram`). */
  readonly type: "histogram" | "gaugehistogram";
  /** The histograms, one for each label set. The iterable may be read any number of times. */
  readonly metrics: Iterable<HistogramMetric>;
}

/** A family of summaries. */
export interface SummaryFamily extends FamilyBase {
  /** The only type of a summary. */
  readonly type: "summary";
  /** The summaries, one for each label set. The iterable may be read any number of times. */
  readonly metrics: Iterable<SummaryMetric>;
}

/** One label set of any family. */
export type Metric = ValueMetric | HistogramMetric | SummaryMetric;

interface MetricBase {
  /** The labels. Of two metrics of a family that have the same, only the first is served. */
  readonly labels: Labels;
  /**
   * A value that stays the same for this label set at every scrape and differs for every other one,
   * compared by `===`. It lets an encoder reuse the bytes of the last scrape. Leave it out when unsure.
   */
  readonly identity?: unknown;
  /** When the value was observed, in milliseconds since the epoch; leave it out for "now". */
  readonly timestampMs?: number | undefined;
  /** When a counter, histogram or summary started to count, in milliseconds since the epoch. */
  readonly startTimestampMs?: number | undefined;
}

/** A number, with an optional exemplar for counters. */
export interface ValueMetric extends MetricBase {
  /** Any number, including `NaN` and the infinities. */
  readonly value: number;
  /** One of the observations that the counter has counted. */
  readonly exemplar?: Exemplar | undefined;
}

/** A histogram: classic buckets, a native histogram, or both side by side. */
export interface HistogramMetric extends MetricBase {
  /** The number of observations, which is the count of the `+Inf` bucket. */
  readonly count: number;
  /** The sum of all observations; `NaN` when unknown: then the text formats have none. */
  readonly sum: number;
  /** The finite upper bounds, each once; `[]` when `+Inf` is the only classic bucket. */
  readonly upperBounds: readonly number[];
  /** For each upper bound, the number of observations at or below it. */
  readonly cumulativeCounts: ArrayLike<number>;
  /** An exemplar for each bucket; that of `+Inf` is last. */
  readonly exemplars?: ArrayLike<Exemplar | null | undefined> | undefined;
  /** The same observations in exponential buckets; only protobuf carries them. */
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
  /** The zero bucket counts the observations in `[-zeroThreshold, zeroThreshold]`. */
  readonly zeroThreshold: number;
  /** The count of the zero bucket. */
  readonly zeroCount: number;
  /** The buckets above zero. */
  readonly positiveSpans: readonly BucketSpan[];
  /** The count of each bucket of `positiveSpans`, in their order. */
  readonly positiveCounts: ArrayLike<number>;
  /** The buckets below zero; bucket `i` mirrors bucket `i` above zero. */
  readonly negativeSpans?: readonly BucketSpan[] | undefined;
  /** The count of each bucket of `negativeSpans`, in their order. */
  readonly negativeCounts?: ArrayLike<number> | undefined;
  /** Exemplars of any bucket. Prometheus drops one that has no timestamp. */
  readonly exemplars?: readonly Exemplar[] | undefined;
}

/** A run of consecutive buckets. */
export interface BucketSpan {
  /** The index of the first bucket; after the first span, the gap to the end of the previous one. */
  readonly offset: number;
  /** The number of buckets. */
  readonly length: number;
}

/** Quantiles that the process has computed itself. */
export interface SummaryMetric extends MetricBase {
  /** The number of observations; `NaN` when unknown: protobuf then skips the summary. */
  readonly count: number;
  /** The sum of all observations; `NaN` when unknown: then the text formats have none. */
  readonly sum: number;
  /** From 0 to 1, each once. */
  readonly quantiles: readonly number[];
  /** The value of each quantile. */
  readonly quantileValues: ArrayLike<number>;
}

/** One observation, with labels that say where to find more about it, such as a trace ID. */
export interface Exemplar {
  /** Labels that say where to find more; OpenMetrics allows 128 characters of names and values. */
  readonly labels: Labels;
  /** The observed value. */
  readonly value: number;
  /** When it was observed, in milliseconds since the epoch. */
  readonly timestampMs?: number | undefined;
}
