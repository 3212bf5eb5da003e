import assert from "node:assert/strict";
import { test } from "node:test";
import type { Round } from "../../../src/group/hub/worker.ts";
import { createHub } from "./hubs.ts";

const GIVEN = { isGiven: true, isLate: false, isFailing: false, errors: [] };

function roundOf(limitMs: number): Round {
  return { question: { deadlineMs: 0, names: undefined }, limitMs, isOver: false };
}

test("a worker is asked one question at a time", async () => {
  const { worker, asked } = createHub().join("1-1-0");
  const first = worker.ask(roundOf(100));
  const second = worker.ask(roundOf(100));
  assert.deepEqual(asked, [1]);
  worker.answered(GIVEN);
  assert.equal(await first, "up");
  await Promise.resolve();
  assert.deepEqual(asked, [1, 2]);
  worker.answered({ ...GIVEN, isGiven: false });
  assert.equal(await second, "failed");
});

test("a question that nobody waits for any more is not asked", async () => {
  const { worker, asked } = createHub().join("1-1-0");
  void worker.ask(roundOf(100));
  const round = roundOf(100);
  const second = worker.ask(round);
  round.isOver = true;
  worker.answered(GIVEN);
  assert.equal(await second, undefined);
  assert.deepEqual(asked, [1]);
});

test("a worker that was late twice in a row is waited for briefly, until it answers", () => {
  const hub = createHub();
  const { worker } = hub.join("1-1-0");
  const round = roundOf(1_000);
  void worker.ask(round);
  worker.conclude(undefined);
  assert.equal(worker.patienceMs(round), 1_000);
  worker.conclude(undefined);
  assert.equal(worker.patienceMs(round), 100);
  assert.equal(worker.patienceMs(roundOf(50)), 50);
  assert.equal(worker.state, "late");
  hub.now += 2_500;
  assert.equal(worker.answerSeconds, 2.5);
  // It took longer than any scrape would have waited.
  worker.answered(GIVEN);
  assert.equal(worker.patienceMs(round), 100);
  void worker.ask(round);
  hub.now += 500;
  worker.answered(GIVEN);
  assert.equal(worker.patienceMs(round), 1_000);
});

test("a worker that says that it is late counts as one that says nothing", async () => {
  const { worker } = createHub().join("1-1-0");
  const round = roundOf(1_000);
  for (let count = 0; count < 2; count++) {
    const asked = worker.ask(round);
    worker.answered({ ...GIVEN, isGiven: false, isLate: true });
    worker.conclude(await asked);
    assert.equal(worker.state, "late");
  }
  assert.equal(worker.patienceMs(round), 100);
});

test("a worker that leaves ends all waiting for it", async () => {
  const { worker, asked } = createHub().join("1-1-0");
  const first = worker.ask(roundOf(100));
  const second = worker.ask(roundOf(100));
  worker.leave();
  assert.deepEqual(await Promise.all([first, second]), [undefined, undefined]);
  assert.equal(worker.isGone, true);
  assert.deepEqual(asked, [1]);
});

test("an answer that was not asked for is against the rules", () => {
  const { worker } = createHub().join("1-1-0");
  assert.throws(() => worker.expect(1), { name: "ProtocolError" });
  void worker.ask(roundOf(100));
  worker.expect(1);
  assert.throws(() => worker.expect(2), { name: "ProtocolError" });
});
