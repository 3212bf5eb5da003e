import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brief,
  isCounterOf,
  pathOf,
  pointsOf,
  rangeOf,
  readable,
  samplesIn,
} from "../../../src/page/browser/plot.ts";

test("samplesIn() reads the samples of one family in a text", () => {
  const text = `# HELP a_total Help {x} 7.
# TYPE a_total counter
a_total{l="} 3 \\"",m="x"} 1 1700000000000
a_total 2e3
# TYPE a_total_count gauge
a_total_count 5
`;
  assert.deepEqual(
    [...samplesIn(text, "a_total")],
    [
      [`a_total{l="} 3 \\"",m="x"}`, 1],
      ["a_total", 2_000],
    ],
  );
});

test("samplesIn() reads OpenMetrics, infinities, and a family whose name was escaped", () => {
  const text = `# TYPE a counter\na_total{l="x"} 1 # {trace_id="1"} 0.5\n# EOF\n`;
  assert.deepEqual([...samplesIn(text, "a_total")], [['a_total{l="x"}', 1]]);
  assert.deepEqual(
    [...samplesIn("# TYPE a_b gauge\na_b +Inf\n", "a.b")],
    [["a_b", Number.POSITIVE_INFINITY]],
  );
});

test("samplesIn() reads label values with any character", () => {
  for (const value of ["x # {y", "\r", "\u2028", "} 5 ", "a\\\\", '\\"', "# TYPE a gauge", ""]) {
    const series = `a{l="${value}",m=""}`;
    const text = `# TYPE a counter\n${series} 1 # {t="} 3"} 2\n`;
    assert.deepEqual([...samplesIn(text, "a")], [[series, 1]], value);
  }
});

test("isCounterOf() knows the samples that only grow", () => {
  assert.ok(isCounterOf("counter", "a_total"));
  for (const name of ['h_bucket{le="1"}', "h_count", 'h_sum{a="_x"}']) {
    assert.ok(isCounterOf("histogram", name), name);
    assert.ok(!isCounterOf("gaugehistogram", name), name);
  }
  assert.ok(!isCounterOf("summary", 's{quantile="0.5",a="_sum"}'));
  assert.ok(!isCounterOf("gauge", "g_count"));
});

test("pointsOf() gives the rate of a counter in a second, and none at a reset", () => {
  assert.deepEqual(pointsOf([1, 3], [0, 2_000], false), [1, 3]);
  assert.deepEqual(pointsOf([10, 30, 5, 5], [0, 2_000, 4_000, 6_000], true), [
    Number.NaN,
    10,
    Number.NaN,
    0,
  ]);
});

test("pathOf() draws the newest point at the right, and breaks at what is missing", () => {
  assert.equal(pathOf([0, 5, 10], 3, [100, 20]), "M0.0 20.0L50.0 10.0L100.0 0.0");
  assert.equal(pathOf([0, Number.NaN, 10], 5, [100, 20]), "M50.0 20.0M100.0 0.0");
  assert.equal(pathOf([7, 7], 2, [100, 20]), "M0.0 10.0L100.0 10.0");
  assert.equal(pathOf([Number.NaN], 2, [100, 20]), "");
});

test("readable() writes a value as a person reads it", () => {
  const values = [0, 1_234_567, 0.1 + 0.2, 1e-9, 1e21, Number.NaN, Number.NEGATIVE_INFINITY];
  assert.deepEqual(
    values.map((value) => readable(value)),
    ["0", "1,234,567", "0.3", "1.000e-9", "1.000e+21", "NaN", "-Inf"],
  );
  assert.equal(readable(49.739, 3), "49.7");
});

test("rangeOf() names the bounds of what is plotted, infinities included", () => {
  const { NaN: missing, POSITIVE_INFINITY: infinity } = Number;
  assert.equal(rangeOf([missing, 1, infinity, 3], false), "1 to +Inf");
  assert.equal(rangeOf([missing, 0.5, 2], true), "0.5/s to 2/s");
  assert.equal(rangeOf([missing], true), "Nothing");
});

test("brief() writes a value in three digits", () => {
  const values = [-418_554_465, 99_999, 123_456, 0.12345, 1e16, Number.POSITIVE_INFINITY];
  assert.deepEqual(values.map(brief), ["-419M", "99,999", "123K", "0.123", "1.000e+16", "+Inf"]);
});
