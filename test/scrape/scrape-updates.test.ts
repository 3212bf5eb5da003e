import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { Gauge, Registry } from "prom-client";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { ScrapeHook } from "../../src/options/options.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createReader, createSlowReader, type Reader, valueIn } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD = gathererWith(gaugeOf([{ labels: {}, value: 1 }]));
const success = (collector: string) =>
  `promhttp_scrape_collector_success{collector="${collector}"}`;

for (const kind of ["synchronous", "asynchronous"]) {
  test(`a ${kind} onScrape runs after the scrape arrives, before collectors and values`, async () => {
    const order: string[] = [];
    const gauge = gaugeOf({
      *[Symbol.iterator]() {
        order.push("values");
        yield { labels: {}, value: 1 };
      },
    });
    const gather = () => {
      order.push("collectors");
      return { families: [gauge] };
    };
    const onScrape: ScrapeHook = async ({ signal }) => {
      assert.equal(signal.aborted, false);
      if (kind === "asynchronous") await tick();
      order.push("onScrape");
    };
    const { get } = createHarness({ gather }, { onScrape });
    assert.deepEqual(order, []);
    assert.equal((await get())?.status, 200);
    assert.deepEqual(order, ["onScrape", "collectors", "values"]);
  });
}

test("scrapes that arrive together share one call of onScrape", async () => {
  let calls = 0;
  const onScrape = () => {
    calls++;
    return tick();
  };
  const { get } = createHarness(GOOD, { onScrape });
  await Promise.all([get(), get(), get()]);
  assert.equal(calls, 1);
  await get();
  assert.equal(calls, 2);
});

for (const how of ["throws", "rejects"]) {
  const onScrape = () => {
    const error = new Error("password is s3cr3t");
    if (how === "throws") throw error;
    return Promise.reject(error);
  };

  test(`"fail": an onScrape that ${how} fails the scrape`, async () => {
    const { get, logged } = createHarness(GOOD, { onScrape });
    const sent = await get();
    assert.equal(sent?.status, 500);
    assert.doesNotMatch(String(sent?.text), /s3cr3t/);
    assert.equal(logged.length, 1);
    assert.match(String(logged[0]), /^error promhttp: Collector "onScrape" failed; .*s3cr3t\n/);
  });

  test(`"continue": an onScrape that ${how} does not stop the collectors`, async () => {
    const { get } = createHarness(GOOD, { onScrape, errorHandling: "continue" });
    const sent = await get();
    assert.deepEqual(
      [sent?.status, valueIn(sent?.text, "g"), valueIn(sent?.text, success("onScrape"))],
      [200, 1, 0],
    );
  });
}

for (const [errorHandling, status, passedMs] of [
  ["fail", 503, 500],
  // Where something may be left out, some time is kept to send the rest.
  ["continue", 200, 450],
] as const) {
  test(`an onScrape that never settles times out (${errorHandling}: ${status})`, async (t) => {
    const clock = mockClock(t);
    const signals: AbortSignal[] = [];
    const begun = createGate();
    const onScrape: ScrapeHook = ({ signal }) => {
      signals.push(signal);
      begun.open();
      return new Promise(() => {});
    };
    const { get } = createHarness(GOOD, { onScrape, errorHandling, timeoutOffsetMs: 0 });
    const sending = get({ timeoutSeconds: "0.5" });
    await begun.promise;
    clock.tick(passedMs);
    assert.equal((await sending)?.status, status);
    assert.equal(signals[0]?.aborted, true);
  });
}

test("no collector runs for a client that disconnects while onScrape runs", async () => {
  const client = new AbortController();
  let gatherings = 0;
  const gather = () => {
    gatherings++;
    return { families: [] };
  };
  const { get, logged } = createHarness({ gather }, { onScrape: () => new Promise(() => {}) });
  const gone = get({ signal: client.signal });
  await tick();
  client.abort();
  assert.equal(await gone, undefined);
  await tick();
  assert.deepEqual([gatherings, logged], [0, []]);
});

test("scrapes wait for an update, and see all of it", async () => {
  let value = 1;
  const { get, update } = createHarness(gathererWith(gaugeOf(live(() => value))));
  const gate = createGate();
  const updating = update(async () => {
    value = 2;
    await gate.promise;
    value = 3;
  });
  let isServed = false;
  const scrape = get().finally(() => {
    isServed = true;
  });
  for (let turn = 0; turn < 5; turn++) await tick();
  assert.equal(isServed, false);
  gate.open();
  assert.equal(valueIn((await scrape)?.text, "g"), 3);
  await updating;
});

function live(value: () => number) {
  return {
    *[Symbol.iterator]() {
      yield { labels: {}, value: value() };
    },
  };
}

test("updates run one after the other", async () => {
  const { update } = createHarness(GOOD);
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await tick();
    order.push(`${name} ends`);
  };
  await Promise.all([update(work("a")), update(work("b"))]);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
});

for (const how of ["throws", "rejects"]) {
  test(`an update that ${how} resolves, is logged and counted, until one succeeds`, async () => {
    const { get, update, logged } = createHarness(GOOD);
    const work = () => {
      const error = new Error("down");
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    await update(work);
    assert.equal(logged.length, 1);
    assert.match(String(logged[0]), /^error promhttp: Update failed: Error: down\n/);
    assert.match(String(logged[0]), /Error: down\n {4}at /);
    const failed = (await get())?.text;
    assert.equal(valueIn(failed, 'promhttp_metric_handler_errors_total{cause="gathering"}'), 1);
    // No scrape takes it for recovered: it did not run.
    assert.equal(valueIn((await get())?.text, success("update")), 0);
    await update(() => {});
    assert.equal(valueIn((await get())?.text, success("update")), 1);
    assert.deepEqual(logged.slice(1), ["info promhttp: Updates work again (1 failure)"]);
  });
}

test("an update times out after timeoutMs, and scrapes continue", async (t) => {
  const clock = mockClock(t);
  const { get, update, logged } = createHarness(GOOD, { timeoutMs: 200 });
  const updating = update(() => new Promise(() => {}));
  await tick();
  clock.tick(200);
  await updating;
  assert.match(String(logged[0]), /Update failed: ScrapeTimeoutError/);
  const text = (await get())?.text;
  assert.deepEqual(
    [
      valueIn(text, "g"),
      valueIn(text, success("update")),
      valueIn(text, 'promhttp_metric_handler_errors_total{cause="timeout"}'),
      valueIn(text, 'promhttp_scrape_events_total{event="timed_out"}'),
    ],
    [1, 0, 1, 0],
  );
});

test("a scrape that times out while it waits for an update gets 503", async () => {
  const { get, update } = createHarness(GOOD, { timeoutOffsetMs: 0 });
  const gate = createGate();
  const updating = update(() => gate.promise);
  assert.equal((await get({ timeoutSeconds: "0.01" }))?.status, 503);
  gate.open();
  await updating;
  assert.equal((await get())?.status, 200);
});

test("an update does not wait for a slow reader, nor change its body", async () => {
  let value = 1;
  const { run, update } = createHarness(gathererWith(largeGauge(() => value)));
  const slow = createSlowReader();
  const reading = run({}, slow.send);
  await slow.stopped;
  await update(() => {
    value = 2;
  });
  slow.goOn();
  await reading;
  assert.match(String(slow.sent()?.text), /^large\{index="3999",.*\} 1$/m);
  assert.doesNotMatch(String(slow.sent()?.text), /^large\{.*\} 2$/m);
});

test("a collector may update, and so may onScrape", async () => {
  const handler = { update: (_: () => unknown) => Promise.resolve() };
  let value = 0;
  const gather = async () => {
    await handler.update(() => {
      value += 10;
    });
    return { families: [gaugeOf(live(() => value))] };
  };
  const onScrape = () =>
    handler.update(() => {
      value++;
    });
  const harness = createHarness({ gather }, { onScrape });
  handler.update = harness.update;
  assert.equal(await harness.sample("g"), 11);
});

/** The steps of a schedule. */
type Step = "update" | "scrape" | "slow scrape" | "go on" | "tick";

test("no scrape ever sees an update half-done, however they interleave", async () => {
  const registry = new Registry();
  const registers = [registry];
  const first = new Gauge({ name: "first", help: "h", registers });
  const filler = new Gauge({ name: "filler", help: "h", labelNames: ["index"], registers });
  for (let index = 0; index < 1_500; index++) filler.set({ index: `${index}`.padEnd(100, "x") }, 1);
  const last = new Gauge({ name: "last", help: "h", registers });
  const gatherer = gathererOf(registry);

  const property = async (steps: readonly Step[]) => {
    const { run, update } = createHarness(gatherer, { maxRequestsInFlight: 1_000 });
    const readers: Reader[] = [];
    const stopped: (() => void)[] = [];
    const done: Promise<void>[] = [];
    let value = 0;
    const work = async () => {
      value++;
      first.set(value);
      await tick();
      filler.set({ index: "0".padEnd(100, "x") }, value);
      await tick();
      last.set(value);
    };
    await update(work);
    for (const step of steps) {
      if (step === "tick") await tick();
      else if (step === "update") done.push(update(work));
      else if (step === "go on") for (const goOn of stopped.splice(0)) goOn();
      else {
        const slow = createSlowReader();
        const reader = step === "scrape" ? createReader() : slow;
        if (reader === slow) stopped.push(slow.goOn);
        readers.push(reader);
        done.push(run({}, reader.send));
      }
    }
    for (const goOn of stopped) goOn();
    await Promise.all(done);
    for (const reader of readers) {
      const { text, isCut, status } = reader.sent() ?? assert.fail("nothing was sent");
      assert.deepEqual([status, isCut], [200, false]);
      const seen = valueIn(text, "first");
      assert.equal(valueIn(text, `filler{index="${"0".padEnd(100, "x")}"}`), seen);
      assert.equal(valueIn(text, "last"), seen);
    }
  };

  const step = fc.oneof(
    { weight: 2, arbitrary: fc.constant<Step>("update") },
    { weight: 2, arbitrary: fc.constant<Step>("slow scrape") },
    { weight: 1, arbitrary: fc.constant<Step>("scrape") },
    { weight: 1, arbitrary: fc.constant<Step>("go on") },
    { weight: 4, arbitrary: fc.constant<Step>("tick") },
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), property), {
    numRuns: scaleRuns(40),
  });
});
