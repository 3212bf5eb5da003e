import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { counterOf, gaugeOf, histogramOf, linesOf, TestGroup } from "./workers.ts";

const NONE = {};

test("counters of all workers are added, whatever the order of labels and empty ones", () => {
  const group = new TestGroup();
  group.join([counterOf("a_total", [{ x: "1", y: "2" }, 1], [{ x: 'é\n\\"' }, 4])]);
  group.join([counterOf("a_total", [{ y: "2", z: "", x: "1" }, 10], [{ x: "\\n" }, 8])]);
  assert.deepEqual(group.lines(), [
    'a_total{x="1",y="2"} 11',
    'a_total{x="é\\n\\\\\\""} 4',
    'a_total{x="\\\\n"} 8',
  ]);
});

test("a counter that falls inside a living worker goes on from what it had", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("a_total", [{ x: "1" }, 10], [{ x: "2" }, 5])]);
  group.answer(worker, [counterOf("a_total", [{ x: "1" }, 3], [{ x: "2" }, 6])]);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 13', 'a_total{x="2"} 6']);
});

test("a series that one worker removes keeps its value while another has it", () => {
  const group = new TestGroup();
  const first = group.join([counterOf("a_total", [{ x: "1" }, 10], [{ x: "2" }, 5])]);
  const second = group.join([counterOf("a_total", [{ x: "1" }, 1])]);
  group.answer(first, [counterOf("a_total", [{ x: "2" }, 5])]);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 11', 'a_total{x="2"} 5']);
  group.answer(first, [counterOf("a_total", [{ x: "1" }, 2], [{ x: "2" }, 5])]);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 13', 'a_total{x="2"} 5']);
  group.answer(first, [counterOf("a_total")]);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 13']);
  group.answer(second, [counterOf("a_total")]);
  assert.deepEqual(group.lines(), []);
  // It is another series now.
  group.answer(second, [counterOf("a_total", [{ x: "1" }, 7])]);
  assert.deepEqual(group.lines(), ['a_total{x="1"} 7']);
});

for (const order of ["before", "after"] as const) {
  test(`a series goes on that one worker brings ${order} another one removes it`, () => {
    const group = new TestGroup();
    const familiesOf = (count: number) => [
      counterOf("a_total", [NONE, count]),
      histogramOf("b", [1], [count, count], count),
    ];
    const gone = group.join(familiesOf(100));
    const first = group.join(familiesOf(10));
    const second = group.join([]);
    group.retire(gone);
    const expected = (count: number) =>
      ["a_total", 'b_bucket{le="1"}', 'b_bucket{le="+Inf"}', "b_sum", "b_count"].map(
        (series) => `${series} ${count}`,
      );
    assert.deepEqual(group.lines(), expected(110));
    if (order === "before") group.answer(second, familiesOf(1));
    group.answer(first, []);
    if (order === "after") group.answer(second, familiesOf(1));
    assert.deepEqual(group.lines(), expected(111));
  });
}

test("a series that one worker removes goes if nobody who was asked for it brings it", () => {
  const group = new TestGroup();
  const first = group.join([counterOf("a_total", [NONE, 10]), counterOf("b_total", [NONE, 1])]);
  const second = group.join([counterOf("b_total", [NONE, 1])]);
  group.answer(first, [counterOf("b_total", [NONE, 1])]);
  group.merge((name) => name === "b_total");
  group.answer(second, [counterOf("a_total", [NONE, 2])]);
  assert.deepEqual(group.lines(), ["b_total 2", "a_total 12"]);
  group.answer(second, []);
  assert.deepEqual(group.lines(), ["b_total 2"]);
  // One worker alone was asked: nothing is merged, but nothing must pile up either.
  group.answer(second, [counterOf("a_total", [NONE, 2])]);
  group.answer(second, []);
  group.merged.familiesOf(second.mirror);
  group.answer(first, [counterOf("a_total", [NONE, 3]), counterOf("b_total", [NONE, 1])]);
  assert.deepEqual(group.lines(), ["a_total 3", "b_total 2"]);
});

test("a family that a worker no longer has counts as removed", () => {
  const group = new TestGroup();
  const first = group.join([counterOf("a_total", [NONE, 10]), counterOf("b_total", [NONE, 1])]);
  group.join([counterOf("a_total", [NONE, 5])]);
  group.answer(first, []);
  assert.deepEqual(group.lines(), ["a_total 15"]);
});

test("what a worker that is gone has counted stays, its gauges do not", () => {
  const group = new TestGroup();
  const first = group.join([counterOf("a_total", [NONE, 10]), gaugeOf("g", "sum", [NONE, 3])]);
  const second = group.join([counterOf("a_total", [NONE, 5]), gaugeOf("g", "sum", [NONE, 4])]);
  assert.deepEqual(group.lines(), ["a_total 15", "g 7"]);
  group.retire(first);
  assert.deepEqual(group.lines(), ["a_total 15", "g 4"]);
  group.retire(second);
  assert.deepEqual(group.lines(), ["a_total 15"]);
  group.join([counterOf("a_total", [NONE, 1])]);
  assert.deepEqual(group.lines(), ["a_total 16"]);
});

test("a late worker counts as last seen, without its gauges", () => {
  const group = new TestGroup();
  const families = (value: number): MetricFamily[] => [
    counterOf("a_total", [NONE, value]),
    gaugeOf("average", "average", [NONE, value]),
    gaugeOf("first", "first", [NONE, value]),
    gaugeOf("each", "perWorker", [NONE, value]),
    gaugeOf("recent", "mostRecent", [NONE, value]),
    gaugeOf("version_info", undefined, [{ v: String(value) }, 1]),
    histogramOf("h", [1], [value, value], value),
    { name: "s", help: "", type: "summary", metrics: [summary(value)] },
    { name: "u", help: "", type: "unknown", metrics: [{ labels: {}, value }] },
  ];
  const late = group.join(families(1));
  group.join(families(3));
  late.isCurrent = false;
  assert.deepEqual(group.lines(), [
    "a_total 4",
    "average 3",
    "first 3",
    'each{worker="1"} 3',
    "recent 3",
    'version_info{v="1"} 1',
    'version_info{v="3"} 1',
    'h_bucket{le="1"} 4',
    'h_bucket{le="+Inf"} 4',
    "h_sum 4",
    "h_count 4",
    's{quantile="0.5",worker="1"} 3',
    's_sum{worker="1"} 3',
    's_count{worker="1"} 3',
    'u{worker="1"} 3',
  ]);
});

function summary(value: number) {
  return { labels: {}, count: value, sum: value, quantiles: [0.5], quantileValues: [value] };
}

const AGGREGATORS: readonly [aggregator: unknown, values: number[], expected: string[]][] = [
  [undefined, [1, 2, 4], ["g 7"]],
  ["sum", [1, 2, Number.NaN], ["g NaN"]],
  ["sum", [1, 2, Number.NEGATIVE_INFINITY], ["g -Inf"]],
  ["min", [5, 2, Number.NaN], ["g 2"]],
  ["min", [Number.NaN, 2, 3], ["g 2"]],
  ["min", [Number.NaN, Number.NaN, Number.NaN], ["g NaN"]],
  ["min", [1, Number.NEGATIVE_INFINITY, 3], ["g -Inf"]],
  ["max", [5, 2, Number.NaN], ["g 5"]],
  ["max", [-5, -2, -7], ["g -2"]],
  ["average", [1, 2, 6], ["g 3"]],
  ["average", [1, 2, Number.NaN], ["g NaN"]],
  ["first", [3, 2, 1], ["g 3"]],
  ["omit", [3, 2, 1], []],
  ["perWorker", [3, 2, 1], ['g{worker="0"} 3', 'g{worker="1"} 2', 'g{worker="2"} 1']],
];

for (const [aggregator, values, expected] of AGGREGATORS) {
  test(`the aggregator ${aggregator} makes ${expected.join() || "nothing"} of ${values}`, () => {
    const group = new TestGroup();
    for (const value of values) group.join([gaugeOf("g", aggregator, [NONE, value])]);
    assert.deepEqual(group.lines(), expected);
    assert.deepEqual(group.faults, []);
  });
  test(`the option says ${aggregator} for ${values}, whatever the library says`, () => {
    if (aggregator === undefined) return;
    // Any text would be refused by the option.
    const aggregators = new Map([["g", aggregator as "sum"]]);
    const group = new TestGroup({ aggregators });
    for (const value of values) group.join([gaugeOf("g", () => 1, [NONE, value])]);
    assert.deepEqual(group.lines(), expected);
    assert.deepEqual(group.faults, []);
  });
}

for (const aggregator of [() => 1, "median"]) {
  test(`the aggregator ${aggregator} costs that metric only, and is reported once`, () => {
    const group = new TestGroup();
    for (const value of [5, 6]) {
      group.join([gaugeOf("g", aggregator, [NONE, value]), gaugeOf("h", "sum", [NONE, value])]);
    }
    for (let scrape = 0; scrape < 2; scrape++) assert.deepEqual(group.lines(), ["g 5", "h 11"]);
    assert.deepEqual(group.faults, [
      "g: its aggregator cannot be applied to several workers; kept the value of the first",
    ]);
  });
}

test("the first value is that of the lowest slot, whoever answered first", () => {
  const group = new TestGroup();
  const second = group.join([gaugeOf("g", "first", [NONE, 5], [{ x: "1" }, 6])], { slot: 3 });
  group.join([gaugeOf("g", "first", [NONE, 7])], { slot: 1 });
  assert.deepEqual(group.lines(), ["g 7", 'g{x="1"} 6']);
  group.answer(second, [gaugeOf("g", "first", [NONE, 8], [{ x: "1" }, 6])]);
  assert.deepEqual(group.lines(), ["g 7", 'g{x="1"} 6']);
});

test("the average is over the workers that have the label set and answered", () => {
  const group = new TestGroup();
  group.join([gaugeOf("g", "average", [NONE, 1], [{ x: "1" }, 6])]);
  group.join([gaugeOf("g", "average", [NONE, 3])]);
  assert.deepEqual(group.lines(), ["g 2", 'g{x="1"} 6']);
});

test("the most recent value is the one that changed last, even if its worker is gone", () => {
  const group = new TestGroup();
  const families = (value: number) => [gaugeOf("g", "mostRecent", [NONE, value])];
  const first = group.join(families(0));
  assert.deepEqual(group.lines(), ["g 0"]);
  group.answer(first, families(4));
  // 0 is what a gauge is before it is set.
  const second = group.join(families(0));
  assert.deepEqual(group.lines(), ["g 4"]);
  group.answer(second, families(9));
  group.answer(first, families(4));
  assert.deepEqual(group.lines(), ["g 9"]);
  group.answer(first, families(5));
  assert.deepEqual(group.lines(), ["g 5"]);
  group.retire(first);
  assert.deepEqual(group.lines(), ["g 5"]);
  group.retire(second);
  assert.deepEqual(group.lines(), ["g 5"]);
});

test("histograms are added", () => {
  const group = new TestGroup();
  group.join([histogramOf("h", [1, 5], [1, 2, 3], 10)]);
  const second = group.join([histogramOf("h", [1, 5], [10, 20, 30], 100)]);
  const expected = [
    'h_bucket{le="1"} 11',
    'h_bucket{le="5"} 22',
    'h_bucket{le="+Inf"} 33',
    "h_sum 110",
    "h_count 33",
  ];
  assert.deepEqual(group.lines(), expected);
  group.retire(second);
  assert.deepEqual(group.lines(), expected);
});

test("histograms of different bounds keep those that all have, and it is reported once", () => {
  const group = new TestGroup();
  const first = group.join([histogramOf("h", [1, 10], [1, 2, 3], 10)]);
  assert.equal(group.lines().length, 5);
  const second = group.join([histogramOf("h", [1, 5], [1, 1, 1], 1)]);
  const expected = ['h_bucket{le="1"} 2', 'h_bucket{le="+Inf"} 4', "h_sum 11", "h_count 4"];
  assert.deepEqual(group.lines(), expected);
  group.retire(first);
  assert.deepEqual(group.lines(), expected);
  group.join([histogramOf("h", [0.5, 1, 5, 10], [1, 1, 1, 1, 1], 1)], { slot: 5 });
  assert.deepEqual(group.lines(), [
    'h_bucket{le="1"} 3',
    'h_bucket{le="+Inf"} 5',
    "h_sum 12",
    "h_count 5",
  ]);
  group.retire(second);
  assert.equal(group.lines()[0], 'h_bucket{le="1"} 3');
  assert.deepEqual(group.faults, [
    "h: its buckets differ between workers; kept those that all have",
  ]);
});

test("only label sets whose bounds differ lose some", () => {
  const group = new TestGroup();
  const of = (x: string, bounds: number[]): MetricFamily => ({
    ...histogramOf("h", bounds, [...bounds.map(() => 1), 1], 1, { x }),
  });
  const joined = (...families: MetricFamily[]): MetricFamily =>
    ({ ...families[0], metrics: families.flatMap(({ metrics }) => [...metrics]) }) as MetricFamily;
  group.join([joined(of("1", [1, 5]), of("2", [1, 5, 9]))]);
  group.join([joined(of("1", [1, 5]), of("2", [2, 9]))]);
  assert.deepEqual(group.lines(), [
    'h_bucket{le="1",x="1"} 2',
    'h_bucket{le="5",x="1"} 2',
    'h_bucket{le="+Inf",x="1"} 2',
    'h_sum{x="1"} 2',
    'h_count{x="1"} 2',
    'h_bucket{le="9",x="2"} 2',
    'h_bucket{le="+Inf",x="2"} 2',
    'h_sum{x="2"} 2',
    'h_count{x="2"} 2',
  ]);
});

for (const [what, counts, sum] of [
  ["count", [1, 1, 2], 5],
  ["bucket", [1, 3, 8], 50],
] as const) {
  test(`a histogram whose ${what} falls is retained as a whole`, () => {
    const group = new TestGroup();
    const worker = group.join([histogramOf("h", [1, 5], [2, 5, 7], 20)]);
    group.answer(worker, [histogramOf("h", [1, 5], counts, sum)]);
    assert.deepEqual(group.lines(), [
      `h_bucket{le="1"} ${2 + counts[0]}`,
      `h_bucket{le="5"} ${5 + counts[1]}`,
      `h_bucket{le="+Inf"} ${7 + counts[2]}`,
      `h_sum ${20 + sum}`,
      `h_count ${7 + counts[2]}`,
    ]);
  });
}

test("a sum of negative observations falls without a reset", () => {
  const group = new TestGroup();
  const worker = group.join([histogramOf("h", [1], [2, 2], 20)]);
  group.answer(worker, [histogramOf("h", [1], [3, 3], -5)]);
  assert.deepEqual(group.lines(), [
    'h_bucket{le="1"} 3',
    'h_bucket{le="+Inf"} 3',
    "h_sum -5",
    "h_count 3",
  ]);
});

const NATIVE = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  positiveSpans: [],
  positiveCounts: [],
  negativeSpans: [],
  negativeCounts: [],
};

test("a native histogram has the label of its worker, the others are added", () => {
  const group = new TestGroup();
  const family = (hasNative: boolean): MetricFamily => {
    const [metric] = histogramOf("h", [1], [2, 2], 2).metrics;
    const metrics = [{ ...metric, native: hasNative ? NATIVE : undefined }];
    return { name: "h", help: "", type: "histogram", metrics } as MetricFamily;
  };
  for (const hasNative of [true, false, false, true]) group.join([family(hasNative)]);
  // The second time, encoders read many metrics at once.
  for (let scrape = 0; scrape < 3; scrape++) {
    const counts = group.lines().filter((line) => line.startsWith("h_count"));
    assert.deepEqual(counts, ["h_count 4", 'h_count{worker="0"} 2', 'h_count{worker="3"} 2']);
  }
  const [merged] = group.merge();
  const natives: unknown[] = [];
  for (const metric of merged?.metrics ?? []) natives.push("native" in metric && metric.native);
  assert.deepEqual(natives, [false, NATIVE, NATIVE]);
});

test("a native histogram that is removed leaves nothing to retain", () => {
  const group = new TestGroup();
  const [metric] = histogramOf("h", [1], [2, 2], 2).metrics;
  const family = { ...histogramOf("h", [], [], 0), metrics: [{ ...metric, native: NATIVE }] };
  const worker = group.join([family as MetricFamily]);
  group.join([histogramOf("h", [1], [1, 1], 1)]);
  group.answer(worker, [{ ...family, metrics: [] } as MetricFamily]);
  assert.deepEqual(group.lines(), [
    'h_bucket{le="1"} 1',
    'h_bucket{le="+Inf"} 1',
    "h_sum 1",
    "h_count 1",
  ]);
});

test("histograms of numbers that may fall are those of the workers that answered", () => {
  const group = new TestGroup();
  const of = (count: number): MetricFamily =>
    ({ ...histogramOf("h", [1], [count, count], count), type: "gaugehistogram" }) as MetricFamily;
  const first = group.join([of(5)]);
  const second = group.join([of(2)]);
  const counts = () => group.lines().filter((line) => line.startsWith("h_bucket"));
  assert.deepEqual(counts(), ['h_bucket{le="1"} 7', 'h_bucket{le="+Inf"} 7']);
  group.answer(first, [of(3)]);
  assert.deepEqual(counts(), ['h_bucket{le="1"} 5', 'h_bucket{le="+Inf"} 5']);
  group.retire(second);
  assert.deepEqual(counts(), ['h_bucket{le="1"} 3', 'h_bucket{le="+Inf"} 3']);
});

test("summaries have the label of their worker", () => {
  const group = new TestGroup();
  for (const value of [10, 10, 10]) {
    group.join([{ name: "s", help: "", type: "summary", metrics: [summary(value)] }]);
  }
  const of = (slot: number) => [
    `s{quantile="0.5",worker="${slot}"} 10`,
    `s_sum{worker="${slot}"} 10`,
    `s_count{worker="${slot}"} 10`,
  ];
  assert.deepEqual(group.lines(), [...of(0), ...of(1), ...of(2)]);
});

test("summaries are added without their quantiles, if the option says so", () => {
  const group = new TestGroup({ summaries: "sum" });
  const family = (value: number): MetricFamily => ({
    name: "s",
    help: "",
    type: "summary",
    metrics: [summary(value)],
  });
  const first = group.join([family(10)]);
  group.join([family(5)]);
  assert.deepEqual(group.lines(), ["s_sum 15", "s_count 15"]);
  group.answer(first, [family(2)]);
  assert.deepEqual(group.lines(), ["s_sum 17", "s_count 17"]);
  group.retire(first);
  assert.deepEqual(group.lines(), ["s_sum 17", "s_count 17"]);
});

test("what only says that something is there is 1, until the last that had it is gone", () => {
  const group = new TestGroup();
  const families = (version: string): MetricFamily[] => [
    gaugeOf("v_info", "sum", [{ version }, 1]),
    { name: "i_info", help: "", type: "info", metrics: [{ labels: { version }, value: 1 }] },
    {
      name: "st",
      help: "",
      type: "stateset",
      metrics: [
        { labels: { st: "a" }, value: version === "1" ? 1 : 0 },
        { labels: { st: "b" }, value: 0 },
      ],
    },
  ];
  const first = group.join(families("1"));
  group.join(families("2"));
  group.join(families("2"));
  const expected = [
    'v_info{version="1"} 1',
    'v_info{version="2"} 1',
    'i_info{version="1"} 1',
    'i_info{version="2"} 1',
    'st{st="a"} 1',
    'st{st="b"} 0',
  ];
  assert.deepEqual(group.lines(), expected);
  first.isCurrent = false;
  assert.deepEqual(group.lines(), expected);
  group.retire(first);
  assert.deepEqual(group.lines(), [
    'v_info{version="2"} 1',
    'i_info{version="2"} 1',
    'st{st="a"} 0',
    'st{st="b"} 0',
  ]);
});

test("the label of the worker keeps timestamps, a sum drops them", () => {
  const group = new TestGroup();
  const timestampMs = 5_000;
  const families: MetricFamily[] = [
    { ...counterOf("c_total"), metrics: [{ labels: {}, value: 1, timestampMs }] } as MetricFamily,
    { name: "u", help: "", type: "unknown", metrics: [{ labels: {}, value: 1, timestampMs }] },
  ];
  const worker = group.join(families);
  assert.deepEqual(group.lines(), ["c_total 1", 'u{worker="0"} 1 5000']);
  assert.deepEqual(linesOf(group.merged.familiesOf(worker.mirror)), ["c_total 1 5000", "u 1 5000"]);
});

test("a start timestamp crosses, and stays with the label of the worker", () => {
  const group = new TestGroup({ mode: "label" });
  const started = { labels: { a: "1" }, value: 1, startTimestampMs: 7_000 };
  const metrics = [
    started,
    { labels: {}, value: 1, timestampMs: 5_000 },
    { labels: { a: "2" }, value: 3 },
  ];
  group.join([{ ...counterOf("c_total"), metrics } as MetricFamily]);
  const [family] = group.merge();
  const seen: unknown[] = [];
  for (const { timestampMs, startTimestampMs } of family?.metrics ?? []) {
    seen.push([timestampMs, startTimestampMs]);
  }
  assert.deepEqual(seen, [
    [undefined, 7_000],
    [5_000, undefined],
    [undefined, undefined],
  ]);
});

test("of two types the lowest slot wins, and the others are reported", () => {
  const group = new TestGroup();
  group.join([gaugeOf("x", "sum", [NONE, 1])], { slot: 4 });
  const lowest = group.join([counterOf("x", [NONE, 10])], { slot: 2 });
  group.join([counterOf("x", [NONE, 20])], { slot: 7 });
  assert.deepEqual(group.lines(), ["x 30"]);
  const fault = "x: worker 4 has it as gauge; kept counter, as worker 2 has it";
  assert.deepEqual(group.faults, [fault]);
  group.retire(lowest);
  assert.deepEqual(group.lines(), ["x 1"]);
  assert.deepEqual(group.faults, [
    fault,
    "x: worker 7 has it as counter; kept gauge, as worker 4 has it",
  ]);
});

test("a worker that changes the type of a metric no longer has the other one", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("x", [NONE, 10])]);
  group.join([counterOf("x", [NONE, 5])]);
  group.answer(worker, [gaugeOf("x", "sum", [NONE, 3])], true);
  assert.deepEqual(group.lines(), ["x 3"]);
  group.retire(worker);
  assert.deepEqual(group.lines(), ["x 15"]);
});

for (const [what, counts, expected] of [
  ["goes on if none of its counts has fallen", [2, 6, 6], 'h_bucket{le="1"} 2'],
  ["is retained if a bucket that both have has fallen", [1, 6, 6], 'h_bucket{le="1"} 3'],
  ["is retained if its count has fallen", [2, 3, 3], 'h_bucket{le="1"} 4'],
] as const) {
  test(`a histogram that gets other bounds ${what}`, () => {
    const group = new TestGroup();
    const worker = group.join([histogramOf("h", [1, 5], [2, 3, 4], 8)]);
    group.answer(worker, [histogramOf("h", [1, 9], counts, 8)]);
    assert.equal(group.lines()[0], expected);
    assert.equal(group.lines()[1]?.startsWith('h_bucket{le="+Inf"}'), true);
  });
}

test("a summary goes on when its quantiles change, and is retained when its count falls", () => {
  const group = new TestGroup({ summaries: "sum" });
  const family = (count: number, quantiles: number[]): MetricFamily => {
    const quantileValues = quantiles.map(() => count);
    const metrics = [{ labels: {}, count, sum: 1, quantiles, quantileValues }];
    return { name: "s", help: "", type: "summary", metrics };
  };
  const worker = group.join([family(10, [0.5])]);
  group.answer(worker, [family(11, [0.5, 0.9])]);
  assert.deepEqual(group.lines(), ["s_sum 1", "s_count 11"]);
  group.answer(worker, [family(2, [0.1])]);
  assert.deepEqual(group.lines(), ["s_sum 2", "s_count 13"]);
});

test("the help is that of the lowest slot, without a report", () => {
  const group = new TestGroup();
  group.join([{ ...counterOf("x_total", [NONE, 1]), help: "late" }], { slot: 1 });
  group.join([{ ...counterOf("x_total", [NONE, 1]), help: "early", unit: "" }], { slot: 0 });
  assert.deepEqual(
    group.merge().map(({ help }) => help),
    ["early"],
  );
  assert.deepEqual(group.faults, []);
});

test("a worker whose help changes goes on counting", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("x_total", [NONE, 10], [{ a: "1" }, 1])]);
  group.answer(worker, [{ ...counterOf("x_total", [NONE, 12]), help: "new" }]);
  assert.deepEqual(group.lines(), ["x_total 12"]);
  group.retire(worker);
  assert.deepEqual(group.lines(), ["x_total 12"]);
});

test("the application's own label wins over that of the worker", () => {
  const group = new TestGroup();
  for (const worker of ["a", "b"]) {
    group.join([gaugeOf("g", "perWorker", [{ worker }, 1]), gaugeOf("f", "perWorker", [NONE, 1])]);
  }
  for (let scrape = 0; scrape < 2; scrape++) {
    assert.deepEqual(group.lines(), [
      'g{worker="a"} 1',
      'g{worker="b"} 1',
      'f{worker="0"} 1',
      'f{worker="1"} 1',
    ]);
  }
  assert.deepEqual(group.faults, ["g: it has the label of the worker itself; kept its own"]);
});

test("the label of the worker has the name that the option says", () => {
  const group = new TestGroup({ label: "instance_id" });
  group.join([gaugeOf("g", "perWorker", [{ worker: "a" }, 1])]);
  assert.deepEqual(group.lines(), ['g{worker="a",instance_id="0"} 1']);
});

test("__proto__ is a name like any other", () => {
  const group = new TestGroup();
  const labels = Object.defineProperty({}, "__proto__", { value: "x", enumerable: true });
  for (const value of [1, 2]) group.join([counterOf("__proto__", [labels, value])]);
  assert.deepEqual(group.lines(), ['__proto__{__proto__="x"} 3']);
  assert.equal(
    Object.hasOwn([...(group.merge()[0]?.metrics ?? [])][0]?.labels ?? {}, "__proto__"),
    true,
  );
});

test("families that were not asked for stay as they were", () => {
  const group = new TestGroup();
  const worker = group.join([counterOf("a_total", [NONE, 1]), counterOf("b_total", [NONE, 1])]);
  group.answer(worker, [counterOf("b_total", [NONE, 2])], true);
  const only = group.merge((name) => name === "b_total");
  assert.deepEqual(linesOf(only), ["b_total 2"]);
  assert.deepEqual(group.lines(), ["a_total 1", "b_total 2"]);
});

test("in the mode label nothing is added, and nothing retained", () => {
  const group = new TestGroup({ mode: "label" });
  const first = group.join([counterOf("a_total", [{ x: "1" }, 1]), gaugeOf("g", "max", [NONE, 1])]);
  const second = group.join([
    counterOf("a_total", [{ x: "1" }, 2]),
    gaugeOf("g", "omit", [NONE, 2]),
  ]);
  group.answer(second, [counterOf("a_total", [{ x: "1" }, 1]), gaugeOf("g", "omit", [NONE, 2])]);
  assert.deepEqual(group.lines(), [
    'a_total{x="1",worker="0"} 1',
    'a_total{x="1",worker="1"} 1',
    'g{worker="0"} 1',
    'g{worker="1"} 2',
  ]);
  group.retire(first);
  assert.deepEqual(group.lines(), ['a_total{x="1",worker="1"} 1', 'g{worker="1"} 2']);
});
