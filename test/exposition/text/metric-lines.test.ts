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
import { ANY_QUANTILES } from "../../../src/model/bounds.ts";
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
    quantileRule: ANY_QUANTILES,
    timestampUnitMs: 1_000,
    isSumFirst: false,
    isStrict: true,
    formatBucketExemplar: (exemplar, bounds, at) => (exemplar ? ` #${bounds[at] ?? "+Inf"}` : ""),
  },
  plain: {
    formatBound: (bound) => `${bound}`,
    quantileRule: ANY_QUANTILES,
    timestampUnitMs: 1,
    isSumFirst: true,
    isStrict: false,
  },
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
function encode(encoder: MetricEncoder, metric: Metric) {
  let text = "";
  const written: number[] = [];
  const outcome = encoder.encode(metric, {
    text: (part) => {
      text += part;
    },
    number: (value) => {
      text += value;
      written.push(value);
    },
  });
  return { text, written, outcome };
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
    expected: `h_bucket{le="<1>",a="b"} 3 1.5 #1
h_bucket{le="<2>",a="b"} 4 1.5
h_bucket{le="+Inf",a="b"} 5 1.5 #+Inf
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
    const { text, outcome } = encode(encoder, metric);
    assert.equal(text, expected);
    assert.equal(outcome, true);
  });
}

const NO_BOUND = "a bound of a bucket is not a finite number, or is there twice";
const NO_QUANTILE = "a quantile is not a number, or is there twice";
const NO_COUNT = "the count of a bucket is not a number";
const NOT_CUMULATIVE = "the counts of the buckets are not cumulative numbers";

/** What an author without a compiler, or without care, may pass. */
interface PartCase {
  readonly what: string;
  readonly metric: object;
  /** The lines, without those of the totals. */
  readonly bounds: string;
  /** What is reported, in a strict format and in others. */
  readonly outcome: readonly [strict: true | string, other: true | string];
  /** The same for a strict format, where it differs. */
  readonly strictBounds?: string;
}

const HISTOGRAM_PARTS: readonly PartCase[] = [
  {
    what: "sorts bounds",
    metric: { upperBounds: [2, 1], cumulativeCounts: [4, 3] },
    bounds: "1 3, 2 4, +Inf 5",
    outcome: [true, true],
  },
  {
    what: "drops bounds that are not finite numbers",
    metric: {
      upperBounds: [Number.NaN, Number.NEGATIVE_INFINITY, 1, "1.5", null, Number.POSITIVE_INFINITY],
      cumulativeCounts: [1, 2, 3, 3, 3, 5],
    },
    bounds: "1 3, +Inf 5",
    outcome: [NO_BOUND, NO_BOUND],
  },
  {
    what: "keeps the first of equal bounds",
    metric: { upperBounds: [0, -0, 1, 1], cumulativeCounts: [1, 2, 3, 4] },
    bounds: "0 1, 1 3, +Inf 5",
    outcome: [NO_BOUND, NO_BOUND],
  },
  {
    what: "drops buckets without a count",
    metric: { upperBounds: [1, 2, 3], cumulativeCounts: [1, Number.NaN] },
    bounds: "1 1, +Inf 5",
    outcome: [NOT_CUMULATIVE, NO_COUNT],
  },
  {
    what: "ignores counts without a bucket",
    metric: { upperBounds: [1], cumulativeCounts: [1, 2, 3] },
    bounds: "1 1, +Inf 5",
    outcome: [true, true],
  },
  {
    what: "drops buckets only for strict parsers that count less than the one before",
    metric: { upperBounds: [1, 2, 3], cumulativeCounts: [3, 2, 4] },
    bounds: "1 3, 2 2, 3 4, +Inf 5",
    strictBounds: "1 3, 3 4, +Inf 5",
    outcome: [NOT_CUMULATIVE, true],
  },
  {
    what: "drops buckets only for strict parsers that count more than all",
    metric: { upperBounds: [1, 2, 3], cumulativeCounts: [6, 4, 6] },
    bounds: "1 6, 2 4, 3 6, +Inf 5",
    strictBounds: "2 4, +Inf 5",
    outcome: [NOT_CUMULATIVE, true],
  },
  {
    what: "accepts a histogram without bounds and counts",
    metric: { upperBounds: undefined, cumulativeCounts: undefined },
    bounds: "+Inf 5",
    outcome: [NO_BOUND, NO_BOUND],
  },
  {
    what: "accepts a histogram without counts",
    metric: { upperBounds: [1], cumulativeCounts: undefined },
    bounds: "+Inf 5",
    outcome: [NOT_CUMULATIVE, NO_COUNT],
  },
];

for (const { what, metric, bounds, outcome, strictBounds = bounds } of HISTOGRAM_PARTS) {
  test(`createHistogramEncoder() ${what}`, () => {
    const odd = { ...HISTOGRAM, labels: {}, ...metric } as HistogramMetric;
    const strict = { ...STYLES.exemplars, formatBound: (bound: number) => `${bound}` };
    for (const [index, style] of [strict, STYLES.plain].entries()) {
      const encoder = createHistogramEncoder("h", LABELS, style);
      const encoded = encode(encoder, odd);
      const buckets = encoded.text.matchAll(/^h_bucket\{le="(.*)"\} (.*)$/gm);
      const written = Array.from(buckets, ([, le, count]) => `${le} ${count}`).join(", ");
      assert.equal(written, index === 0 ? strictBounds : bounds);
      assert.equal(encoded.outcome, outcome[index]);
      const listed = encoder.listNumbers(odd, new Float64Array(8));
      assert.equal(listed, outcome[index] === true ? encoded.written.length : -1);
    }
  });
}

test("createHistogramEncoder() keeps each exemplar with its bucket", () => {
  const encoder = createHistogramEncoder("h", LABELS, STYLES.exemplars);
  const upperBounds = [2, Number.NaN, 1];
  const exemplars = [null, EXEMPLAR, EXEMPLAR, EXEMPLAR];
  const metric = { ...HISTOGRAM, upperBounds, cumulativeCounts: [2, 0, 1], exemplars };
  assert.deepEqual(encode(encoder, metric).text.match(/(?<=le=").*|#.*/g), [
    '<1>",a="b"} 1 #1',
    '<2>",a="b"} 2',
    '+Inf",a="b"} 5 #+Inf',
  ]);
});

const QUANTILE_PARTS: readonly PartCase[] = [
  {
    what: "sorts quantiles",
    metric: { quantiles: [0.9, 0.5], quantileValues: [9, 5] },
    bounds: "0.5 5, 0.9 9",
    outcome: [true, true],
  },
  {
    what: "drops quantiles that are not numbers, and equal ones",
    metric: { quantiles: [Number.NaN, 0.5, 0.5, "1"], quantileValues: [1, 2, 3, 4] },
    bounds: "0.5 2",
    outcome: [NO_QUANTILE, NO_QUANTILE],
  },
  {
    what: "accepts a quantile without a value",
    metric: { quantiles: [0.5, 1], quantileValues: [2] },
    bounds: "0.5 2, 1 NaN",
    outcome: [true, true],
  },
  {
    what: "accepts a summary without quantiles",
    metric: { quantiles: undefined, quantileValues: undefined },
    bounds: "",
    outcome: [NO_QUANTILE, NO_QUANTILE],
  },
];

for (const { what, metric, bounds, outcome } of QUANTILE_PARTS) {
  test(`createSummaryEncoder() ${what}`, () => {
    const odd = { ...SUMMARY, ...metric } as SummaryMetric;
    const encoder = createSummaryEncoder("s", LABELS, STYLES.plain);
    const encoded = encode(encoder, odd);
    const quantiles = encoded.text.matchAll(/^s\{quantile="(.*)"\} (.*)$/gm);
    const written = Array.from(quantiles, ([, quantile, value]) => `${quantile} ${value}`);
    assert.equal(written.join(", "), bounds);
    assert.equal(encoded.outcome, outcome[1]);
    const listed = encoder.listNumbers(odd, new Float64Array(8));
    assert.equal(listed, outcome[1] === true ? encoded.written.length : -1);
  });
}

const { NaN: UNKNOWN } = Number;
const TOTALS: readonly (readonly [metric: Metric, strict: string, other: string])[] = [
  [{ ...HISTOGRAM, sum: UNKNOWN }, "", "_count"],
  [{ ...SUMMARY, sum: UNKNOWN }, "_count", "_count"],
  [{ ...SUMMARY, count: UNKNOWN }, "_sum", "_sum"],
  [{ ...SUMMARY, sum: UNKNOWN, count: UNKNOWN }, "", ""],
];

for (const [metric, ...expected] of TOTALS) {
  const { count, sum } = metric as SummaryMetric;
  const type = "quantiles" in metric ? "summary" : "histogram";
  test(`a ${type} whose count is ${count} and whose sum is ${sum} has no unknown total`, () => {
    for (const [index, style] of [STYLES.exemplars, STYLES.plain].entries()) {
      const create = type === "summary" ? createSummaryEncoder : createHistogramEncoder;
      const encoder = create("x", LABELS, style);
      const { text, outcome } = encode(encoder, metric);
      assert.equal([...text.matchAll(/_count|_sum/g)].join(), expected[index]);
      assert.equal(outcome, true);
      // Which lines there are depends on the numbers.
      assert.equal(encoder.listNumbers(metric, new Float64Array(8)), -1);
    }
  });
}

test("createHistogramEncoder() skips a histogram whose count is not known", () => {
  const unknown = { ...HISTOGRAM, count: UNKNOWN };
  const encoder = createHistogramEncoder("h", LABELS, STYLES.plain);
  const { text, outcome } = encode(encoder, unknown);
  assert.deepEqual([text, outcome], ["", false]);
  assert.equal(encoder.listNumbers(unknown, new Float64Array(8)), -1);
});

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
