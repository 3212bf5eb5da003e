// What the fields of a decoded message mean.
import { failIn, type Message } from "./messages.ts";
import type {
  ProtoBucket,
  ProtoCounter,
  ProtoExemplar,
  ProtoFamily,
  ProtoHistogram,
  ProtoMetric,
  ProtoSpan,
  ProtoSummary,
  ProtoType,
  ProtoValue,
} from "./types.ts";

const TYPES: readonly ProtoType[] = [
  "COUNTER",
  "GAUGE",
  "SUMMARY",
  "UNTYPED",
  "HISTOGRAM",
  "GAUGE_HISTOGRAM",
];

/** Reads a `MetricFamily`; throws where a reader of its labels, times or types would go wrong. */
export function familyOf(message: Message): ProtoFamily {
  const { name = "", type: number, unit, metric = [] } = message;
  if (name === "") failIn(message, "a MetricFamily without a name");
  // Absent means COUNTER, which readers of other schemas may take for something else.
  if (number === undefined) failIn(message, `the MetricFamily ${name} without a type`);
  const type = TYPES[Number(number)] ?? failIn(message, "an unknown metric type");
  const help = message["help"] as string | undefined;
  return { ...defined({ help, unit }), name, type, metrics: metric.map(metricOf) };
}

function metricOf(message: Message): ProtoMetric {
  return {
    labels: labelsOf(message),
    ...defined({
      timestampMs: number(message, "timestamp_ms"),
      gauge: part(message, "gauge", pointOf),
      counter: part(message, "counter", counterOf),
      summary: part(message, "summary", summaryOf),
      untyped: part(message, "untyped", pointOf),
      histogram: part(message, "histogram", histogramOf),
    }),
  };
}

function labelsOf({ label = [] }: Message): Map<string, string> {
  const labels = new Map<string, string>();
  for (const pair of label) {
    const { name = "" } = pair;
    const value = (pair["value"] ?? "") as string;
    const fail = (rule: string) => failIn(pair, `the label ${JSON.stringify(name)} ${rule}`);
    if (name === "") failIn(pair, "a label without a name");
    if (value === "") fail("has an empty value");
    if (labels.has(name)) fail("appears twice");
    labels.set(name, value);
  }
  return labels;
}

function pointOf(message: Message): ProtoValue {
  return { value: number(message, "value") ?? 0 };
}

function counterOf(message: Message): ProtoCounter {
  return {
    ...pointOf(message),
    ...defined({
      exemplar: part(message, "exemplar", exemplarOf),
      createdTimestampMs: part(message, "created_timestamp", timestampOf),
    }),
  };
}

function summaryOf(message: Message): ProtoSummary {
  return {
    sampleCount: number(message, "sample_count") ?? 0,
    sampleSum: number(message, "sample_sum") ?? 0,
    quantiles: parts(message, "quantile", (quantile) => ({
      quantile: number(quantile, "quantile") ?? 0,
      value: number(quantile, "value") ?? 0,
    })),
    ...defined({ createdTimestampMs: part(message, "created_timestamp", timestampOf) }),
  };
}

function histogramOf(message: Message): ProtoHistogram {
  return {
    sampleCount: number(message, "sample_count") ?? 0,
    sampleSum: number(message, "sample_sum") ?? 0,
    buckets: parts(message, "bucket", bucketOf),
    negativeSpans: parts(message, "negative_span", spanOf),
    negativeDeltas: numbers(message, "negative_delta"),
    negativeCounts: numbers(message, "negative_count"),
    positiveSpans: parts(message, "positive_span", spanOf),
    positiveDeltas: numbers(message, "positive_delta"),
    positiveCounts: numbers(message, "positive_count"),
    exemplars: parts(message, "exemplars", exemplarOf),
    ...defined({
      sampleCountFloat: number(message, "sample_count_float"),
      schema: number(message, "schema"),
      zeroThreshold: number(message, "zero_threshold"),
      zeroCount: number(message, "zero_count"),
      zeroCountFloat: number(message, "zero_count_float"),
      createdTimestampMs: part(message, "created_timestamp", timestampOf),
    }),
  };
}

function bucketOf(message: Message): ProtoBucket {
  return {
    cumulativeCount: number(message, "cumulative_count") ?? 0,
    upperBound: number(message, "upper_bound") ?? 0,
    ...defined({
      cumulativeCountFloat: number(message, "cumulative_count_float"),
      exemplar: part(message, "exemplar", exemplarOf),
    }),
  };
}

function spanOf(message: Message): ProtoSpan {
  return { offset: number(message, "offset") ?? 0, length: number(message, "length") ?? 0 };
}

function exemplarOf(message: Message): ProtoExemplar {
  return {
    labels: labelsOf(message),
    value: number(message, "value") ?? 0,
    ...defined({ timestampMs: part(message, "timestamp", timestampOf) }),
  };
}

/** Reads a `google.protobuf.Timestamp` as milliseconds. */
function timestampOf(message: Message): number {
  const seconds = number(message, "seconds") ?? 0;
  const nanos = number(message, "nanos") ?? 0;
  if (nanos < 0 || nanos > 999_999_999) {
    failIn(message, `the nanoseconds ${nanos} are not between 0 and 999999999`);
  }
  return seconds * 1000 + nanos / 1e6;
}

/** A number; beyond 2^53 it is the nearest double. */
function number(message: Message, field: string): number | undefined {
  const value = message[field];
  return value === undefined ? undefined : Number(value);
}

function numbers(message: Message, field: string): number[] {
  return ((message[field] ?? []) as readonly (number | bigint)[]).map(Number);
}

function part<T>(message: Message, field: string, read: (part: Message) => T): T | undefined {
  const value = message[field] as Message | undefined;
  return value === undefined ? undefined : read(value);
}

function parts<T>(message: Message, field: string, read: (part: Message) => T): T[] {
  return ((message[field] ?? []) as readonly Message[]).map((value) => read(value));
}

/** The fields that are there. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
