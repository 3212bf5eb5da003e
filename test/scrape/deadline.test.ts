import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { OVER } from "../../src/abort.ts";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { Alarm } from "../../src/scrape/alarm.ts";
import {
  scraperTimeoutMs,
  startDeadline,
  startScraperDeadline,
} from "../../src/scrape/deadline.ts";
import { NEVER } from "../exposition/chunks.ts";
import { mockClock } from "../helpers/mock-clock.ts";

const OPTIONS = { timeoutMs: 30_000, timeoutOffsetMs: 500 };

const TIMEOUTS: readonly { header: string | undefined; expected: number; name: string }[] = [
  { header: undefined, expected: 30_000, name: "is the option's without a header" },
  { header: "10", expected: 10_000, name: "is the scraper's" },
  { header: "10.000000", expected: 10_000, name: "reads what Prometheus writes" },
  { header: "0.6", expected: 600, name: "reads fractions of a second" },
  { header: "60", expected: 30_000, name: "is never longer than the option" },
  { header: "0", expected: 30_000, name: "ignores zero" },
  { header: "-0", expected: 30_000, name: "ignores a negative zero" },
  { header: "-5", expected: 30_000, name: "ignores a negative number" },
  { header: "soon", expected: 30_000, name: "ignores what is not a number" },
  { header: "NaN", expected: 30_000, name: "ignores NaN" },
  { header: "5s", expected: 30_000, name: "ignores a number with a unit" },
  { header: "", expected: 30_000, name: "ignores an empty header" },
  { header: " ", expected: 30_000, name: "ignores a blank header" },
  { header: "Infinity", expected: 30_000, name: "bounds an infinite number" },
  { header: "-Infinity", expected: 30_000, name: "ignores a negative infinite number" },
  { header: "1e309", expected: 30_000, name: "bounds a number that is too large" },
  { header: "5, 10", expected: 30_000, name: "ignores a header that was sent twice" },
];

for (const { header, expected, name } of TIMEOUTS) {
  test(`scraperTimeoutMs() ${name}`, () => {
    assert.equal(scraperTimeoutMs(header, OPTIONS.timeoutMs), expected);
  });
}

const SHARES = [
  { header: "10", ...OPTIONS, first: 9_500, name: "keeps the offset of a long timeout" },
  { header: "5", ...OPTIONS, first: 4_500, name: "keeps both where they are equal" },
  { header: "1", ...OPTIONS, first: 900, name: "keeps a tenth of a short timeout" },
  { header: "0.01", ...OPTIONS, first: 9, name: "keeps a tenth of a very short timeout" },
  { header: "60", ...OPTIONS, first: 29_500, name: "counts from the option where it is shorter" },
  { header: "9", timeoutMs: 800, timeoutOffsetMs: 500, first: 720, name: "shares the option" },
  { header: undefined, ...OPTIONS, first: 29_500, name: "counts from the option without a header" },
  { header: "1", timeoutMs: 30_000, timeoutOffsetMs: 0, first: 1_000, name: "may keep nothing" },
  { header: "1", timeoutMs: 30_000, timeoutOffsetMs: 50, first: 950, name: "keeps a short offset" },
] as const;

for (const { header, first, name, ...options } of SHARES) {
  test(`startScraperDeadline() ${name}`, (t) => {
    const clock = mockClock(t, 1_000);
    const total = scraperTimeoutMs(header, options.timeoutMs);
    const start = () => startScraperDeadline(header, options, NEVER, new Alarm());
    const [collecting, sending] = [start(), start()];
    assert.equal(collecting.timeoutMs, first);
    assert.equal(collecting.deadlineMs, 1_000 + first);
    sending.startBody();
    // It is called once; another call gives no more.
    sending.startBody();
    clock.tick(first - 1);
    assert.equal(collecting.signal.aborted, false);
    clock.tick(1);
    assert.equal(
      String(collecting.signal.reason),
      `ScrapeTimeoutError: The scrape took longer than ${first} ms`,
    );
    assert.equal(sending.signal.aborted, total === first);
    clock.tick(total - first);
    assert.equal(
      String(sending.signal.reason),
      `ScrapeTimeoutError: The scrape took longer than ${total} ms`,
    );
    collecting.clear();
    sending.clear();
  });
}

test("startBody() sets no timer", (t) => {
  mockClock(t);
  const timers = t.mock.method(globalThis, "setTimeout");
  const deadline = startScraperDeadline("1", OPTIONS, NEVER, new Alarm());
  assert.equal(timers.mock.callCount(), 1);
  deadline.startBody();
  deadline.clear();
  assert.equal(timers.mock.callCount(), 1);
});

test("throwIfOver() throws at the end of a body's time, not before", (t) => {
  const clock = mockClock(t);
  const deadline = startScraperDeadline("1", OPTIONS, NEVER, new Alarm());
  deadline.startBody();
  clock.tick(999);
  deadline.throwIfOver();
  clock.tick(1);
  assert.throws(() => deadline.throwIfOver(), ScrapeTimeoutError);
  deadline.clear();
});

test("startDeadline() aborts with a ScrapeTimeoutError when time is up", (t) => {
  const clock = mockClock(t, 1_000);
  const deadline = startDeadline(200, new AbortController().signal, new Alarm());
  assert.equal(deadline.deadlineMs, 1_200);
  assert.equal(deadline.timeoutMs, 200);
  clock.tick(199);
  assert.equal(deadline.signal.aborted, false);
  clock.tick(1);
  assert.ok(deadline.signal.reason instanceof ScrapeTimeoutError);
  deadline.clear();
});

test("startDeadline() aborts with the client's reason when the client disconnects", () => {
  const client = new AbortController();
  const deadline = startDeadline(10_000, client.signal, new Alarm());
  assert.equal(deadline.signal.aborted, false);
  client.abort("gone");
  assert.equal(deadline.signal.reason, "gone");
  deadline.clear();
});

test("startDeadline() aborts at once when the client has disconnected before", () => {
  const deadline = startDeadline(10_000, AbortSignal.abort("gone"), new Alarm());
  assert.equal(deadline.signal.reason, "gone");
  deadline.clear();
});

test("startDeadline() aborts when it is cleared, and keeps that reason", (t) => {
  const clock = mockClock(t);
  const client = new AbortController();
  const deadline = startDeadline(200, client.signal, new Alarm());
  deadline.clear();
  clock.tick(1_000);
  client.abort("gone");
  assert.equal(deadline.signal.aborted, true);
  assert.equal(deadline.signal.reason, OVER);
});

test("startDeadline() keeps the reason that came first when it is cleared", () => {
  const client = new AbortController();
  const deadline = startDeadline(10_000, client.signal, new Alarm());
  client.abort("gone");
  deadline.clear();
  deadline.clear();
  assert.equal(deadline.signal.reason, "gone");
});

test("startDeadline() keeps neither the process alive nor a listener on the client", () => {
  const client = new AbortController();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const deadline = startDeadline(10_000, client.signal, new Alarm());
  assert.equal(getEventListeners(client.signal, "abort").length, 1);
  assert.equal(timers(), before);
  deadline.clear();
  assert.equal(getEventListeners(client.signal, "abort").length, 0);
});

test("throwIfOver() throws the reason of the signal, and nothing before it aborts", () => {
  const client = new AbortController();
  const deadline = startDeadline(10_000, client.signal, new Alarm());
  deadline.throwIfOver();
  client.abort(new Error("gone"));
  assert.throws(() => deadline.throwIfOver(), { message: "gone" });
  deadline.clear();
});

test("throwIfOver() throws on timeout before the timer of a busy event loop fires", () => {
  const deadline = startDeadline(2, new AbortController().signal, new Alarm());
  const end = performance.now() + 3;
  while (performance.now() < end);
  assert.equal(deadline.signal.aborted, false);
  assert.throws(() => deadline.throwIfOver(), ScrapeTimeoutError);
  assert.ok(deadline.signal.reason instanceof ScrapeTimeoutError);
  deadline.clear();
});
