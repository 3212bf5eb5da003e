import assert from "node:assert/strict";
import { test } from "node:test";
import type { TextSink } from "../../../src/exposition/encoder.ts";
import {
  boundLineRest,
  boundStarts,
  hasTotals,
  lineStart,
  numberAt,
  quoteMetricName,
  writeBoundLines,
  writeLine,
} from "../../../src/exposition/text/metric-lines.ts";
import type { SummaryMetric } from "../../../src/model/metric-family.ts";

const NAMES = [
  { name: "a:b", quoted: "a:b", bare: "a:b ", open: "a:b{" },
  { name: "my.metric", quoted: '"my.metric"', bare: '{"my.metric"} ', open: '{"my.metric",' },
  { name: '"\\\n', quoted: '"\\"\\\\\\n"', bare: '{"\\"\\\\\\n"} ', open: '{"\\"\\\\\\n",' },
];

for (const { name, quoted, bare, open } of NAMES) {
  test(`quoteMetricName() writes ${quoted}`, () => {
    assert.equal(quoteMetricName(name), quoted);
  });
  test(`lineStart() starts lines of ${quoted}`, () => {
    assert.deepEqual(lineStart(name), { bare, open });
  });
}

test("writeLine() tells the sink which part is the value", () => {
  const { sink, calls } = recordingSink();
  writeLine(lineStart("a"), "", 1, "\n", sink);
  writeLine(lineStart("a"), 'b="c"', 2, " 5\n", sink);
  assert.deepEqual(calls, ["a ", 1, "\n", 'a{b="c"} ', 2, " 5\n"]);
});

test("writeBoundLines() writes a line for each start", () => {
  const { sink, calls } = recordingSink();
  writeBoundLines(['a{le="1"', 'a{le="2"'], boundLineRest('b="c"'), [7, 8, 9], "\n", sink);
  writeBoundLines(["a{"], boundLineRest(""), [], "\n", sink);
  assert.deepEqual(calls, [
    'a{le="1",b="c"} ',
    7,
    "\n",
    'a{le="2",b="c"} ',
    8,
    "\n",
    "a{} ",
    Number.NaN,
    "\n",
  ]);
});

test("numberAt() is NaN where there is no number", () => {
  assert.equal(numberAt([1, 2], 1), 2);
  assert.equal(numberAt(new Float64Array([1, 2]), 0), 1);
  assert.equal(numberAt([1, 2], 2), Number.NaN);
  // A caller without types is not held to them.
  assert.equal(numberAt(["3"] as unknown as number[], 0), Number.NaN);
});

test("boundStarts() formats the bounds of one array once", () => {
  const formatted: number[] = [];
  const startsOf = boundStarts("a{", "le", (bound) => {
    formatted.push(bound);
    return `<${bound}>`;
  });
  const bounds = [1, 2];
  assert.deepEqual(startsOf(bounds), ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(startsOf(bounds), ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(startsOf([3]), ['a{le="<3>"']);
  assert.deepEqual(startsOf(bounds), ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(formatted, [1, 2, 3, 1, 2]);
});

test("hasTotals() wants two numbers", () => {
  const metric: SummaryMetric = { labels: {}, count: 1, sum: 2, quantiles: [], quantileValues: [] };
  assert.equal(hasTotals(metric), true);
  assert.equal(hasTotals({ ...metric, sum: Number.NaN }), true);
  // A caller without types is not held to them.
  assert.equal(hasTotals({ ...metric, sum: "2" as unknown as number }), false);
  assert.equal(hasTotals({ ...metric, count: null as unknown as number }), false);
});

function recordingSink(): { sink: TextSink; calls: (string | number)[] } {
  const calls: (string | number)[] = [];
  const record = (part: string | number) => void calls.push(part);
  return { sink: { text: record, number: record }, calls };
}
