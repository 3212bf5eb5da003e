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
} from "./protobuf-types.ts";
import { type FieldReader, repeatedNumber, type WireReader } from "./wire.ts";

/** An object that is still being filled. */
type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

const TYPES: readonly ProtoType[] = [
  "COUNTER",
  "GAUGE",
  "SUMMARY",
  "UNTYPED",
  "HISTOGRAM",
  "GAUGE_HISTOGRAM",
];

const string = (reader: WireReader): string => reader.string();
const double = (reader: WireReader): number => reader.double();
const uint64 = (reader: WireReader): number => reader.uint64();
const int64 = (reader: WireReader): number => reader.int64();
const sint64 = (reader: WireReader): number => reader.sint64();
const sint32 = (reader: WireReader): number => reader.sint32();
const uint32 = (reader: WireReader): number => reader.uint32();

/** Makes a reader of a field that keeps the value under `key`. */
function into<T, Key extends keyof T>(
  target: T,
  key: Key,
  read: (reader: WireReader) => T[Key],
): FieldReader {
  return (reader) => {
    target[key] = read(reader);
  };
}

/**
 * Decodes a `MetricFamily`.
 *
 * The numbers before the readers are tags, so a field of the wrong wire type counts as unknown.
 */
export function decodeFamily(reader: WireReader): ProtoFamily {
  const family: Partial<Draft<ProtoFamily>> = {};
  const metrics: ProtoMetric[] = [];
  reader.fields("MetricFamily", {
    once: {
      10: into(family, "name", string),
      18: into(family, "help", string),
      24: into(family, "type", (r) => TYPES[r.uint64()] ?? r.fail("an unknown metric type")),
      42: into(family, "unit", string),
    },
    repeated: { 34: (r) => metrics.push(decodeMetric(r.message())) },
  });
  const { name = "", type } = family;
  if (name === "") {
    reader.fail("a MetricFamily without a name");
  }
  // Absent means COUNTER, which readers of other schemas may take for something else.
  if (type === undefined) {
    reader.fail(`the MetricFamily ${name} without a type`);
  }
  return { ...family, name, type, metrics };
}

function decodeMetric(reader: WireReader): ProtoMetric {
  const labels = new Map<string, string>();
  const metric: Draft<ProtoMetric> = { labels };
  reader.fields("Metric", {
    once: {
      18: into(metric, "gauge", (r) => decodeValue(r.message(), "Gauge")),
      26: into(metric, "counter", (r) => decodeCounter(r.message())),
      34: into(metric, "summary", (r) => decodeSummary(r.message())),
      42: into(metric, "untyped", (r) => decodeValue(r.message(), "Untyped")),
      48: into(metric, "timestampMs", int64),
      58: into(metric, "histogram", (r) => decodeHistogram(r.message())),
    },
    repeated: { 10: (r) => decodeLabel(r.message(), labels) },
  });
  return metric;
}

function decodeLabel(reader: WireReader, labels: Map<string, string>): void {
  const pair = { name: "", value: "" };
  reader.fields("LabelPair", {
    once: {
      10: into(pair, "name", string),
      18: into(pair, "value", string),
    },
  });
  const { name, value } = pair;
  if (name === "") {
    reader.fail("a label without a name");
  }
  if (value === "") {
    reader.fail(`the label ${JSON.stringify(name)} has an empty value`);
  }
  if (labels.has(name)) {
    reader.fail(`the label ${JSON.stringify(name)} appears twice`);
  }
  labels.set(name, value);
}

function decodeValue(reader: WireReader, name: string): ProtoValue {
  const point: Draft<ProtoValue> = { value: 0 };
  reader.fields(name, {
    once: {
      9: into(point, "value", double),
    },
  });
  return point;
}

function decodeCounter(reader: WireReader): ProtoCounter {
  const counter: Draft<ProtoCounter> = { value: 0 };
  reader.fields("Counter", {
    once: {
      9: into(counter, "value", double),
      18: into(counter, "exemplar", (r) => decodeExemplar(r.message())),
      26: into(counter, "createdTimestampMs", (r) => decodeTimestamp(r.message())),
    },
  });
  return counter;
}

function decodeSummary(reader: WireReader): ProtoSummary {
  const quantiles: { quantile: number; value: number }[] = [];
  const summary: Draft<ProtoSummary> = { sampleCount: 0, sampleSum: 0, quantiles };
  reader.fields("Summary", {
    once: {
      8: into(summary, "sampleCount", uint64),
      17: into(summary, "sampleSum", double),
      34: into(summary, "createdTimestampMs", (r) => decodeTimestamp(r.message())),
    },
    repeated: { 26: (r) => quantiles.push(decodeQuantile(r.message())) },
  });
  return summary;
}

function decodeQuantile(reader: WireReader): { quantile: number; value: number } {
  const result = { quantile: 0, value: 0 };
  reader.fields("Quantile", {
    once: {
      9: into(result, "quantile", double),
      17: into(result, "value", double),
    },
  });
  return result;
}

function decodeHistogram(reader: WireReader): ProtoHistogram {
  const buckets: ProtoBucket[] = [];
  const negativeSpans: ProtoSpan[] = [];
  const negativeDeltas: number[] = [];
  const negativeCounts: number[] = [];
  const positiveSpans: ProtoSpan[] = [];
  const positiveDeltas: number[] = [];
  const positiveCounts: number[] = [];
  const exemplars: ProtoExemplar[] = [];
  const histogram: Draft<ProtoHistogram> = {
    ...{ sampleCount: 0, sampleSum: 0, buckets, exemplars },
    ...{ negativeSpans, negativeDeltas, negativeCounts },
    ...{ positiveSpans, positiveDeltas, positiveCounts },
  };
  reader.fields("Histogram", {
    once: {
      8: into(histogram, "sampleCount", uint64),
      17: into(histogram, "sampleSum", double),
      33: into(histogram, "sampleCountFloat", double),
      40: into(histogram, "schema", sint32),
      49: into(histogram, "zeroThreshold", double),
      56: into(histogram, "zeroCount", uint64),
      65: into(histogram, "zeroCountFloat", double),
      122: into(histogram, "createdTimestampMs", (r) => decodeTimestamp(r.message())),
    },
    repeated: {
      26: (r) => buckets.push(decodeBucket(r.message())),
      74: (r) => negativeSpans.push(decodeSpan(r.message())),
      98: (r) => positiveSpans.push(decodeSpan(r.message())),
      130: (r) => exemplars.push(decodeExemplar(r.message())),
      ...repeatedNumber(10, 0, negativeDeltas, sint64),
      ...repeatedNumber(11, 1, negativeCounts, double),
      ...repeatedNumber(13, 0, positiveDeltas, sint64),
      ...repeatedNumber(14, 1, positiveCounts, double),
    },
  });
  return histogram;
}

function decodeBucket(reader: WireReader): ProtoBucket {
  const bucket: Draft<ProtoBucket> = { cumulativeCount: 0, upperBound: 0 };
  reader.fields("Bucket", {
    once: {
      8: into(bucket, "cumulativeCount", uint64),
      17: into(bucket, "upperBound", double),
      26: into(bucket, "exemplar", (r) => decodeExemplar(r.message())),
      33: into(bucket, "cumulativeCountFloat", double),
    },
  });
  return bucket;
}

function decodeSpan(reader: WireReader): ProtoSpan {
  const span: Draft<ProtoSpan> = { offset: 0, length: 0 };
  reader.fields("BucketSpan", {
    once: {
      8: into(span, "offset", sint32),
      16: into(span, "length", uint32),
    },
  });
  return span;
}

function decodeExemplar(reader: WireReader): ProtoExemplar {
  const labels = new Map<string, string>();
  const exemplar: Draft<ProtoExemplar> = { labels, value: 0 };
  reader.fields("Exemplar", {
    once: {
      17: into(exemplar, "value", double),
      26: into(exemplar, "timestampMs", (r) => decodeTimestamp(r.message())),
    },
    repeated: { 10: (r) => decodeLabel(r.message(), labels) },
  });
  return exemplar;
}

/** Decodes a `google.protobuf.Timestamp` to milliseconds. */
function decodeTimestamp(reader: WireReader): number {
  const timestamp = { seconds: 0, nanos: 0 };
  reader.fields("Timestamp", {
    once: {
      8: into(timestamp, "seconds", int64),
      16: into(timestamp, "nanos", int64),
    },
  });
  const { seconds, nanos } = timestamp;
  if (nanos < 0 || nanos > 999_999_999) {
    reader.fail(`the nanoseconds ${nanos} are not between 0 and 999999999`);
  }
  return seconds * 1000 + nanos / 1e6;
}
