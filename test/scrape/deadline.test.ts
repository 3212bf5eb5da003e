import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { OVER } from "../../src/abort.ts";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { Alarm } from "../../src/scrape/alarm.ts";
import { scrapeTimeoutMs, startDeadline } from "../../src/scrape/deadline.ts";
import { mockClock } from "../helpers/mock-clock.ts";

const OPTIONS = { timeoutMs: 30_000, timeoutOffsetMs: 500 };

const TIMEOUTS: readonly { header: string | undefined; expected: number; name: string }[] = [
  { header: undefined, expected: 30_000, name: "is the option's without a header" },
  { header: "10", expected: 9_500, name: "is the scraper's less the offset" },
  { header: "10.000000", expected: 9_500, name: "reads what Prometheus writes" },
  { header: "0.6", expected: 100, name: "reads fractions of a second" },
  { header: "0.5", expected: 500, name: "is the scraper's whole when no longer than the offset" },
  { header: "0.2", expected: 200, name: "is the scraper's whole when shorter than the offset" },
  { header: "60", expected: 30_000, name: "is never longer than the option" },
  { header: "0", expected: 30_000, name: "ignores zero" },
  { header: "-5", expected: 30_000, name: "ignores a negative number" },
  { header: "soon", expected: 30_000, name: "ignores what is not a number" },
  { header: "", expected: 30_000, name: "ignores an empty header" },
  { header: "Infinity", expected: 30_000, name: "ignores an infinite number" },
  { header: "1e400", expected: 30_000, name: "ignores a number that is too large" },
  { header: "10, 10", expected: 30_000, name: "ignores a header that was sent twice" },
];

for (const { header, expected, name } of TIMEOUTS) {
  test(`scrapeTimeoutMs() ${name}`, () => {
    assert.equal(scrapeTimeoutMs(header, OPTIONS), expected);
  });
}

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
