import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../../src/model/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { mockClock, passUntil } from "../../helpers/mock-clock.ts";
import { tick } from "../../helpers/turns.ts";
import { counterOf, TestGroup, type TestWorker } from "../groups.ts";

/** A counter that can only be read asynchronously, except for what was read last. */
class SlowCounter implements Gatherer {
  value = 0;
  hangs = false;
  #last: GatherResult = { families: [] };

  gather({ isFinal, mayWait }: GatherContext): GatherResult | Promise<GatherResult> {
    return isFinal && !mayWait ? this.#last : this.#read();
  }

  async #read(): Promise<GatherResult> {
    await (this.hangs ? new Promise(() => {}) : tick());
    const metrics = [{ labels: {}, value: this.value }];
    const family: MetricFamily = { name: "jobs_total", help: "", type: "counter", metrics };
    this.#last = { families: [family] };
    return this.#last;
  }
}

/** One that has no memory, such as a gatherer of an application. */
class ForgetfulCounter extends SlowCounter {
  override async gather(context: GatherContext): Promise<GatherResult> {
    return await super.gather({ ...context, isFinal: false });
  }
}

async function takenOver(worker: TestWorker): Promise<void> {
  while (worker.group.role !== "hub") await worker.get();
}

for (const Counter of [SlowCounter, ForgetfulCounter]) {
  test(`a member that leaves loses nothing of a ${Counter.name}, whenever it is scraped`, async () => {
    await using group = await TestGroup.create();
    const hub = await group.add(gathererOf(counterOf(100)));
    const counter = new Counter();
    for (let round = 1; round <= 3; round++) {
      const member = await group.add(gathererOf([counter, counterOf(1, "other_total")]));
      counter.value++;
      if (round > 1) assert.equal(await hub.sample("jobs_total"), 100 + counter.value);
      counter.value++;
      await member.group.close();
      assert.equal(await hub.sample("jobs_total"), 100 + counter.value);
      assert.equal(await hub.sample("other_total"), round);
    }
  });

  test(`a hub that leaves loses nothing of a ${Counter.name}`, async () => {
    await using group = await TestGroup.create();
    const counter = new Counter();
    const hub = await group.add(gathererOf(counter));
    const member = await group.add(gathererOf(counterOf(100)));
    counter.value = 1;
    assert.equal(await hub.sample("jobs_total"), 101);
    counter.value = 5;
    await hub.group.close();
    await takenOver(member);
    assert.equal(await member.sample("jobs_total"), 105);
  });

  test(`a ${Counter.name} that hangs does not keep a worker from leaving`, async (t) => {
    await using group = await TestGroup.create();
    const hub = await group.add(gathererOf(counterOf(100)));
    const counter = new Counter();
    const quick = new SlowCounter();
    const others = { gather: (context: GatherContext) => renamed(quick.gather(context)) };
    const member = await group.add(gathererOf([counter, others]));
    counter.value = 1;
    quick.value = 1;
    assert.equal(await hub.sample("jobs_total"), 101);
    counter.hangs = true;
    counter.value = 7;
    quick.value = 7;
    await passUntil(mockClock(t), member.group.close());
    t.mock.timers.reset();
    assert.equal(await hub.sample("jobs_total"), 101);
    assert.equal(await hub.sample("quick_total"), 7);
  });
}

/** The same under another name. */
async function renamed(result: GatherResult | Promise<GatherResult>): Promise<GatherResult> {
  const { families } = await result;
  return {
    families: Array.from(families, (each) => ({ ...each, name: "quick_total" }) as MetricFamily),
  };
}

test("a worker whose sources are synchronous leaves without a pause", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(gathererOf(counterOf(100)));
  const counter = counterOf(1);
  const member = await group.add(gathererOf(counter));
  const left = member.group.close();
  assert.equal(member.group.role, "member");
  counter.metric.value = 50;
  await left;
  assert.equal(await hub.sample("jobs_total"), 101);
});
