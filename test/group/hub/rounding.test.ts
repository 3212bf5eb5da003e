/** The same numbers have another sum in another order: a scraper must not see that as a reset. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import type { Gatherer } from "../../../src/model/gatherer.ts";
import { TestGroup, type TestWorker } from "../groups.ts";

const SERIES = 200;

/** Counters whose values have all digits that a number has. */
function fractions(worker: number): Gatherer {
  const metrics = Array.from({ length: SERIES }, (_, at) => ({
    labels: { at: String(at) },
    value: Math.abs(Math.sin(worker * SERIES + at + 1)) * 10 ** (at % 4),
  }));
  return {
    gather: () => ({ families: [{ name: "seconds_total", help: "", type: "counter", metrics }] }),
  };
}

async function sumsOf({ get }: Pick<TestWorker, "get">): Promise<readonly number[]> {
  const { text = "" } = (await get()) ?? {};
  const lines = text.matchAll(/^seconds_total\{at="\d+"\} (\S+)$/gm);
  return Array.from(lines, ([, value]) => Number(value));
}

test("no sum falls by rounding when workers come and go, and the hub changes", async () => {
  await using group = await TestGroup.create();
  const workers: TestWorker[] = [];
  let before: readonly number[] = [];
  const check = async (what: string) => {
    let hub = workers.find(({ group }) => group.role === "hub");
    while (hub === undefined) {
      await workers[0]?.get();
      hub = workers.find(({ group }) => group.role === "hub");
    }
    const sums = await sumsOf(hub);
    assert.equal(sums.length, SERIES);
    const fallen = before.filter((sum, at) => (sums[at] as number) < sum);
    assert.deepEqual(fallen, [], what);
    before = sums;
  };
  for (let count = 0; count < 6; count++) {
    workers.push(await group.add(gathererOf(fractions(count))));
    await check("one has joined");
  }
  for (const index of [3, 0, 2, 0]) {
    const [gone] = workers.splice(index, 1);
    await gone?.group.close();
    await check(`number ${index} has gone`);
  }
});
