/**
 * The messages of `io.prometheus.client`, as decoded.
 *
 * A scalar that is absent from the wire is `undefined`, except where the doc says otherwise. Counts
 * are doubles: beyond 2^53 they are rounded. Times are in milliseconds.
 */

/** The name of a value of the enum `MetricType`. */
export type ProtoType =
  | "COUNTER"
  | "GAUGE"
  | "SUMMARY"
  | "UNTYPED"
  | "HISTOGRAM"
  | "GAUGE_HISTOGRAM";

/** `MetricFamily`. */
export interface ProtoFamily {
  readonly name: string;
  readonly help?: string;
  readonly type: ProtoType;
  readonly unit?: string;
  readonly metrics: readonly ProtoMetric[];
}

/** `Metric`: exactly one of the points is there, the one that the family's type names. */
export interface ProtoMetric {
  readonly labels: ReadonlyMap<string, string>;
  readonly timestampMs?: number;
  readonly gauge?: ProtoValue;
  readonly counter?: ProtoCounter;
  readonly summary?: ProtoSummary;
  readonly untyped?: ProtoValue;
  readonly histogram?: ProtoHistogram;
}

/** `Gauge` and `Untyped`; an absent value is 0. */
export interface ProtoValue {
  readonly value: number;
}

/** `Counter`; an absent value is 0. */
export interface ProtoCounter extends ProtoValue {
  readonly exemplar?: ProtoExemplar;
  readonly createdTimestampMs?: number;
}

/** `Summary`; an absent count or sum is 0. */
export interface ProtoSummary {
  readonly sampleCount: number;
  readonly sampleSum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
  readonly createdTimestampMs?: number;
}

/** `Histogram`, classic, native or both; an absent count or sum is 0. */
export interface ProtoHistogram {
  readonly sampleCount: number;
  readonly sampleCountFloat?: number;
  readonly sampleSum: number;
  readonly buckets: readonly ProtoBucket[];
  readonly schema?: number;
  readonly zeroThreshold?: number;
  readonly zeroCount?: number;
  readonly zeroCountFloat?: number;
  readonly negativeSpans: readonly ProtoSpan[];
  readonly negativeDeltas: readonly number[];
  readonly negativeCounts: readonly number[];
  readonly positiveSpans: readonly ProtoSpan[];
  readonly positiveDeltas: readonly number[];
  readonly positiveCounts: readonly number[];
  readonly createdTimestampMs?: number;
  readonly exemplars: readonly ProtoExemplar[];
}

/** `Bucket` of a classic histogram; an absent count or bound is 0. */
export interface ProtoBucket {
  readonly cumulativeCount: number;
  readonly cumulativeCountFloat?: number;
  readonly upperBound: number;
  readonly exemplar?: ProtoExemplar;
}

/** `BucketSpan` of a native histogram; an absent number is 0. */
export interface ProtoSpan {
  readonly offset: number;
  readonly length: number;
}

/** `Exemplar`; an absent value is 0. */
export interface ProtoExemplar {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestampMs?: number;
}
