import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { chunksOf } from "../../src/exposition/body.ts";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createSlowReader, valueIn } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const LATE = {
  status: 503,
  headers: {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Retry-After": "1",
  },
  text: "The metrics could not be gathered in time. See the process log.\n",
  isStream: false,
  isCut: false,
};

const GOOD: GatherResult = { families: [gaugeOf([{ labels: {}, value: 1 }])] };

/** A gatherer that never settles until it is told to work again. */
function createStuck() {
  const contexts: GatherContext[] = [];
  const state = { isStuck: true };
  const gatherer: Gatherer = {
    gather(context) {
      contexts.push(context);
      return state.isStuck ? new Promise(() => {}) : GOOD;
    },
  };
  return { gatherer: gathererOf(gatherer), contexts, state };
}

const TIMEOUTS = [
  { timeoutSeconds: "10", timeoutMs: 30_000, timeoutOffsetMs: 500, expected: 9_500 },
  { timeoutSeconds: "10", timeoutMs: 2_000, timeoutOffsetMs: 500, expected: 1_800 },
  { timeoutSeconds: undefined, timeoutMs: 2_000, timeoutOffsetMs: 500, expected: 1_800 },
  { timeoutSeconds: "1", timeoutMs: 30_000, timeoutOffsetMs: 500, expected: 900 },
  { timeoutSeconds: "1", errorHandling: "continue", expected: 720 },
  { timeoutSeconds: "10", errorHandling: "continue", expected: 7_600 },
  { timeoutSeconds: undefined, errorHandling: "continue", expected: 27_500 },
] as const;

for (const { timeoutSeconds, expected, ...options } of TIMEOUTS) {
  test(`a scraper's timeout of ${timeoutSeconds} s gives ${expected} ms with ${JSON.stringify(options)}`, async (t) => {
    mockClock(t, 1_000);
    let leftMs = 0;
    const gather: Gatherer["gather"] = ({ deadlineMs }) => {
      leftMs = deadlineMs - Date.now();
      return GOOD;
    };
    const { get } = createHarness({ gather }, options);
    await get({ timeoutSeconds });
    assert.equal(leftMs, expected);
  });
}

test("a scrape that takes too long gets 503 before the scraper times out", async () => {
  const { gatherer, contexts, state } = createStuck();
  const { get, logged } = createHarness(gatherer, { timeoutOffsetMs: 0 });
  assert.deepEqual(await get({ timeoutSeconds: "0.01" }), LATE);
  assert.ok(contexts[0]?.signal.reason instanceof ScrapeTimeoutError);
  assert.equal(logged.length, 1);
  assert.match(
    String(logged[0]),
    /^error promhttp: .*ScrapeTimeoutError: The scrape took longer than 10 ms/,
  );
  state.isStuck = false;
  const text = (await get())?.text;
  assert.equal(valueIn(text, 'promhttp_metric_handler_requests_total{code="503"}'), 1);
  assert.equal(valueIn(text, 'promhttp_metric_handler_errors_total{cause="timeout"}'), 1);
  assert.equal(valueIn(text, 'promhttp_scrape_events_total{event="timed_out"}'), 1);
});

for (const errorHandling of ["fail", "continue"] as const) {
  test(`"${errorHandling}": of a timeout of 1 s collectors may take 0.7 s`, async (t) => {
    const clock = mockClock(t, 1_000);
    const gate = createGate();
    const gather: Gatherer["gather"] = () => gate.promise.then(() => GOOD);
    const { get } = createHarness(gathererOf({ gather }), { errorHandling });
    const answer = get({ timeoutSeconds: "1" });
    await tick();
    clock.tick(700);
    gate.open();
    assert.equal((await answer)?.status, 200);
  });

  test(`"${errorHandling}": a body may be read until the scraper's own timeout`, async (t) => {
    const clock = mockClock(t);
    const source = gathererWith(largeGauge(() => 1));
    const { run } = createHarness(source, { errorHandling });
    const slow = createSlowReader();
    const read = run({ timeoutSeconds: "1" }, slow.send);
    await slow.stopped;
    clock.tick(999);
    slow.goOn();
    await read;
    assert.equal(slow.sent()?.isCut, false);
  });
}

test("timeoutMs bounds a scrape whose scraper sends no timeout", async () => {
  const { get } = createHarness(createStuck().gatherer, { timeoutMs: 10 });
  assert.deepEqual(await get(), LATE);
});

test("a collector that never settles holds no slot and blocks no later scrape", async () => {
  const { gatherer, contexts, state } = createStuck();
  const { get, sample } = createHarness(gatherer, { timeoutOffsetMs: 0, maxRequestsInFlight: 1 });
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await get({ timeoutSeconds: "0.01" }), LATE);
  }
  assert.equal(contexts.length, 3);
  state.isStuck = false;
  assert.equal(await sample("g"), 1);
});

test("a scrape that reads values for too long gets 503 before the first byte", async () => {
  const slow = largeGauge(() => {
    const end = performance.now() + 0.01;
    while (performance.now() < end);
    return 1;
  });
  // All of a chunk is read in one turn of the event loop, in which no timer can fire.
  const { get } = createHarness(gathererWith(slow), { timeoutMs: 5 });
  assert.deepEqual(await get(), LATE);
});

test("after the first byte a timeout aborts the signal, and the body throws", async (t) => {
  const clock = mockClock(t);
  const { run, sample, logged } = createHarness(gathererWith(largeGauge(() => 1)), {
    timeoutOffsetMs: 0,
  });
  let isAborted = false;
  await run({ timeoutSeconds: "0.4" }, async ({ status, body }, signal) => {
    assert.equal(status, 200);
    assert.ok(!(body instanceof Uint8Array));
    const chunks = chunksOf(body);
    await chunks.next();
    clock.tick(400);
    isAborted = signal.aborted;
    await assert.rejects(async () => {
      while ((await chunks.next()).done !== true);
    }, ScrapeTimeoutError);
    throw signal.reason;
  });
  assert.equal(isAborted, true);
  assert.match(String(logged[0]), /ScrapeTimeoutError/);
  assert.equal(await sample('promhttp_scrape_events_total{event="timed_out"}'), 1);
  assert.equal(await sample('promhttp_metric_handler_requests_total{code="503"}'), 0);
});

for (const [what, gatherer] of [
  ["a long", gathererWith(largeGauge(() => 1))],
  ["a short", gathererWith(...GOOD.families)],
] as const) {
  test(`${what} body that its client reads too slowly counts as timed out`, async (t) => {
    const clock = mockClock(t);
    const { run, sample } = createHarness(gatherer, { timeoutOffsetMs: 0, maxRequestsInFlight: 1 });
    await run({ timeoutSeconds: "0.4" }, async (_, signal) => {
      clock.tick(400);
      assert.equal(signal.aborted, true);
    });
    assert.equal(await sample('promhttp_scrape_events_total{event="timed_out"}'), 1);
    assert.equal(await sample('promhttp_scrape_events_total{event="aborted"}'), 0);
    assert.equal(await sample('promhttp_metric_handler_errors_total{cause="timeout"}'), 1);
  });
}

test("a response that is ready too late is a 503, not the beginning of a 200", async (t) => {
  const clock = mockClock(t);
  const gauge = gaugeOf({
    *[Symbol.iterator]() {
      for (let index = 0; index < 1_000; index++) yield { labels: { index }, value: index };
      // Everything is read, and all that is left is to compress it, on another thread.
      setImmediate(() => clock.tick(50));
    },
  });
  const { get } = createHarness(gathererWith(gauge), { timeoutMs: 50 });
  assert.deepEqual(await get({ acceptEncoding: "gzip" }), LATE);
});

test("a slow reader is cut off at its own deadline, and does not affect others", async (t) => {
  const clock = mockClock(t);
  const { run, get } = createHarness(gathererWith(largeGauge(() => 1)), { timeoutOffsetMs: 0 });
  const slow = createSlowReader();
  const cutOff = run({ timeoutSeconds: "0.4" }, async (response, signal) => {
    signal.addEventListener("abort", slow.goOn);
    await slow.send(response, signal);
  });
  await slow.stopped;
  assert.equal((await get())?.isCut, false);
  clock.tick(400);
  await cutOff;
  assert.equal(slow.sent()?.isCut, true);
});

test("the signal of a Gatherer aborts when the last waiting scrape disconnects", async () => {
  const { gatherer, contexts } = createStuck();
  const { get } = createHarness(gatherer);
  const client = new AbortController();
  const gone = get({ signal: client.signal });
  await tick();
  assert.equal(contexts[0]?.signal.aborted, false);
  client.abort(new Error("gone"));
  assert.equal(await gone, undefined);
  assert.equal(contexts[0]?.signal.reason.message, "gone");
});
