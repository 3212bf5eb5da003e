import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Exemplar,
  HistogramMetric,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../../../src/model/metric-family.ts";
import { encode, encodedMetrics } from "./encode.ts";

function counter(metric: Partial<ValueMetric>): MetricFamily {
  return {
    name: "c_total",
    help: "",
    type: "counter",
    metrics: [{ labels: {}, value: 1, ...metric }],
  };
}

function summary(metric: Partial<SummaryMetric>): MetricFamily {
  const base = { labels: {}, count: 0, sum: 0, quantiles: [], quantileValues: [] };
  return { name: "s", help: "", type: "summary", metrics: [{ ...base, ...metric }] };
}

function histogram(metric: Partial<HistogramMetric>): MetricFamily {
  const base = { labels: {}, count: 0, sum: 0, upperBounds: [], cumulativeCounts: [] };
  return { name: "h", help: "", type: "histogram", metrics: [{ ...base, ...metric }] };
}

for (const value of [0, -0, 1.5, -1e300, 5e-324, Number.NaN, Infinity, -Infinity]) {
  test(`createProtobufEncoder() carries the value ${Object.is(value, -0) ? "-0" : value}`, () => {
    assert.deepEqual(encodedMetrics(counter({ value })), [{ counter: { value } }]);
    const gauge: MetricFamily = {
      name: "g",
      help: "",
      type: "gauge",
      metrics: [{ labels: {}, value, exemplar: { labels: {}, value: 1 }, startTimestampMs: 1 }],
    };
    assert.deepEqual(encodedMetrics(gauge), [{ gauge: { value } }]);
    assert.deepEqual(encodedMetrics({ ...gauge, type: "unknown" }), [{ untyped: { value } }]);
  });
}

// Values that the types forbid and that JavaScript brings all the same.
const NO_NUMBERS = ["1", null, undefined, 1n, {}] as unknown as readonly number[];

test("createProtobufEncoder() skips and reports what is not a number", () => {
  for (const value of NO_NUMBERS) {
    const families = [
      counter({ value }),
      summary({ count: value }),
      histogram({ sum: value }),
      { ...summary({ sum: value }), name: "s2" },
      { ...histogram({ count: value }), name: "h2" },
    ];
    const { bytes, faults } = encode(families);
    assert.equal(bytes.length, 0);
    assert.deepEqual(
      faults,
      ["c_total", "s", "h", "s2", "h2"].map((name) => `${name}: a value is not a number`),
    );
  }
});

test("createProtobufEncoder() continues after a metric that it skips", () => {
  const [bad] = NO_NUMBERS;
  const metrics = [1, bad ?? 0, 3].map((value, index) => ({ labels: { index }, value }));
  assert.deepEqual(encodedMetrics({ name: "g", help: "", type: "gauge", metrics }), [
    { label: [{ name: "index", value: "0" }], gauge: { value: 1 } },
    { label: [{ name: "index", value: "2" }], gauge: { value: 3 } },
  ]);
});

const TIMESTAMPS: readonly [number, bigint | undefined][] = [
  [0, 0n],
  [1_700_000_000_123, 1_700_000_000_123n],
  [1.5, 2n],
  [Number.MAX_SAFE_INTEGER, BigInt(Number.MAX_SAFE_INTEGER)],
  [-1, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
];

for (const [timestampMs, expected] of TIMESTAMPS) {
  test(`createProtobufEncoder() writes the timestamp ${timestampMs} as ${expected}`, () => {
    const timestamp = expected === undefined ? {} : { timestamp_ms: expected };
    assert.deepEqual(encodedMetrics(counter({ timestampMs })), [
      { counter: { value: 1 }, ...timestamp },
    ]);
  });
}

const START_TIMESTAMPS: readonly [number, { seconds: bigint; nanos?: bigint } | undefined][] = [
  [0, { seconds: 0n }],
  [1_700_000_000_000, { seconds: 1_700_000_000n }],
  [1_700_000_000_001.25, { seconds: 1_700_000_000n, nanos: 1_250_000n }],
  [1_699_999_999_999.9998, { seconds: 1_699_999_999n, nanos: 999_999_755n }],
  [-1, { seconds: -1n, nanos: 999_000_000n }],
  // Rounded, it would be a whole millisecond more.
  [-5e-324, { seconds: -1n, nanos: 999_999_999n }],
  [-1_000, { seconds: -1n }],
  [-62_135_596_800_000, { seconds: -62_135_596_800n }],
  [253_402_300_799_999, { seconds: 253_402_300_799n, nanos: 999_000_000n }],
  [-62_135_596_800_001, undefined],
  [253_402_300_800_000, undefined],
  [Number.NaN, undefined],
];

for (const [startTimestampMs, expected] of START_TIMESTAMPS) {
  test(`createProtobufEncoder() writes a start at ${startTimestampMs} ms, if it can`, () => {
    const created = expected === undefined ? {} : { created_timestamp: expected };
    assert.deepEqual(encodedMetrics(counter({ startTimestampMs })), [
      { counter: { value: 1, ...created } },
    ]);
    assert.deepEqual(encodedMetrics(summary({ startTimestampMs })), [
      { summary: { sample_count: 0n, sample_sum: 0, ...created } },
    ]);
    assert.deepEqual(encodedMetrics(histogram({ startTimestampMs })), [
      { histogram: { sample_count: 0n, sample_sum: 0, ...created } },
    ]);
  });
}

test("createProtobufEncoder() writes an exemplar with all labels that it has", () => {
  const labels = { trace_id: "x".repeat(200), "span.id": 7, none: "" };
  const exemplar: Exemplar = { labels, value: 0.5 };
  assert.deepEqual(encodedMetrics(counter({ exemplar })), [
    {
      counter: {
        value: 1,
        exemplar: {
          label: [
            { name: "trace_id", value: "x".repeat(200) },
            { name: "span_id", value: "7" },
          ],
          value: 0.5,
        },
      },
    },
  ]);
});

test("createProtobufEncoder() skips an exemplar without a value", () => {
  for (const value of NO_NUMBERS) {
    assert.deepEqual(encodedMetrics(counter({ exemplar: { labels: {}, value } })), [
      { counter: { value: 1 } },
    ]);
  }
});

const SUMMARY_COUNTS: readonly [number, bigint | undefined][] = [
  [0, 0n],
  [2.4, 2n],
  [2.5, 3n],
  [2 ** 63, 2n ** 63n],
  [2 ** 64, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
];

for (const [count, expected] of SUMMARY_COUNTS) {
  test(`createProtobufEncoder() writes the count ${count} of a summary as ${expected}`, () => {
    const { faults } = encode([summary({ count })]);
    if (expected === undefined) {
      assert.deepEqual(encodedMetrics(summary({ count })), []);
      assert.deepEqual(faults, ["s: a summary's count does not fit into 64 bits"]);
      return;
    }
    assert.deepEqual(encodedMetrics(summary({ count })), [
      { summary: { sample_count: expected, sample_sum: 0 } },
    ]);
    assert.deepEqual(faults, []);
  });
}

test("createProtobufEncoder() writes the quantiles of a summary", () => {
  const metric = { quantiles: [0.5, 0.99, 1], quantileValues: new Float64Array([1, Number.NaN]) };
  assert.deepEqual(encodedMetrics(summary(metric)), [
    {
      summary: {
        sample_count: 0n,
        sample_sum: 0,
        quantile: [
          { quantile: 0.5, value: 1 },
          { quantile: 0.99, value: Number.NaN },
          { quantile: 1, value: Number.NaN },
        ],
      },
    },
  ]);
});

test("createProtobufEncoder() writes counts that are not whole numbers as doubles", () => {
  const metric = {
    count: 2.5,
    upperBounds: [1, 2, 3],
    cumulativeCounts: [0, 0.5, 2 ** 60],
  };
  assert.deepEqual(encodedMetrics(histogram(metric)), [
    {
      histogram: {
        sample_count_float: 2.5,
        sample_sum: 0,
        bucket: [
          { cumulative_count: 0n, upper_bound: 1 },
          { cumulative_count_float: 0.5, upper_bound: 2 },
          { cumulative_count_float: 2 ** 60, upper_bound: 3 },
        ],
      },
    },
  ]);
});

test("createProtobufEncoder() sorts bounds, and drops those without a bucket", () => {
  const exemplar = { labels: {}, value: 9, timestampMs: 1_000 };
  const { NaN: no } = Number;
  const odd = histogram({
    count: 3,
    sum: no,
    upperBounds: [2, no, 1, 1, 4, 5],
    cumulativeCounts: [2, 2, 1, 2, no],
    exemplars: [null, null, exemplar, null, null, null, exemplar],
  });
  const written = { value: 9, timestamp: { seconds: 1n } };
  assert.deepEqual(encodedMetrics(odd), [
    {
      histogram: {
        sample_count: 3n,
        // Without it, Prometheus would store 0.
        sample_sum: no,
        bucket: [
          { cumulative_count: 1n, upper_bound: 1, exemplar: written },
          { cumulative_count: 2n, upper_bound: 2 },
          { cumulative_count: 3n, upper_bound: Number.POSITIVE_INFINITY, exemplar: written },
        ],
      },
    },
  ]);
  assert.deepEqual(encode([odd]).faults, ["h: the count of a bucket is not a number"]);
  assert.deepEqual(encode([histogram({ upperBounds: [no] })]).faults, [
    "h: a bound of a bucket is not a finite number, or is there twice",
  ]);
});

test("createProtobufEncoder() drops an exemplar with a label value without a text", () => {
  const exemplar = { labels: { a: Object.create(null) }, value: 1 };
  assert.deepEqual(encodedMetrics(counter({ exemplar })), encodedMetrics(counter({})));
});

test("createProtobufEncoder() skips a histogram whose count is not known", () => {
  const { faults } = encode([histogram({ count: Number.NaN })]);
  assert.deepEqual(encodedMetrics(histogram({ count: Number.NaN })), []);
  assert.deepEqual(faults, ["h: a value is not a number"]);
});

test("createProtobufEncoder() sorts quantiles, and drops those that are not numbers", () => {
  const odd = summary({
    quantiles: [0.9, Number.NaN, 0.5, 0.5],
    quantileValues: [9, 0, 5, 6],
  });
  assert.deepEqual(encodedMetrics(odd), [
    {
      summary: {
        sample_count: 0n,
        sample_sum: 0,
        quantile: [
          { quantile: 0.5, value: 5 },
          { quantile: 0.9, value: 9 },
        ],
      },
    },
  ]);
  assert.deepEqual(encode([odd]).faults, ["s: a quantile is not a number, or is there twice"]);
});

test("createProtobufEncoder() accepts distributions without bounds", () => {
  // A gatherer without types is not held to them.
  const none = undefined as unknown as number[];
  const odd = [
    histogram({ upperBounds: none, cumulativeCounts: none }),
    histogram({ upperBounds: [1], cumulativeCounts: none }),
    summary({ quantiles: none, quantileValues: none }),
    summary({ quantiles: [1], quantileValues: none }),
  ];
  const [first, second, third, fourth] = odd.map((family) => encodedMetrics(family));
  assert.deepEqual(first, [{ histogram: { sample_count: 0n, sample_sum: 0 } }]);
  assert.deepEqual(second, first);
  assert.deepEqual(third, [{ summary: { sample_count: 0n, sample_sum: 0 } }]);
  const quantile = [{ quantile: 1, value: Number.NaN }];
  assert.deepEqual(fourth, [{ summary: { sample_count: 0n, sample_sum: 0, quantile } }]);
});

test("createProtobufEncoder() writes the bucket +Inf only if it has an exemplar", () => {
  const metric: Partial<HistogramMetric> = {
    count: 3,
    upperBounds: [1, 2],
    cumulativeCounts: [1, 2],
  };
  const exemplar = { labels: {}, value: 9, timestampMs: 1_000 };
  const bucket = [
    { cumulative_count: 1n, upper_bound: 1 },
    { cumulative_count: 2n, upper_bound: 2 },
  ];
  for (const exemplars of [undefined, [], [null, null, null]]) {
    assert.deepEqual(encodedMetrics(histogram({ ...metric, exemplars })), [
      { histogram: { sample_count: 3n, sample_sum: 0, bucket } },
    ]);
  }
  const written = { value: 9, timestamp: { seconds: 1n } };
  assert.deepEqual(
    encodedMetrics(histogram({ ...metric, exemplars: [null, exemplar, exemplar] })),
    [
      {
        histogram: {
          sample_count: 3n,
          sample_sum: 0,
          bucket: [
            bucket[0],
            { ...bucket[1], exemplar: written },
            { cumulative_count: 3n, upper_bound: Infinity, exemplar: written },
          ],
        },
      },
    ],
  );
});

test("createProtobufEncoder() skips le and quantile, which the scraper adds", () => {
  const labels = { le: "1", quantile: "2", a: "3" };
  const [a, le, quantile] = ["a", "le", "quantile"].map((name) => ({
    name,
    value: { a: "3", le: "1", quantile: "2" }[name],
  }));
  assert.deepEqual(encodedMetrics(histogram({ labels }))[0]?.label, [quantile, a]);
  assert.deepEqual(encodedMetrics(summary({ labels }))[0]?.label, [le, a]);
  assert.deepEqual(encodedMetrics(counter({ labels }))[0]?.label, [le, quantile, a]);
});
