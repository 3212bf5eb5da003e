import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricEncoder } from "../../../src/exposition/encoder.ts";
import { LabelEncoder } from "../../../src/exposition/text/labels.ts";
import {
  createHistogramEncoder,
  createSummaryEncoder,
  createValueEncoder,
  hasTotals,
  type LineStyle,
} from "../../../src/exposition/text/metric-lines.ts";
import type {
  HistogramMetric,
  Metric,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";

/** A format in which all that can differ is as in OpenMetrics, or as in text. */
const STYLES: Readonly<Record<"exemplars" | "plain", LineStyle>> = {
  exemplars: {
    formatBound: (bound) => `<${bound}>`,
    timestampUnitMs: 1_000,
    isSumFirst: false,
    formatBucketExemplar: (metric, index) => (metric.exemplars?.[index] ? ` #${index}` : ""),
  },
  plain: { formatBound: (bound) => `${bound}`, timestampUnitMs: 1, isSumFirst: true },
};

const EXEMPLAR = { labels: {}, value: 1 };
const VALUE: ValueMetric = { labels: { a: "b" }, value: 3 };
const HISTOGRAM: HistogramMetric = {
  labels: { a: "b" },
  count: 5,
  sum: 0.25,
  upperBounds: [1, 2],
  cumulativeCounts: [3, 4],
};
const SUMMARY: SummaryMetric = {
  labels: {},
  count: 5,
  sum: 0.25,
  quantiles: [0.5],
  quantileValues: [9],
};

const LABELS = new LabelEncoder("dots", true);

/** The text of a metric, and its numbers in the order in which they are written. */
function encode(encoder: MetricEncoder, metric: Metric): { text: string; written: number[] } {
  let text = "";
  const written: number[] = [];
  const isWritten = encoder.encode(metric, {
    text: (part) => {
      text += part;
    },
    number: (value) => {
      text += value;
      written.push(value);
    },
  });
  assert.ok(isWritten);
  return { text, written };
}

const ENCODED: readonly {
  readonly what: string;
  readonly encoder: MetricEncoder;
  readonly metric: Metric;
  readonly expected: string;
}[] = [
  {
    what: "a value",
    encoder: createValueEncoder("v", LABELS, STYLES.plain),
    metric: { ...VALUE, timestampMs: 1_500 },
    expected: 'v{a="b"} 3 1500\n',
  },
  {
    what: "a value with an exemplar",
    encoder: createValueEncoder("v", LABELS, STYLES.exemplars, (it) => (it ? " #" : "")),
    metric: { ...VALUE, timestampMs: 1_500, exemplar: EXEMPLAR },
    expected: 'v{a="b"} 3 1.5 #\n',
  },
  {
    what: "a histogram, sum first",
    encoder: createHistogramEncoder("h", LABELS, STYLES.plain),
    metric: { ...HISTOGRAM, timestampMs: 1_500, exemplars: [EXEMPLAR] },
    expected: `h_bucket{le="1",a="b"} 3 1500
h_bucket{le="2",a="b"} 4 1500
h_bucket{le="+Inf",a="b"} 5 1500
h_sum{a="b"} 0.25 1500
h_count{a="b"} 5 1500
`,
  },
  {
    what: "a histogram, count first, with exemplars",
    encoder: createHistogramEncoder("h", LABELS, STYLES.exemplars, { sum: "_s", count: "_c" }),
    metric: { ...HISTOGRAM, timestampMs: 1_500, exemplars: [EXEMPLAR, null, EXEMPLAR] },
    expected: `h_bucket{le="<1>",a="b"} 3 1.5 #0
h_bucket{le="<2>",a="b"} 4 1.5
h_bucket{le="+Inf",a="b"} 5 1.5 #2
h_c{a="b"} 5 1.5
h_s{a="b"} 0.25 1.5
`,
  },
  {
    what: "a summary, sum first",
    encoder: createSummaryEncoder("s", LABELS, STYLES.plain),
    metric: SUMMARY,
    expected: 's{quantile="0.5"} 9\ns_sum 0.25\ns_count 5\n',
  },
  {
    what: "a summary, count first",
    encoder: createSummaryEncoder("s", LABELS, STYLES.exemplars),
    metric: SUMMARY,
    expected: 's{quantile="<0.5>"} 9\ns_count 5\ns_sum 0.25\n',
  },
];

for (const { what, encoder, metric, expected } of ENCODED) {
  test(`encode() writes ${what}`, () => {
    assert.equal(encode(encoder, metric).text, expected);
  });
}

const COMPARABLE: readonly {
  readonly what: string;
  readonly encoderFor: (style: LineStyle) => MetricEncoder;
  readonly metric: Metric;
  readonly others: readonly Metric[];
}[] = [
  {
    what: "a value",
    encoderFor: (style) => createValueEncoder("v", LABELS, style),
    metric: VALUE,
    others: [
      { ...VALUE, value: 4 },
      { ...VALUE, timestampMs: 1 },
    ],
  },
  {
    what: "a histogram",
    encoderFor: (style) => createHistogramEncoder("h", LABELS, style),
    metric: HISTOGRAM,
    others: [
      { ...HISTOGRAM, count: 6 },
      { ...HISTOGRAM, sum: 1 },
      { ...HISTOGRAM, timestampMs: 1 },
    ],
  },
];

for (const [kind, style] of Object.entries(STYLES)) {
  for (const { what, encoderFor, metric, others } of COMPARABLE) {
    test(`hasSameNumbers() compares ${what} with what listNumbers() gave (${kind})`, () => {
      const encoder = encoderFor(style);
      const numbers = new Float64Array(8);
      const count = encoder.listNumbers(metric, numbers);
      assert.deepEqual([...numbers.subarray(0, count)], encode(encoder, metric).written);
      assert.equal(encoder.hasSameNumbers(metric, numbers, 0), true);
      for (const other of others) assert.equal(encoder.hasSameNumbers(other, numbers, 0), false);
    });
  }
}

test("listNumbers() lists the numbers of a summary in the order of its lines", () => {
  for (const style of Object.values(STYLES)) {
    const encoder = createSummaryEncoder("s", LABELS, style);
    const numbers = new Float64Array(8);
    const count = encoder.listNumbers(SUMMARY, numbers);
    assert.deepEqual([...numbers.subarray(0, count)], encode(encoder, SUMMARY).written);
  }
});

for (const { what, encoder, metric } of [
  {
    what: "a value",
    encoder: createValueEncoder("v", LABELS, STYLES.exemplars, () => ""),
    metric: { ...VALUE, exemplar: EXEMPLAR },
  },
  {
    what: "a histogram",
    encoder: createHistogramEncoder("h", LABELS, STYLES.exemplars),
    metric: { ...HISTOGRAM, exemplars: [EXEMPLAR] },
  },
]) {
  test(`listNumbers() compares ${what} with an exemplar to nothing`, () => {
    const numbers = new Float64Array([...encode(encoder, metric).written, 0, 0]);
    assert.equal(encoder.listNumbers(metric, new Float64Array(8)), -1);
    assert.equal(encoder.hasSameNumbers(metric, numbers, 0), false);
  });
}

test("hasTotals() requires two numbers", () => {
  const metric: SummaryMetric = { labels: {}, count: 1, sum: 2, quantiles: [], quantileValues: [] };
  assert.equal(hasTotals(metric), true);
  assert.equal(hasTotals({ ...metric, sum: Number.NaN }), true);
  // A caller without types is not held to them.
  assert.equal(hasTotals({ ...metric, sum: "2" as unknown as number }), false);
  assert.equal(hasTotals({ ...metric, count: null as unknown as number }), false);
});
