import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { ScrapeRequest } from "../../src/scrape/exchange.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createReader, createSlowReader, type Harness } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD: GatherResult = { families: [gaugeOf([{ labels: {}, value: 1 }])] };

const BUSY = {
  status: 503,
  headers: {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "Retry-After": "1",
  },
  text: "Too many scrapes at once. Try again in a moment.\n",
  isStream: false,
  isCut: false,
};

test("one scrape too many gets 503 and Retry-After at once, and is counted", async () => {
  const gate = createGate();
  let gatherings = 0;
  const gatherer: Gatherer = {
    async gather() {
      gatherings++;
      await gate.promise;
      return GOOD;
    },
  };
  const { get, sample, logged } = createHarness(gatherer, { maxRequestsInFlight: 2 });
  const served = [get(), get()];
  assert.deepEqual(await get(), BUSY);
  assert.deepEqual(await get({ isHead: true }), BUSY);
  gate.open();
  for (const scrape of served) assert.equal((await scrape)?.status, 200);
  assert.equal(gatherings, 1);
  assert.equal(await sample('promhttp_scrape_events_total{event="shed"}'), 2);
  assert.equal(await sample('promhttp_metric_handler_requests_total{code="503"}'), 2);
  assert.equal(await sample("promhttp_metric_handler_requests_in_flight"), 1);
  assert.deepEqual(logged, []);
});

test("a shed scrape takes no slot, however slowly its answer is read", async () => {
  const { run, get } = createHarness({ gather: () => GOOD }, { maxRequestsInFlight: 1 });
  const [first, shed] = [createGate(), createGate()];
  const running = run({}, () => first.promise);
  const shedding = run({}, () => shed.promise);
  first.open();
  await running;
  assert.equal((await get())?.status, 200);
  shed.open();
  await shedding;
});

test("a 503 that its client does not read times out", async (t) => {
  const clock = mockClock(t);
  const { run } = createHarness({ gather: () => GOOD }, { maxRequestsInFlight: 1 });
  const first = createGate();
  const running = run({}, () => first.promise);
  let isAborted = false;
  const shedding = run(
    {},
    (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          isAborted = true;
          resolve();
        });
      }),
  );
  clock.tick(1_000);
  assert.equal(isAborted, true);
  await shedding;
  first.open();
  await running;
});

/** Ways that a scrape may end, for a handler with one slot. */
const ENDS: Readonly<
  Record<string, (harness: Harness, state: { gather: () => unknown }) => unknown>
> = {
  success: ({ get }) => get(),
  "the failure of a collector": ({ get }, state) => {
    state.gather = () => Promise.reject(new Error("down"));
    return get();
  },
  "a query that cannot be read": ({ get }) => get({ query: "%" }),
  "a timeout": ({ get }, state) => {
    state.gather = () => new Promise(() => {});
    return get({ timeoutSeconds: "0.01" });
  },
  "a client that goes while collectors run": async ({ get }, state) => {
    const client = new AbortController();
    state.gather = () => new Promise(() => {});
    const gone = get({ signal: client.signal });
    client.abort();
    await gone;
  },
  "a client that goes while the body is sent": async ({ run }, state) => {
    const client = new AbortController();
    state.gather = () => ({ families: [largeGauge(() => 1)] });
    const slow = createSlowReader();
    const gone = run({ signal: client.signal }, slow.send);
    await slow.stopped;
    client.abort();
    slow.goOn();
    await gone;
    assert.equal(slow.sent()?.isCut, true);
  },
  "an answer that cannot be sent": ({ run }) => run({}, () => Promise.reject(new Error("no"))),
  "a respond that throws": ({ run }) =>
    run({}, () => {
      throw new Error("no");
    }),
  "a failure that cannot be sent": ({ run }, state) => {
    state.gather = () => Promise.reject(new Error("down"));
    return run({}, () => Promise.reject(new Error("no")));
  },
  "a HEAD": ({ get }) => get({ isHead: true }),
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`the slot of a scrape is freed after ${how}`, async () => {
    const state = { gather: (): unknown => GOOD };
    // The states of this test give what a gatherer may give.
    const gatherer = { gather: () => state.gather() as GatherResult };
    const harness = createHarness(gatherer, { maxRequestsInFlight: 1, timeoutOffsetMs: 0 });
    await end(harness, state);
    state.gather = () => GOOD;
    assert.equal(await harness.sample("promhttp_metric_handler_requests_in_flight"), 1);
  });
}

const LARGE = gathererWith(largeGauge(() => 1));

for (const query of ["", "name[]=large"]) {
  test(`bodyLimit "warn" serves what is larger, logs it and counts it (${query})`, async () => {
    const bodyLimit = { bytes: 100_000, action: "warn" } as const;
    const { get, sample, logged } = createHarness(LARGE, { bodyLimit });
    const sent = await get({ query });
    assert.deepEqual([sent?.status, sent?.isCut], [200, false]);
    assert.ok(Number(sent?.text.length) > 300_000);
    assert.deepEqual(logged, ["warn promhttp: A scrape gave more than 100000 bytes"]);
    // The one that is asked has not ended its body yet, but it has passed the limit.
    assert.equal(await sample('promhttp_scrape_events_total{event="oversized"}'), 2);
  });
}

test('bodyLimit "fail" answers 500 when it is exceeded before the first byte', async () => {
  const bodyLimit = { bytes: 100_000, action: "fail" } as const;
  const { get, logged } = createHarness(LARGE, { bodyLimit });
  const sent = await get();
  assert.deepEqual([sent?.status, sent?.isStream], [500, false]);
  const own = await get({ query: "name[]=promhttp_scrape_events_total" });
  assert.match(String(own?.text), /event="oversized"\} 1\n/);
  assert.ok(
    logged.some((message) => message.startsWith("error promhttp: The scrape failed: Range")),
  );
});

test('bodyLimit "fail" cuts the response off when it is exceeded later', async () => {
  const bodyLimit = { bytes: 300_000, action: "fail" } as const;
  const { get } = createHarness(LARGE, { bodyLimit });
  const sent = await get();
  assert.deepEqual([sent?.status, sent?.isCut], [200, true]);
  assert.ok(Number(sent?.text.length) <= 300_000);
  const own = await get({ query: "name[]=promhttp_metric_handler_errors_total" });
  assert.match(String(own?.text), /cause="encoding"\} 1\n/);
});

const LARGE_REQUESTS: readonly Partial<ScrapeRequest>[] = [
  { acceptEncoding: "gzip" },
  { accept: "application/openmetrics-text; version=1.0.0" },
];

for (const request of LARGE_REQUESTS) {
  test(`bodyLimit applies before compression and in any format: ${JSON.stringify(request)}`, async () => {
    const bodyLimit = { bytes: 100_000, action: "fail" } as const;
    const { get } = createHarness(LARGE, { bodyLimit });
    assert.equal((await get(request))?.status, 500);
  });
}

test("a body of exactly the limit is served without a warning", async () => {
  const { text } = (await createHarness(LARGE, { selfMetrics: false }).get()) ?? assert.fail();
  const bodyLimit = { bytes: text.length, action: "fail" } as const;
  const { get, logged } = createHarness(LARGE, { selfMetrics: false, bodyLimit });
  assert.equal((await get())?.text, text);
  assert.deepEqual(logged, []);
});

test("a slow reader holds only its own slot", async () => {
  const { run, get } = createHarness(LARGE, { maxRequestsInFlight: 2 });
  const slow = createSlowReader();
  const reading = run({}, slow.send);
  await slow.stopped;
  for (let round = 0; round < 3; round++) assert.equal((await get())?.status, 200);
  slow.goOn();
  await reading;
  assert.equal(slow.sent()?.isCut, false);
  await tick();
  await Promise.all([run({}, createReader().send), run({}, createReader().send)]);
});

test("a scrape in a nearly full container drops the kept bytes and logs it once", async (t) => {
  // A second later it would look again.
  mockClock(t);
  // 12 times 440 kB: less would not be worth a look.
  const families = Array.from({ length: 12 }, (_, index) => largeGauge(() => index, `g${index}`));
  const harness = createHarness(gathererWith(...families), { selfMetrics: false });
  const full = t.mock.method(process, "constrainedMemory", () => 2 ** 20);
  await harness.get();
  assert.equal(harness.logged.length, 0, "nothing is kept yet");
  const first = await harness.get();
  // The code that looks is loaded when there is something to look at.
  while (full.mock.callCount() === 0) await tick();
  const more = [await harness.get(), await harness.get()];
  assert.equal(full.mock.callCount(), 1);
  assert.deepEqual(
    harness.logged.map((line) => line.replace(/\d+ %/, "N %")),
    [
      "warn promhttp: Dropped the kept bytes of the last scrape: the memory of the process takes N % of its limit; scrapes cost more CPU until there is memory again",
    ],
  );
  for (const sent of more) assert.deepEqual(sent, first);
  harness.close();
});
