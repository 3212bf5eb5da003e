/**
 * The tags of `io.prometheus.client`: the number of each field times eight, plus its wire type.
 *
 * Repeated numbers are packed, which every decoder reads and which is smaller.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */

/** The values of `MetricType`. */
export const METRIC_TYPE = {
  counter: 0,
  gauge: 1,
  summary: 2,
  untyped: 3,
  histogram: 4,
  gaugeHistogram: 5,
} as const;

/** The fields of `MetricFamily`. */
export const METRIC_FAMILY = {
  name: 0x0a,
  help: 0x12,
  type: 0x18,
  metric: 0x22,
  unit: 0x2a,
} as const;

/** The fields of `Metric`. */
export const METRIC = {
  label: 0x0a,
  gauge: 0x12,
  counter: 0x1a,
  summary: 0x22,
  untyped: 0x2a,
  timestampMs: 0x30,
  histogram: 0x3a,
} as const;

/** The fields of `LabelPair`. */
export const LABEL_PAIR = { name: 0x0a, value: 0x12 } as const;

/** The fields of `Counter`; `Gauge` and `Untyped` have but the first. */
export const COUNTER = { value: 0x09, exemplar: 0x12, createdTimestamp: 0x1a } as const;

/** The fields of `Summary`. */
export const SUMMARY = {
  sampleCount: 0x08,
  sampleSum: 0x11,
  quantile: 0x1a,
  createdTimestamp: 0x22,
} as const;

/** The fields of `Quantile`. */
export const QUANTILE = { quantile: 0x09, value: 0x11 } as const;

/** The fields of `Histogram`. */
export const HISTOGRAM = {
  sampleCount: 0x08,
  sampleSum: 0x11,
  bucket: 0x1a,
  sampleCountFloat: 0x21,
  schema: 0x28,
  zeroThreshold: 0x31,
  zeroCount: 0x38,
  zeroCountFloat: 0x41,
  negativeSpan: 0x4a,
  negativeDelta: 0x52,
  negativeCount: 0x5a,
  positiveSpan: 0x62,
  positiveDelta: 0x6a,
  positiveCount: 0x72,
  createdTimestamp: 0x7a,
  exemplars: 0x82,
} as const;

/** The fields of `Bucket`. */
export const BUCKET = {
  cumulativeCount: 0x08,
  upperBound: 0x11,
  exemplar: 0x1a,
  cumulativeCountFloat: 0x21,
} as const;

/** The fields of `BucketSpan`. */
export const BUCKET_SPAN = { offset: 0x08, length: 0x10 } as const;

/** The fields of `Exemplar`. */
export const EXEMPLAR = { label: 0x0a, value: 0x11, timestamp: 0x1a } as const;

/** The fields of `google.protobuf.Timestamp`. */
export const TIMESTAMP = { seconds: 0x08, nanos: 0x10 } as const;
