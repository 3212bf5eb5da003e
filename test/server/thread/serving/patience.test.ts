import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal, OVER } from "../../../../src/abort.ts";
import { ScrapeTimeoutError } from "../../../../src/errors.ts";
import {
  type Bounds,
  isStuck,
  replyInTime,
} from "../../../../src/server/thread/serving/patience.ts";
import { turns } from "../../../helpers/turns.ts";
import { type FakeApplication, withApplication } from "./fake-application.ts";

const ALL = { names: undefined, pickedSources: undefined, params: {} };
const WANT = { type: "want", source: 0, deadlineMs: 0, wantsDurations: false, ...ALL } as const;

/** Asks, and waits for the reply. */
function ask({ conversation }: FakeApplication, changes: Partial<Bounds> = {}) {
  const question = conversation.ask<unknown>(WANT);
  const signal = new LightSignal();
  const bounds = { signal, deadlineMs: Date.now() + 60_000, hasLast: () => true, ...changes };
  return { question, signal, reply: replyInTime(question, conversation, bounds) };
}

test("an event loop is stuck when its last beat is older than 400 ms", () =>
  withApplication(async ({ heartbeat }) => {
    for (const [ageMs, expected] of [
      [400, false],
      [401, true],
    ] as const) {
      heartbeat.ageMs = () => ageMs;
      assert.equal(isStuck(heartbeat), expected);
    }
  }));

test("replyInTime() returns the reply", () =>
  withApplication(async (application) => {
    const { reply } = ask(application);
    await application.answer([]);
    assert.equal((await reply) !== undefined, true);
  }));

test("replyInTime() gives up at once while the event loop is stuck, and leaves the question open", () =>
  withApplication(async (application) => {
    application.freeze();
    const { reply, question } = ask(application);
    assert.equal(await reply, undefined);
    assert.equal(application.heartbeat.firstOpen, question.n);
  }));

test("replyInTime() gives up after a third of the time that is left, if nothing is said", () =>
  withApplication(async (application) => {
    const { reply, signal } = ask(application, { deadlineMs: Date.now() + 600 });
    const late = setTimeout(() => signal.abort(new ScrapeTimeoutError(600)), 500);
    assert.equal(await reply, undefined);
    clearTimeout(late);
  }));

for (const [name, isFrozen, leftMs, waitMs] of [
  ["which is stuck", true, 60_000, 20],
  ["which turns", false, 60_000, 1_000],
  ["which turns, for a scrape with little time", false, 900, 300],
] as const) {
  test(`replyInTime() waits ${waitMs} ms at most for an application ${name}`, (t) =>
    withApplication(async (application) => {
      if (isFrozen) application.freeze();
      t.mock.method(performance, "now", () => 0);
      t.mock.method(Date, "now", () => 0);
      const wait = t.mock.method(globalThis, "setTimeout", () => undefined);
      const { reply, signal } = ask(application, { deadlineMs: leftMs });
      const waits = wait.mock.calls.map(
        ({ arguments: given }: { arguments: unknown[] }) => given[1],
      );
      assert.deepEqual(waits, [waitMs]);
      signal.abort(OVER);
      await assert.rejects(reply, OVER);
    }));
}

test("replyInTime() waits where there is nothing to serve instead", () =>
  withApplication(async (application) => {
    application.freeze();
    const { reply, signal } = ask(application, { hasLast: () => false });
    await turns(20);
    const error = new ScrapeTimeoutError(5);
    signal.abort(error);
    await assert.rejects(reply, error);
  }));

test("replyInTime() waits for collectors as long as the event loop turns, and no longer", (t) =>
  withApplication(async (application) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let isOver = false;
    const { reply, question } = ask(application);
    void reply.then(() => {
      isOver = true;
    });
    application.conversation.receive({ type: "collecting", n: question.n });
    // A second is all its patience.
    for (let second = 0; second < 3; second++) t.mock.timers.tick(1_000);
    await turns(2);
    assert.equal(isOver, false);
    application.freeze();
    t.mock.timers.tick(1_000);
    assert.equal(await reply, undefined);
  }));

test("a scrape with little time waits for collectors between two beats of the event loop", () =>
  withApplication(async (application) => {
    let isOver = false;
    const { reply, question, signal } = ask(application, { deadlineMs: Date.now() + 90 });
    const end = () => {
      isOver = true;
    };
    void reply.then(end, end);
    application.say({ type: "collecting", n: question.n });
    // A third of its time is less than the time between two beats.
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal(isOver, false);
    signal.abort(OVER);
    await assert.rejects(reply, OVER);
  }));

test("a scrape whose client is gone abandons its question at once", () =>
  withApplication(async (application) => {
    const { reply, signal, question } = ask(application);
    signal.abort(OVER);
    await assert.rejects(reply, OVER);
    await application.next("want");
    const { n, isLate } = await application.next("abandon");
    assert.deepEqual([n, isLate], [question.n, false]);
    assert.equal(application.heartbeat.firstOpen, question.n + 1);
  }));

test("a question that is late has some time to say which collectors were too slow", () =>
  withApplication(async (application) => {
    const { reply, signal } = ask(application, { lastWordMs: 60_000 });
    const { n } = await application.next("want");
    signal.abort(new ScrapeTimeoutError(5));
    assert.equal((await application.next("abandon")).isLate, true);
    application.say(application.answerOf(n, []));
    assert.notEqual(await reply, undefined);
  }));

for (const [name, lastWordMs, isStuck] of [
  ["nothing is said in that time", 1, false],
  ["the event loop is stuck", 60_000, true],
] as const) {
  test(`a question that is late rejects if ${name}`, () =>
    withApplication(async (application) => {
      const { reply, signal } = ask(application, { lastWordMs, hasLast: () => false });
      if (isStuck) application.freeze();
      const error = new ScrapeTimeoutError(5);
      signal.abort(error);
      await assert.rejects(reply, error);
    }));
}

test("a signal that has aborted before counts, too", () =>
  withApplication(async (application) => {
    const signal = new LightSignal();
    signal.abort(OVER);
    await assert.rejects(ask(application, { signal }).reply, OVER);
  }));
