import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boundLineRest,
  boundStarts,
  lineStart,
  numberAt,
  openLine,
  quoteMetricName,
  writeLine,
} from "../../../src/exposition/text/sample-lines.ts";
import { BUCKET_BOUNDS } from "../../../src/model/bounds.ts";

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

test("openLine() leaves no braces where there are no labels", () => {
  assert.equal(openLine(lineStart("a"), ""), "a ");
  assert.equal(openLine(lineStart("a"), 'b="c"'), 'a{b="c"} ');
  assert.equal(openLine(lineStart("a.b"), 'b="c"'), '{"a.b",b="c"} ');
});

test("boundLineRest() closes the labels behind the bound", () => {
  assert.equal(boundLineRest('b="c"'), ',b="c"} ');
  assert.equal(boundLineRest(""), "} ");
});

test("writeLine() tells the sink which part is the value", () => {
  const calls: (string | number)[] = [];
  const record = (part: string | number) => void calls.push(part);
  writeLine('a{b="c"} ', 2, " 5\n", { text: record, number: record });
  assert.deepEqual(calls, ['a{b="c"} ', 2, " 5\n"]);
});

test("numberAt() is NaN without a number", () => {
  assert.equal(numberAt([1, 2], 1), 2);
  assert.equal(numberAt(new Float64Array([1, 2]), 0), 1);
  assert.equal(numberAt([1, 2], 2), Number.NaN);
  // A caller without types is not held to them.
  assert.equal(numberAt(["3"] as unknown as number[], 0), Number.NaN);
  assert.equal(numberAt(undefined as unknown as number[], 0), Number.NaN);
});

test("boundStarts() formats the bounds of one array once", () => {
  const formatted: number[] = [];
  const startsOf = boundStarts("a{", "le", BUCKET_BOUNDS, (bound) => {
    formatted.push(bound);
    return `<${bound}>`;
  });
  const bounds = [1, 2];
  assert.deepEqual(startsOf(bounds).starts, ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(startsOf(bounds).starts, ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(startsOf([3]).starts, ['a{le="<3>"']);
  assert.deepEqual(startsOf(bounds).starts, ['a{le="<1>"', 'a{le="<2>"']);
  assert.deepEqual(formatted, [1, 2, 3, 1, 2]);
});
