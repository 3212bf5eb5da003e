import assert from "node:assert/strict";
import { test } from "node:test";
import { GatherError } from "../../src/errors.ts";
import { createRegistryGatherer } from "../../src/gatherers/prom-client.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import { type Deadline, startDeadline } from "../../src/scrape/deadline.ts";
import { GatherCycle } from "../../src/scrape/gather-cycle.ts";
import { LIBRARIES } from "../helpers/libraries.ts";

const EMPTY: GatherResult = { families: [] };

function until(signal: AbortSignal = new AbortController().signal): Deadline {
  return { signal, deadlineMs: Date.now() + 60_000, clear() {} };
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A gatherer that settles when it is told to, and remembers how it was called. */
function createGate() {
  const contexts: GatherContext[] = [];
  const settle: ((result: GatherResult) => void)[] = [];
  const gatherer: Gatherer = {
    gather: (context) =>
      new Promise((resolve) => {
        contexts.push(context);
        settle.push(resolve);
      }),
  };
  return { gatherer, contexts, settle };
}

test("GatherCycle gives the families of the gatherer", async () => {
  const families = [{ name: "g", help: "", type: "gauge", metrics: [] }] as const;
  const cycle = new GatherCycle({ gather: () => ({ families }) }, () => {});
  assert.deepEqual(await cycle.gather(until()), families);
});

test("GatherCycle hands its deadline and its reporter to the gatherer", async () => {
  const { gatherer, contexts, settle } = createGate();
  const report = () => {};
  const deadline = until();
  const done = new GatherCycle(gatherer, report).gather(deadline);
  assert.equal(contexts[0]?.report, report);
  assert.equal(contexts[0]?.deadlineMs, deadline.deadlineMs);
  settle[0]?.(EMPTY);
  await done;
});

test("GatherCycle shares one gathering among all scrapes that wait for it", async () => {
  const { gatherer, contexts, settle } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  const first = cycle.gather(until());
  await tick();
  const second = cycle.gather(until());
  assert.equal(contexts.length, 1);
  settle[0]?.(EMPTY);
  assert.deepEqual(await Promise.all([first, second]), [[], []]);
});

test("GatherCycle starts anew for a scrape that comes after the gathering", async () => {
  const { gatherer, contexts, settle } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  for (let round = 0; round < 2; round++) {
    const done = cycle.gather(until());
    settle[round]?.(EMPTY);
    await done;
  }
  assert.equal(contexts.length, 2);
});

for (const { name, Registry, Gauge } of LIBRARIES) {
  test(`collectors of ${name} never run twice at once, whoever scrapes`, async () => {
    const registry = new Registry();
    let runs = 0;
    let atOnce = 0;
    let most = 0;
    new Gauge({
      name: "g",
      help: "h",
      registers: [registry],
      async collect() {
        runs++;
        most = Math.max(most, ++atOnce);
        this.reset();
        await tick();
        this.set(runs);
        atOnce--;
      },
    });
    const cycle = new GatherCycle(createRegistryGatherer(registry), () => {});
    const scrapes: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      scrapes.push(cycle.gather(until()), cycle.gather(until()));
      await tick();
    }
    await Promise.all(scrapes);
    assert.equal(most, 1);
    assert.ok(runs >= 3 && runs <= 6, `${runs} runs`);
  });
}

test("GatherCycle rejects with a GatherError when a collector failed", async () => {
  const errors = [
    { collector: "a", error: new Error("down") },
    { collector: "b", error: "timeout" },
  ];
  const cycle = new GatherCycle({ gather: () => ({ ...EMPTY, errors }) }, () => {});
  await assert.rejects(cycle.gather(until()), (error: unknown) => {
    assert.ok(error instanceof GatherError);
    assert.equal(error.message, "Collectors failed: a, b");
    assert.deepEqual(error.errors, [new Error("down"), "timeout"]);
    return true;
  });
});

for (const how of ["throws", "rejects"]) {
  test(`GatherCycle rejects with what a gatherer ${how}, and starts anew afterwards`, async () => {
    let calls = 0;
    const gatherer: Gatherer = {
      gather() {
        calls++;
        if (calls > 1) return EMPTY;
        const error = new Error("down");
        if (how === "throws") throw error;
        return Promise.reject(error);
      },
    };
    const cycle = new GatherCycle(gatherer, () => {});
    const both = [cycle.gather(until()), cycle.gather(until())];
    for (const scrape of both) await assert.rejects(scrape, { message: "down" });
    assert.deepEqual(await cycle.gather(until()), []);
    assert.equal(calls, 2);
  });
}

test("GatherCycle lets one scrape go and serves the other", async () => {
  const { gatherer, contexts, settle } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  const client = new AbortController();
  const gone = cycle.gather(until(client.signal));
  const stays = cycle.gather(until());
  client.abort(new Error("gone"));
  await assert.rejects(gone, { message: "gone" });
  assert.equal(contexts[0]?.signal.aborted, false);
  settle[0]?.(EMPTY);
  assert.deepEqual(await stays, []);
});

test("GatherCycle aborts a gathering that nobody waits for, and starts anew", async () => {
  const { gatherer, contexts, settle } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  const client = new AbortController();
  const gone = cycle.gather(until(client.signal));
  client.abort(new Error("gone"));
  await assert.rejects(gone, { message: "gone" });
  assert.equal(contexts[0]?.signal.aborted, true);
  const next = cycle.gather(until());
  assert.equal(contexts.length, 2);
  // The first one's late end is not that of the second.
  settle[0]?.(EMPTY);
  await tick();
  const joined = cycle.gather(until());
  assert.equal(contexts.length, 2);
  settle[1]?.(EMPTY);
  assert.deepEqual(await Promise.all([next, joined]), [[], []]);
});

test("GatherCycle does not start for a scrape that is over", async () => {
  const { gatherer, contexts } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  await assert.rejects(cycle.gather(until(AbortSignal.abort(new Error("gone")))), {
    message: "gone",
  });
  assert.equal(contexts.length, 0);
});

test("GatherCycle gives up at the deadline of each scrape", async () => {
  const { gatherer, contexts } = createGate();
  const cycle = new GatherCycle(gatherer, () => {});
  const deadline = startDeadline(5, new AbortController().signal);
  // Its timer does not keep the process alive.
  const alive = setTimeout(() => {}, 1_000);
  await assert.rejects(cycle.gather(deadline), { code: "ERR_PROMHTTP_SCRAPE_TIMEOUT" });
  clearTimeout(alive);
  deadline.clear();
  assert.equal(contexts[0]?.signal.aborted, true);
});
