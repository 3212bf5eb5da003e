import assert from "node:assert/strict";
import { test } from "node:test";
import { gatherLast, gatherNow } from "../../src/gatherers/final-gathering.ts";
import type { GatherContext, Gatherer } from "../../src/model/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";

const ALL = () => true;
const FAMILY: MetricFamily = { name: "jobs_total", help: "", type: "counter", metrics: [] };

/** Each way in which a gatherer answers, with what is read of it at once and what after waiting. */
const WAYS: readonly [
  way: string,
  gather: Gatherer["gather"],
  now: readonly MetricFamily[],
  last: readonly MetricFamily[] | undefined,
][] = [
  ["returns", () => ({ families: [FAMILY] }), [FAMILY], undefined],
  ["resolves", async () => ({ families: [FAMILY] }), [], [FAMILY]],
  ["rejects", () => Promise.reject(new Error("Cannot gather")), [], []],
  [
    "throws",
    () => {
      throw new Error("Cannot gather");
    },
    [],
    undefined,
  ],
];

for (const [way, gather, now, last] of WAYS) {
  test(`a final gathering of a gatherer that ${way}`, async () => {
    assert.deepEqual(await gatherLast({ gather }, ALL), last);
    assert.deepEqual(gatherNow({ gather }, ALL), now);
  });
}

test("a final gathering says so, whether it may wait, and which sources count", async () => {
  const told: GatherContext[] = [];
  const gatherer = {
    async gather(context: GatherContext) {
      told.push(context);
      return { families: [] };
    },
  };
  gatherNow(gatherer, ALL);
  await gatherLast(gatherer, ALL);
  assert.deepEqual(
    told.map(({ isFinal, mayWait, isCounted }) => [isFinal, mayWait, isCounted]),
    [
      [true, undefined, ALL],
      [true, true, ALL],
    ],
  );
  assert.ok(told.every(({ isRequested }) => isRequested("jobs_total", "counter")));
});
