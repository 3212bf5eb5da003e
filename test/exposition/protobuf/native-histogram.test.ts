import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeFault } from "../../../src/exposition/protobuf/native-histogram.ts";
import type {
  HistogramMetric,
  MetricFamily,
  NativeHistogram,
} from "../../../src/model/metric-family.ts";
import { encode, encodedMetrics } from "./encode.ts";

/** Three observations in the buckets 0, 1 and zero. */
const NATIVE: NativeHistogram = {
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1,
  positiveSpans: [{ offset: 0, length: 2 }],
  positiveCounts: [1, 1],
};

interface FaultCase {
  readonly name: string;
  readonly native: Partial<NativeHistogram>;
  readonly count?: number;
  readonly sum?: number;
  readonly expected: string | undefined;
}

const SCHEMA = "a native histogram's schema is not from -4 to 8";
const THRESHOLD = "a native histogram's zero threshold is not a number from 0";
const NEGATIVE = "a native histogram's count is not a number from 0";
const ORDER = "a native histogram's spans are out of order";
const MATCH = "a native histogram's spans and counts do not match";
const TOTAL = "a native histogram's count is not what its buckets hold";

const FAULTS: readonly FaultCase[] = [
  { name: "a consistent histogram", native: {}, expected: undefined },
  { name: "the schema -4", native: { schema: -4 }, expected: undefined },
  { name: "the schema 8", native: { schema: 8 }, expected: undefined },
  { name: "the schema -5", native: { schema: -5 }, expected: SCHEMA },
  { name: "the schema 9", native: { schema: 9 }, expected: SCHEMA },
  { name: "the schema 0.5", native: { schema: 0.5 }, expected: SCHEMA },
  { name: "a negative zero threshold", native: { zeroThreshold: -1 }, expected: THRESHOLD },
  { name: "no zero threshold", native: { zeroThreshold: Number.NaN }, expected: THRESHOLD },
  { name: "a negative count", native: {}, count: -3, expected: NEGATIVE },
  { name: "an endless count", native: {}, count: Number.POSITIVE_INFINITY, expected: NEGATIVE },
  { name: "a negative zero count", native: { zeroCount: -1 }, expected: NEGATIVE },
  { name: "a negative bucket", native: { positiveCounts: [3, -1] }, expected: NEGATIVE },
  { name: "a bucket of NaN", native: { positiveCounts: [3, Number.NaN] }, expected: NEGATIVE },
  { name: "too few counts", native: { positiveCounts: [2] }, expected: MATCH },
  { name: "too many counts", native: { positiveCounts: [1, 1, 0] }, expected: MATCH },
  {
    name: "spans without counts",
    native: { negativeSpans: [{ offset: 0, length: 1 }] },
    expected: MATCH,
  },
  {
    name: "no spans",
    native: { positiveSpans: undefined as unknown as NativeHistogram["positiveSpans"] },
    expected: MATCH,
  },
  {
    name: "no counts",
    native: { positiveCounts: undefined as unknown as NativeHistogram["positiveCounts"] },
    expected: MATCH,
  },
  { name: "counts without spans", native: { negativeCounts: [0] }, expected: MATCH },
  {
    name: "a negative offset of the first span",
    native: { positiveSpans: [{ offset: -7, length: 2 }] },
    expected: undefined,
  },
  {
    name: "a negative offset of a later span",
    native: {
      positiveSpans: [
        { offset: 0, length: 1 },
        { offset: -1, length: 1 },
      ],
    },
    expected: ORDER,
  },
  {
    name: "an offset of more than 32 bits",
    native: { positiveSpans: [{ offset: 2 ** 31, length: 2 }] },
    expected: ORDER,
  },
  {
    name: "a negative length",
    native: {
      positiveSpans: [
        { offset: 0, length: 3 },
        { offset: 0, length: -1 },
      ],
    },
    expected: ORDER,
  },
  {
    name: "a length that is not whole",
    native: { positiveSpans: [{ offset: 0, length: 1.5 }] },
    expected: ORDER,
  },
  { name: "a count above its buckets", native: {}, count: 4, expected: TOTAL },
  { name: "a count below its buckets", native: {}, count: 2, expected: TOTAL },
  {
    name: "negative buckets in the count",
    native: { negativeSpans: [{ offset: 0, length: 1 }], negativeCounts: [5] },
    count: 8,
    expected: undefined,
  },
  {
    name: "a count above its buckets when the sum is NaN",
    native: {},
    count: 4,
    sum: Number.NaN,
    expected: undefined,
  },
  {
    name: "a count below its buckets when the sum is NaN",
    native: {},
    count: 2,
    sum: Number.NaN,
    expected: TOTAL,
  },
  {
    name: "fractions whose sum is not exact",
    native: { positiveCounts: [0.1, 0.2], zeroCount: 0 },
    count: 0.3,
    expected: undefined,
  },
  {
    name: "fractions without a count",
    native: { positiveCounts: [0.1, 0.2], zeroCount: 0 },
    count: 0,
    expected: TOTAL,
  },
];

for (const { name, native, count = 3, sum = 1, expected } of FAULTS) {
  test(`nativeFault() ${expected === undefined ? "allows" : "finds"} ${name}`, () => {
    assert.equal(nativeFault({ ...NATIVE, ...native }, count, sum), expected);
  });
}

const CLASSIC: HistogramMetric = {
  labels: {},
  count: 3,
  sum: 1.5,
  upperBounds: [1],
  cumulativeCounts: [2],
};

const CLASSIC_PART = {
  sample_count: 3n,
  sample_sum: 1.5,
  bucket: [{ cumulative_count: 2n, upper_bound: 1 }],
};

const NATIVE_PART = {
  schema: 3n,
  zero_threshold: 2 ** -128,
  zero_count: 1n,
  positive_span: [{ offset: 0n, length: 2n }],
  positive_delta: [1n, 0n],
};

function family(...metrics: HistogramMetric[]): MetricFamily {
  return { name: "h", help: "", type: "histogram", metrics };
}

test("createProtobufEncoder() writes classic buckets beside a native histogram", () => {
  const metric = { ...CLASSIC, native: NATIVE };
  assert.deepEqual(encodedMetrics(family(metric)), [
    { histogram: { ...CLASSIC_PART, ...NATIVE_PART } },
  ]);
});

test("createProtobufEncoder() writes the exemplars of a native histogram", () => {
  const exemplars = [
    { labels: { t: "1" }, value: 2, timestampMs: 5_000 },
    { labels: {}, value: 3 },
  ];
  const metric = { ...CLASSIC, native: { ...NATIVE, exemplars } };
  assert.deepEqual(encodedMetrics(family(metric)), [
    {
      histogram: {
        ...CLASSIC_PART,
        ...NATIVE_PART,
        exemplars: [
          { label: [{ name: "t", value: "1" }], value: 2, timestamp: { seconds: 5n } },
          { value: 3 },
        ],
      },
    },
  ]);
});

test("createProtobufEncoder() writes a native histogram of fractions only in doubles", () => {
  const native: NativeHistogram = {
    ...NATIVE,
    zeroCount: 0,
    positiveCounts: [1, 1],
    negativeSpans: [{ offset: 2, length: 1 }],
    negativeCounts: [1.5],
  };
  const metric = { ...CLASSIC, count: 4, native };
  assert.deepEqual(encodedMetrics(family(metric)), [
    {
      histogram: {
        sample_count_float: 4,
        sample_sum: 1.5,
        bucket: CLASSIC_PART.bucket,
        schema: 3n,
        zero_threshold: 2 ** -128,
        zero_count_float: 0,
        negative_span: [{ offset: 2n, length: 1n }],
        negative_count: [1.5],
        positive_span: [{ offset: 0n, length: 2n }],
        positive_count: [1, 1],
      },
    },
  ]);
});

const EMPTY: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [],
  positiveCounts: [],
};

test("createProtobufEncoder() says that an empty histogram is native with a no-op span", () => {
  const metric = { ...CLASSIC, count: 0, sum: 0, cumulativeCounts: [0] };
  const spanOf = (native: NativeHistogram) => {
    const [written] = encodedMetrics(family({ ...metric, native }));
    return written?.histogram?.positive_span;
  };
  assert.deepEqual(spanOf(EMPTY), [{ offset: 0n, length: 0n }]);
  assert.deepEqual(spanOf({ ...EMPTY, zeroThreshold: 1 }), undefined);
  assert.deepEqual(
    spanOf({ ...EMPTY, negativeSpans: [{ offset: 0, length: 0 }], negativeCounts: [] }),
    undefined,
  );
});

test("createProtobufEncoder() says with a no-op span that fractions at zero are native", () => {
  const metric = { ...CLASSIC, count: 0.5, cumulativeCounts: [0.5] };
  const [written] = encodedMetrics(family({ ...metric, native: { ...EMPTY, zeroCount: 0.5 } }));
  assert.deepEqual(written, {
    histogram: {
      sample_count_float: 0.5,
      sample_sum: 1.5,
      bucket: [{ cumulative_count_float: 0.5, upper_bound: 1 }],
      schema: 0n,
      zero_threshold: 0,
      zero_count_float: 0.5,
      positive_span: [{ offset: 0n, length: 0n }],
    },
  });
});

test("createProtobufEncoder() keeps the classic part of an inconsistent native histogram", () => {
  const metric = { ...CLASSIC, native: { ...NATIVE, schema: 9 } };
  assert.deepEqual(encodedMetrics(family(metric)), [{ histogram: CLASSIC_PART }]);
  assert.deepEqual(encode([family(metric)]).faults, [`h: ${SCHEMA}`]);
});

test("createProtobufEncoder() skips native parts in a family that starts without one", () => {
  const metrics = numbered([CLASSIC, { ...CLASSIC, native: NATIVE }, CLASSIC]);
  assert.deepEqual(
    encodedMetrics(family(...metrics)),
    metrics.map((_, index) => ({ label: labelOf(index), histogram: CLASSIC_PART })),
  );
  assert.deepEqual(encode([family(...metrics)]).faults, [
    "h: classic and native histograms are mixed",
  ]);
});

test("createProtobufEncoder() skips histograms that a native family cannot hold", () => {
  const native = { ...CLASSIC, native: NATIVE };
  const illegal = { ...CLASSIC, native: { ...NATIVE, schema: 9 } };
  const metrics = numbered([native, CLASSIC, illegal, native]);
  const histogram = { ...CLASSIC_PART, ...NATIVE_PART };
  assert.deepEqual(
    encodedMetrics(family(...metrics)),
    [0, 3].map((index) => ({ label: labelOf(index), histogram })),
  );
  assert.deepEqual(encode([family(...metrics)]).faults, [
    "h: classic and native histograms are mixed",
    `h: ${SCHEMA}`,
  ]);
});

/** Gives metrics of one family labels of their own. */
function numbered(metrics: readonly HistogramMetric[]): HistogramMetric[] {
  return metrics.map((metric, index) => ({ ...metric, labels: { n: index } }));
}

function labelOf(index: number) {
  return [{ name: "n", value: `${index}` }];
}
