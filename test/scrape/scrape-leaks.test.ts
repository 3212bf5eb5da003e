import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { getEventListeners } from "node:events";
import { after, test } from "node:test";
import type { Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { ErrorHandling } from "../../src/options/options.ts";
import { gaugeOf } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createReader, createSlowReader } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

/** Watches timers, those that do not keep the process alive as well. */
function watchTimers() {
  const live = new Set<number>();
  const hook = createHook({
    init(id, type) {
      if (type === "Timeout") live.add(id);
    },
    destroy(id) {
      live.delete(id);
    },
  });
  hook.enable();
  return { live, stop: () => hook.disable() };
}

/** What the process waits for; an immediate is gone by itself. */
function resources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate");
}

/** What the process waits for now, and did not before; something else may have ended meanwhile. */
function newResources(before: readonly string[]): string[] {
  const old = [...before];
  return resources().filter((kind) => {
    const index = old.indexOf(kind);
    if (index !== -1) old.splice(index, 1);
    return index === -1;
  });
}

/** A gatherer of one large gauge that counts its readers. */
function createCounted() {
  const state = { openReaders: 0, outcome: (): unknown => undefined };
  const metrics = {
    *[Symbol.iterator]() {
      state.openReaders++;
      try {
        for (let index = 0; index < 4_000; index++) {
          yield { labels: { index, padding: "x".repeat(80) }, value: 1 };
        }
      } finally {
        state.openReaders--;
      }
    },
  };
  const gatherer: Gatherer = {
    async gather(): Promise<GatherResult> {
      await state.outcome();
      return { families: [gaugeOf(metrics)] };
    },
  };
  return { gatherer, state };
}

/** Scrapes in every way that a scrape may end, in one handler. */
async function scrapeInEveryWay(errorHandling: ErrorHandling) {
  const { gatherer, state } = createCounted();
  const harness = createHarness(gatherer, {
    errorHandling,
    maxRequestsInFlight: 3,
    timeoutOffsetMs: 0,
    onScrape: () => tick(),
  });
  const { get, run, update } = harness;
  const clients: AbortController[] = [];
  const client = () => {
    const controller = new AbortController();
    clients.push(controller);
    return controller;
  };
  const never = () => new Promise(() => {});

  // Served, in one go and compressed; refused; by HEAD.
  await get({ signal: client().signal });
  await get({ signal: client().signal, acceptEncoding: "gzip" });
  await get({ signal: client().signal, query: "%" });
  await get({ signal: client().signal, isHead: true });
  // Failed.
  state.outcome = () => Promise.reject(new Error("down"));
  await get({ signal: client().signal });
  // Timed out, and left, while a collector hangs.
  state.outcome = never;
  await get({ signal: client().signal, timeoutSeconds: "0.01" });
  const gone = client();
  const leaving = get({ signal: gone.signal });
  gone.abort();
  await leaving;
  state.outcome = () => undefined;
  // Left in the middle of the body, with a reader that stops there, or that never reads at all.
  for (const acceptEncoding of [undefined, "gzip"]) {
    const slow = createSlowReader();
    const gone = client();
    const reading = run({ signal: gone.signal, acceptEncoding }, slow.send);
    await slow.stopped;
    gone.abort();
    slow.goOn();
    await reading;
    await run({ signal: client().signal, acceptEncoding }, async () => {});
    await run({ signal: client().signal }, async () => assert.fail("no socket"));
  }
  // Timed out in the middle of the body.
  const slow = createSlowReader();
  await run({ signal: client().signal, timeoutSeconds: "0.4" }, async (response, signal) => {
    signal.addEventListener("abort", slow.goOn);
    await slow.send(response, signal);
  });
  // Shed, while others are slow, and an update comes in between.
  const gate = createGate();
  const readers = [1, 2, 3].map(() => createReader(() => gate.promise));
  const running = readers.map(({ send }) => run({ signal: client().signal }, send));
  for (let turn = 0; turn < 20; turn++) await tick();
  assert.equal((await get({ signal: client().signal }))?.status, 503);
  await update(() => tick());
  await update(() => assert.fail("no data"));
  gate.open();
  await Promise.all(running);
  return { harness, state, clients };
}

for (const errorHandling of ["fail", "continue"] as const) {
  test(`scrapes leave nothing behind, however they ended (${errorHandling})`, async () => {
    const before = resources();
    const timers = watchTimers();
    const { harness, state, clients } = await scrapeInEveryWay(errorHandling);
    // What is destroyed is told of a little later, and the thread pool ends what it has begun.
    for (let turn = 0; turn < 10; turn++) await tick();
    harness.close();
    await tick();
    timers.stop();
    assert.equal(timers.live.size, 0);
    assert.deepEqual(newResources(before), []);
    assert.equal(state.openReaders, 0);
    for (const { signal } of clients) {
      assert.equal(getEventListeners(signal, "abort").length, 0);
    }
    // Itself alone.
    assert.equal(await harness.sample("promhttp_metric_handler_requests_in_flight"), 1);
    // No reading is left that an update would have to wait for.
    let hasRun = false;
    const updating = harness.update(() => {
      hasRun = true;
    });
    for (let step = 0; step < 5; step++) await Promise.resolve();
    assert.equal(hasRun, true);
    await updating;
  });
}
