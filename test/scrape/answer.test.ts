import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { ScrapeRequest, ScrapeResponse } from "../../src/scrape/exchange.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { createHarness, type Harness } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD = gathererWith(gaugeOf([{ labels: {}, value: 1 }]));
const FAILING: Gatherer = { gather: () => Promise.reject(new Error("the disk is on fire")) };
const STUCK: Gatherer = { gather: () => new Promise(() => {}) };

const REQUEST: ScrapeRequest = {
  isHead: false,
  query: "",
  accept: "application/openmetrics-text",
  acceptEncoding: "gzip",
  timeoutSeconds: undefined,
  signal: new AbortController().signal,
};

async function scrape(
  harness: Harness,
  request: Partial<ScrapeRequest> = {},
): Promise<ScrapeResponse> {
  return (await harness.scrape({ ...REQUEST, ...request })) ?? assert.fail("no response");
}

const IN_FLIGHT = "promhttp_metric_handler_requests_in_flight";
const TIMED_OUT = 'promhttp_scrape_events_total{event="timed_out"}';
const ABORTED = 'promhttp_scrape_events_total{event="aborted"}';

test("answer() returns the response itself when nothing has to be waited for", async (t) => {
  // Only scrapes that take long yield to the event loop.
  mockClock(t);
  const harness = createHarness(GOOD);
  const response = harness.scrape({ ...REQUEST, accept: undefined, acceptEncoding: undefined });
  assert.ok(response !== undefined && !(response instanceof Promise));
  assert.equal(response.status, 200);
  response.end();
  // What reads queries is loaded with the first.
  (await harness.scrape({ ...REQUEST, query: "a=b" }))?.end();
  const failed = harness.scrape({ ...REQUEST, query: "%" });
  assert.ok(failed !== undefined && !(failed instanceof Promise));
  assert.equal(failed.status, 400);
  failed.end();
});

const FAILURES: readonly (readonly [Gatherer, Partial<ScrapeRequest>, number, string])[] = [
  [GOOD, { query: "%" }, 400, "The query has a broken escape.\n"],
  [FAILING, {}, 500, "The metrics could not be gathered. See the process log.\n"],
  [
    STUCK,
    { timeoutSeconds: "0.01" },
    503,
    "The metrics could not be gathered in time. See the process log.\n",
  ],
];

for (const [gatherer, request, status, text] of FAILURES) {
  test(`answer() answers ${status} with the same text, whatever format was asked for`, async () => {
    const { end, signal, ...response } = await scrape(createHarness(gatherer), request);
    assert.deepEqual(response, {
      status,
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        ...(status === 503 && { "Retry-After": "1" }),
      },
      body: Buffer.from(text),
    });
    assert.equal(signal.aborted, false);
    end();
  });
}

test("answer() tells a client that comes at a busy time when to try again", async () => {
  const harness = createHarness(GOOD, { maxRequestsInFlight: 1 });
  const first = await scrape(harness);
  const { end, signal: _, ...response } = await scrape(harness);
  assert.deepEqual(response, {
    status: 503,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      "Retry-After": "1",
    },
    body: Buffer.from("Too many scrapes at once. Try again in a moment.\n"),
  });
  end();
  first.end();
});

test("answer() allows one second to send a failure", async (t) => {
  const clock = mockClock(t);
  const harness = createHarness(FAILING);
  const { signal } = await scrape(harness);
  clock.tick(999);
  assert.equal(signal.aborted, false);
  clock.tick(1);
  assert.equal(signal.aborted, true);
  assert.equal(harness.logged.length, 1);
});

test("answer() aborts the sending of a failure when the client disconnects", async () => {
  const client = new AbortController();
  const { signal } = await scrape(createHarness(FAILING), { signal: client.signal });
  client.abort();
  assert.equal(signal.aborted, true);
});

test("a response that is ended twice counts once", async () => {
  const harness = createHarness(GOOD);
  const response = await scrape(harness);
  response.end();
  response.end(new Error("the socket is closed"));
  assert.deepEqual(harness.logged, []);
  assert.equal(await harness.sample(IN_FLIGHT), 1);
});

test("a response that ends with the error undefined counts as failed", async () => {
  const harness = createHarness(GOOD);
  (await scrape(harness)).end(undefined);
  assert.deepEqual(harness.logged, ["error promhttp: The scrape failed"]);
});

for (const [what, gatherer, isTimeout] of [
  ["a short", GOOD, 1],
  ["a long", gathererWith(largeGauge(() => 1)), 1],
  ["an error", FAILING, 0],
] as const) {
  test(`the deadline ends ${what} response that nobody ends`, async (t) => {
    const clock = mockClock(t);
    let isFirst = true;
    const gather: Gatherer["gather"] = (context) =>
      isFirst ? gatherer.gather(context) : GOOD.gather(context);
    const harness = createHarness({ gather }, { timeoutMs: 2_000, maxRequestsInFlight: 1 });
    const { signal } = await scrape(harness);
    isFirst = false;
    clock.tick(2_000);
    assert.equal(signal.aborted, true);
    assert.equal(await harness.sample(TIMED_OUT), isTimeout);
  });
}

test("a client that disconnects ends a response that nobody ends", async () => {
  const harness = createHarness(GOOD, { maxRequestsInFlight: 1 });
  const client = new AbortController();
  await scrape(harness, { signal: client.signal });
  client.abort();
  assert.equal(await harness.sample(ABORTED), 1);
  assert.deepEqual(harness.logged, []);
});
