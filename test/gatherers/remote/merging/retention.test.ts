import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_RETAINED, RETAINED_MS } from "../../../../src/gatherers/remote/merging/retention.ts";
import { counterOf, gaugeOf, histogramOf, TestGroup } from "../workers.ts";

const NONE = {};

test("a series that no living worker has goes after an hour", () => {
  const group = new TestGroup();
  group.join([counterOf("a_total", [{ x: "living" }, 1])]);
  const first = group.join([counterOf("a_total", [{ x: "1" }, 5], [{ x: "living" }, 2])]);
  group.retire(first);
  group.now += RETAINED_MS / 2;
  group.retire(
    group.join([counterOf("a_total", [{ x: "2" }, 7]), counterOf("b_total", [NONE, 1])]),
  );
  group.now += RETAINED_MS / 2 - 1;
  assert.deepEqual(group.lines(), [
    'a_total{x="living"} 3',
    'a_total{x="1"} 5',
    'a_total{x="2"} 7',
    "b_total 1",
  ]);
  group.now++;
  assert.deepEqual(group.lines(), ['a_total{x="living"} 3', 'a_total{x="2"} 7', "b_total 1"]);
  group.now += RETAINED_MS;
  // What a living worker has stays.
  assert.deepEqual(group.lines(), ['a_total{x="living"} 3']);
});

test("a series that a new worker has in time goes on, and its hour begins anew", () => {
  const group = new TestGroup();
  const families = [counterOf("a_total", [NONE, 5])];
  for (let restart = 1; restart <= 3; restart++) {
    group.retire(group.join(families));
    group.now += RETAINED_MS - 1;
    assert.deepEqual(group.lines(), [`a_total ${5 * restart}`]);
  }
});

test("beyond the bound the oldest series go, which is reported once", () => {
  const group = new TestGroup();
  group.join([]);
  group.retire(group.join([counterOf("first_total", [NONE, 1]), counterOf("b_total", [NONE, 1])]));
  group.now++;
  const many = Array.from({ length: MAX_RETAINED }, (_, index) => {
    return [{ pid: String(index) }, 1] as [Record<string, string>, number];
  });
  group.retire(group.join([counterOf("many_total", ...many)]));
  assert.equal(group.lines().length, MAX_RETAINED);
  assert.ok(!group.lines().includes("first_total 1"));
  group.now++;
  group.retire(group.join([counterOf("last_total", [NONE, 1])]));
  const lines = group.lines();
  assert.equal(lines.length, MAX_RETAINED);
  assert.ok(lines.includes("last_total 1"));
  assert.ok(!lines.includes('many_total{pid="0"} 1'));
  assert.deepEqual(group.faults, [
    "first_total: too many series of workers that are gone; dropped the oldest",
  ]);
});

test("a thousand workers that come and go leave nothing but their totals", () => {
  const group = new TestGroup();
  for (let pid = 0; pid < 1_000; pid++) {
    const worker = group.join([
      counterOf("a_total", [NONE, 1]),
      histogramOf("h", [1], [1, 1], 1),
      gaugeOf("g", "sum", [{ pid: String(pid) }, 1]),
      gaugeOf(`own_${pid}`, "sum", [NONE, 1]),
    ]);
    if (pid % 100 === 0) group.merge();
    group.retire(worker);
  }
  assert.deepEqual(group.lines(), [
    "a_total 1000",
    'h_bucket{le="1"} 1000',
    'h_bucket{le="+Inf"} 1000',
    "h_sum 1000",
    "h_count 1000",
  ]);
  assert.deepEqual(
    group.merge().map(({ name }) => name),
    ["a_total", "h"],
  );
});

test("a NaN does not stay in what is retained", () => {
  const group = new TestGroup();
  group.join([counterOf("a_total", [NONE, 1]), histogramOf("h", [1], [1, 2], 3)]);
  group.retire(
    group.join([
      counterOf("a_total", [NONE, Number.NaN]),
      histogramOf("h", [1], [1, 2], Number.NaN),
    ]),
  );
  assert.deepEqual(group.lines(), [
    "a_total 1",
    'h_bucket{le="1"} 2',
    'h_bucket{le="+Inf"} 4',
    "h_sum 3",
    "h_count 4",
  ]);
});
