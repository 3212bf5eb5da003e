import type { BadInput } from "../bad-input.ts";
import { delimited, double, int, message, string, zigzag } from "./wire-writer.ts";

type Bytes = readonly number[];

const COUNTER = int(0x18, 0);
const GAUGE = int(0x18, 1);
const SUMMARY = int(0x18, 2);
const HISTOGRAM = int(0x18, 4);
const NAME = string(0x0a, "a");

const gaugePoint = message(0x12, double(0x09, 1));
const metric = (...parts: Bytes[]): Bytes => message(0x22, ...parts);
const label = (name: string, value: string | Bytes): Bytes =>
  message(0x0a, string(0x0a, name), string(0x12, value));

const gauge = (...parts: Bytes[]): Bytes => delimited(NAME, GAUGE, metric(...parts, gaugePoint));
const counter = (...parts: Bytes[]): Bytes =>
  delimited(NAME, COUNTER, metric(message(0x1a, double(0x09, 1), ...parts)));
const summary = (...parts: Bytes[]): Bytes =>
  delimited(NAME, SUMMARY, metric(message(0x22, ...parts)));
const quantile = (value: number): Bytes => message(0x1a, double(0x09, value), double(0x11, 1));
const histogram = (...parts: Bytes[]): Bytes =>
  delimited(NAME, HISTOGRAM, metric(message(0x3a, ...parts)));
const bucket = (count: number, bound: number, ...more: Bytes[]): Bytes =>
  message(0x1a, int(0x08, count), double(0x11, bound), ...more);
const span = (tag: number, offset: number, length: number): Bytes =>
  message(tag, int(0x08, zigzag(offset)), int(0x10, length));
const deltas = (tag: number, ...values: number[]): Bytes =>
  message(tag, ...values.map((value) => [zigzag(value)]));
const native = (...parts: Bytes[]): Bytes =>
  histogram(int(0x28, zigzag(3)), double(0x31, 1e-9), ...parts);

const POSITIVE_SPAN = 0x62;
const POSITIVE_DELTAS = 0x6a;
const NEGATIVE_SPAN = 0x4a;
const NEGATIVE_DELTAS = 0x52;

/** Bodies that are not delimited `MetricFamily` messages, or that a reader rejects. */
export const BAD_PROTOBUF: readonly BadInput<Bytes>[] = [
  // The wire.
  ["a truncated length", [0x80], /^offset 1: truncated: 1 bytes wanted, 0 left$/],
  ["a truncated family", delimited(NAME, GAUGE).slice(0, -1), /^offset 1: truncated/],
  ["a truncated string", delimited([0x0a, 0x05, 0x61]), /^offset 3: truncated: 5 bytes wanted, 1/],
  ["a truncated double", delimited(NAME, metric(message(0x12, [0x09, 0]))), /truncated: 8 bytes/],
  ["a length that is too long", [0x85, 0x00, ...NAME, ...GAUGE], /^offset 0: a varint longer than/],
  ["a length of six bytes", [0x80, 0x80, 0x80, 0x80, 0x80, 0x01], /a varint of more than 5 bytes/],
  [
    "a type that is too long",
    delimited(NAME, [0x18, 0x81, 0x00]),
    /a varint longer than it need be/,
  ],
  [
    "a varint of 65 bits",
    gauge([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]),
    /more than 10 bytes or 64 bits/,
  ],
  ["an unknown field", delimited(NAME, int(0x30, 1)), /MetricFamily has no field 6 of wire type 0/],
  ["a wrong wire type", delimited(int(0x08, 1)), /MetricFamily has no field 1 of wire type 0/],
  ["a group", delimited([0x0b, 0x0c]), /no field 1 of wire type 3/],
  ["a field twice", delimited(NAME, NAME), /^offset 4: MetricFamily has field 1 twice/],
  ["a point twice", gauge(gaugePoint), /Metric has field 2 twice/],
  ["a name that is not UTF-8", delimited(string(0x0a, [0xff])), /^offset 2: a string is not UTF-8/],
  ["a value that is not UTF-8", gauge(label("b", [0xc3])), /a string is not UTF-8/],
  ["a surrogate", gauge(label("b", [0xed, 0xa0, 0x80])), /a string is not UTF-8/],

  // Families.
  ["an empty family", [0], /^offset 1: a MetricFamily without a name$/],
  ["a family without a name", delimited(GAUGE, metric(gaugePoint)), /without a name/],
  ["a family with an empty name", delimited(string(0x0a, ""), GAUGE), /without a name/],
  [
    "a family without a type",
    delimited(NAME, metric(gaugePoint)),
    /the MetricFamily a without a ty/,
  ],
  ["a family of an unknown type", delimited(NAME, int(0x18, 6)), /an unknown metric type/],
  ["a family without metrics", delimited(NAME, GAUGE), /^offset 0: a: a family without metrics$/],
  ["two families of one name", [...gauge(), ...gauge()], /^offset 19: a: a second family of that/],
  ["a UTF-8 name", delimited(string(0x0a, "a.b"), GAUGE), /a\.b: a UTF-8 name where such were not/],
  [
    "a UTF-8 label name",
    gauge(label("a.b", "c")),
    /the UTF-8 label name "a\.b" where such were not/,
  ],
  [
    "a series of two families",
    [...summary(), ...delimited(string(0x0a, "a_sum"), GAUGE, metric(gaugePoint))],
    /^offset 10: a_sum: a series of two families/,
  ],

  // Metrics.
  [
    "a metric without its point",
    delimited(NAME, GAUGE, metric()),
    /expected one gauge .*found none/,
  ],
  [
    "the point of another type",
    delimited(NAME, COUNTER, metric(gaugePoint)),
    /one counter .* gauge/,
  ],
  [
    "two points",
    gauge(message(0x2a, [])),
    /expected one gauge in a metric, found gauge and untyped/,
  ],
  [
    "a gauge histogram with a gauge",
    delimited(NAME, int(0x18, 5), metric(gaugePoint)),
    /expected one histogram in a metric, found gauge/,
  ],
  [
    "a duplicate series",
    delimited(NAME, GAUGE, metric(gaugePoint), metric(gaugePoint)),
    /duplicate/,
  ],
  [
    "a duplicate series in another order",
    delimited(
      NAME,
      GAUGE,
      metric(label("b", "1"), label("c", "2"), gaugePoint),
      metric(label("c", "2"), label("b", "1"), gaugePoint),
    ),
    /a duplicate series/,
  ],
  ["a label twice", gauge(label("b", "c"), label("b", "d")), /the label "b" appears twice/],
  ["an empty label value", gauge(label("b", "")), /the label "b" has an empty value/],
  ["a label without a value", gauge(message(0x0a, string(0x0a, "b"))), /has an empty value/],
  ["a label without a name", gauge(message(0x0a, string(0x12, "b"))), /a label without a name/],
  ["an empty label name", gauge(label("", "b")), /a label without a name/],
  ["the label __name__", gauge(label("__name__", "b")), /the label name "__name__" is reserved/],
  [
    "a label le of a histogram",
    delimited(NAME, HISTOGRAM, metric(label("le", "1"), message(0x3a, []))),
    /the label name "le" is reserved/,
  ],
  [
    "a label quantile of a summary",
    delimited(NAME, SUMMARY, metric(label("quantile", "1"), message(0x22, []))),
    /the label name "quantile" is reserved/,
  ],

  // Exemplars and times.
  ["an exemplar label twice", counter(message(0x12, label("b", "c"), label("b", "d"))), /twice/],
  ["an empty exemplar label", counter(message(0x12, label("b", ""))), /has an empty value/],
  ["nanoseconds of a second", counter(message(0x1a, int(0x10, 1e9))), /nanoseconds 1000000000 are/],
  ["negative nanoseconds", counter(message(0x1a, int(0x10, -1))), /the nanoseconds -1 are not/],

  // Summaries.
  ["a quantile above 1", summary(quantile(1.5)), /the quantile 1\.5 is not between 0 and 1/],
  ["a quantile below 0", summary(quantile(-0.5)), /is not between 0 and 1/],
  ["a quantile of NaN", summary(quantile(Number.NaN)), /the quantile NaN is not between 0 and 1/],
  ["quantiles that descend", summary(quantile(0.9), quantile(0.5)), /the quantiles do not ascend/],
  ["a quantile twice", summary(quantile(0.5), quantile(0.5)), /the quantiles do not ascend/],

  // Classic histograms.
  ["bounds that descend", histogram(int(0x08, 1), bucket(1, 2), bucket(1, 1)), /bounds do not asc/],
  ["a bound twice", histogram(int(0x08, 1), bucket(1, 1), bucket(1, 1)), /bounds do not ascend/],
  ["a bound of NaN", histogram(int(0x08, 1), bucket(1, Number.NaN)), /bounds do not ascend/],
  ["counts that fall", histogram(int(0x08, 2), bucket(2, 1), bucket(1, 2)), /not cumulative/],
  [
    "a negative float count",
    histogram(double(0x21, 1), bucket(0, 1, double(0x21, -1))),
    /not cumulative/,
  ],
  [
    "a float count of NaN",
    histogram(double(0x21, 1), bucket(0, 1, double(0x21, Number.NaN))),
    /not cumulative/,
  ],
  ["a negative float sample count", histogram(double(0x21, -1)), /a: a negative count/],
  ["a sample count of NaN", histogram(double(0x21, Number.NaN)), /a: a negative count/],
  ["a bucket above the count", histogram(int(0x08, 1), bucket(2, 1)), /last bucket counts 2 of 1/],
  [
    "+Inf below the count",
    histogram(int(0x08, 2), bucket(1, Infinity)),
    /last bucket counts 1 of 2/,
  ],

  // Native histograms.
  ["a schema below -4", histogram(int(0x28, zigzag(-5)), double(0x31, 1)), /the schema -5 is not/],
  [
    "a schema above 8",
    histogram(int(0x28, zigzag(9)), double(0x31, 1)),
    /the schema 9 is not betw/,
  ],
  ["a schema of 33 bits", histogram(int(0x28, 2n ** 32n)), /more than 32 bits/],
  ["a negative zero threshold", histogram(double(0x31, -1)), /the zero threshold -1 is negative/],
  [
    "an infinite zero threshold",
    histogram(double(0x31, Infinity)),
    /threshold Infinity is negative/,
  ],
  ["an empty native histogram", histogram(int(0x28, 0)), /without a zero threshold or a span/],
  ["deltas without anything", histogram(deltas(POSITIVE_DELTAS, 1)), /without a zero threshold or/],
  ["a negative float zero count", native(double(0x41, -1)), /a negative count/],
  [
    "more deltas than the spans have",
    native(int(0x08, 2), span(POSITIVE_SPAN, 0, 1), deltas(POSITIVE_DELTAS, 1, 0)),
    /the spans have 1 buckets, but 2 are given/,
  ],
  [
    "fewer deltas than the spans have",
    native(int(0x08, 1), span(NEGATIVE_SPAN, 0, 2), deltas(NEGATIVE_DELTAS, 1)),
    /the spans have 2 buckets, but 1 are given/,
  ],
  [
    "a later span with a negative offset",
    native(
      int(0x08, 2),
      span(POSITIVE_SPAN, -2, 1),
      span(POSITIVE_SPAN, -1, 1),
      deltas(POSITIVE_DELTAS, 1, 0),
    ),
    /a span after the first with a negative offset/,
  ],
  [
    "a bucket count below zero",
    native(int(0x08, 0), span(POSITIVE_SPAN, 0, 2), deltas(POSITIVE_DELTAS, 1, -2)),
    /a negative bucket count/,
  ],
  [
    "buckets that do not make the count",
    native(int(0x08, 4), int(0x38, 1), span(POSITIVE_SPAN, 0, 2), deltas(POSITIVE_DELTAS, 1, 0)),
    /the native buckets count 3 of 4/,
  ],
  [
    "more buckets than the count with a sum of NaN",
    native(
      int(0x08, 1),
      double(0x11, Number.NaN),
      span(POSITIVE_SPAN, 0, 1),
      deltas(POSITIVE_DELTAS, 2),
    ),
    /the native buckets count 2 of 1/,
  ],
  [
    "deltas in a float histogram",
    native(double(0x21, 1), span(POSITIVE_SPAN, 0, 1), deltas(POSITIVE_DELTAS, 1)),
    /deltas in a float histogram/,
  ],
  [
    "float counts in an integer histogram",
    native(int(0x08, 1), span(POSITIVE_SPAN, 0, 1), double(0x71, 1)),
    /float counts in an integer histogram/,
  ],
  [
    "a float count below zero",
    native(double(0x21, 1), span(NEGATIVE_SPAN, 0, 1), double(0x59, -1)),
    /a negative bucket count/,
  ],
  [
    "an exemplar of a native histogram without a timestamp",
    native(message(0x82, double(0x11, 1))),
    /an exemplar of a native histogram without a timestamp/,
  ],
];
