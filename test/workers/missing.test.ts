import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import { eventually, type Reading } from "../helpers/workers/reading.ts";
import type { Worker } from "../helpers/workers/worker.ts";

// One of three workers is late, stuck, or fails: that costs what it alone knows, and no time twice.

/** A scraper that waits for so long: the hub stops waiting for workers after 60 % of it. */
const timeout = (seconds: number) => ({ "X-Prometheus-Scrape-Timeout-Seconds": `${seconds}` });

let app: Application;
let workers: readonly [Worker, Worker, Worker];

before(async () => {
  // A scrape without a header that waits for a stuck worker hangs longer than a test may.
  app = await Application.open({ kind: "fork", count: 3, options: { timeoutMs: 600_000 } });
  const [first, second, third] = app.workers;
  assert.ok(first && second && third);
  workers = [first, second, third];
  for (const worker of workers) {
    await worker.tell("inc", "jobs_total", 10);
    await worker.tell("set", "queue_length", 1);
  }
  await app.scrape();
});

after(() => app.close());

const read = () => app.scrape();

/** What a scrape shows while the second worker has nothing new to tell. */
function assertMissing(reading: Reading): void {
  assert.equal(reading.status, 200);
  assert.equal(reading.value("jobs_total"), 30);
  assert.equal(reading.value("queue_length"), 2);
  assert.deepEqual(reading.lines("promhttp_worker_up"), [
    '{worker="0"} 1',
    '{worker="1"} 0',
    '{worker="2"} 1',
  ]);
  assert.equal(reading.workers("up"), 2);
  assert.equal(reading.workers("late"), 1);
}

/** Scrapes until only the second worker is late: a machine that stops makes others late, too. */
function readLate(): Promise<Reading> {
  return eventually("one late worker", () => app.scrape(timeout(3)), isSecondLate);
}

/** Whether the second worker alone is late; what all have counted never falls. */
function isSecondLate(reading: Reading): boolean {
  assert.equal(reading.value("jobs_total"), 30);
  return (
    reading.lines("promhttp_worker_up").join() === '{worker="0"} 1,{worker="1"} 0,{worker="2"} 1'
  );
}

/** What a scrape shows when all is well. */
async function assertBack(): Promise<void> {
  const isBack = (reading: Reading) => reading.workers("up") === 3;
  const reading = await eventually("three workers", read, isBack);
  assert.equal(reading.value("jobs_total"), 30);
  assert.equal(reading.value("queue_length"), 3);
}

/** Checks something while the event loop of the second worker is blocked, and that it is back afterwards. */
async function whileBlocked(check: () => Promise<void>): Promise<void> {
  const release = await app.block(workers[1]);
  try {
    await check();
  } finally {
    await release();
  }
  await assertBack();
}

test("a worker whose event loop is blocked costs its gauges", () =>
  whileBlocked(async () => {
    const reading = await readLate();
    assertMissing(reading);
    const waited = reading.value("promhttp_worker_answer_seconds", { worker: "1" }) ?? 0;
    assert.ok(waited > 0.5, `${waited}`);
    // It is waited for once more; from then on a scrape does not depend on it.
    assertMissing(await readLate());
    for (let count = 0; count < 3; count++) assertMissing(await read());
  }));

test("a scraper's timeout holds while a worker is blocked", () =>
  whileBlocked(async () => assertMissing(await readLate())));

test("a worker whose collector never settles costs its gauges", async () => {
  await workers[1].tell("collect", "stuck", "hang");
  try {
    assertMissing(await readLate());
  } finally {
    await workers[1].tell("collect", "stuck", "value");
  }
  await assertBack();
});

test("a worker whose collector throws costs its gauges, and says which it is", async () => {
  await workers[1].tell("collect", "broken", "throw");
  try {
    const reading = await read();
    assert.equal(reading.status, 200);
    assert.equal(reading.value("jobs_total"), 30);
    assert.equal(reading.value("queue_length"), 2);
    assert.equal(reading.value("promhttp_worker_up", { worker: "1" }), 0);
    const success = { collector: "broken", worker: "1" };
    assert.equal(reading.value("promhttp_scrape_collector_success", success), 0);
    await app.errorLine(/.*"broken".*/);
  } finally {
    await workers[1].tell("collect", "broken", "value");
  }
  await assertBack();
});

test("a scrape does not wait for a worker that is killed meanwhile", async () => {
  const worker = await app.addWorker();
  await worker.tell("inc", "jobs_total", 5);
  assert.equal((await read()).value("jobs_total"), 35);
  await worker.tell("collectAfter", "slow", await app.hold());
  const scrape = read();
  await worker.tell("awaitCollectors", 1);
  await worker.kill();
  const reading = await scrape;
  assert.equal(reading.value("jobs_total"), 35);
  assert.equal(reading.value("queue_length"), 3);
  assert.equal((await read()).value("jobs_total"), 35);
});

test("with errorHandling continue a failing worker gives what its other collectors have", async () => {
  const options = { errorHandling: "continue" };
  await using other = await Application.open({ kind: "thread", count: 2, options });
  const [, worker] = other.workers;
  for (const each of other.workers) await each.tell("set", "queue_length", 1);
  await worker?.tell("collect", "broken", "throw");
  const reading = await other.scrape();
  assert.equal(reading.value("queue_length"), 2);
  const success = { collector: "broken", worker: "1" };
  assert.equal(reading.value("promhttp_scrape_collector_success", success), 0);
});

test("with missing: fail a worker that fails turns the scrape into a 503", async () => {
  const options = { workers: { missing: "fail" } };
  await using other = await Application.open({ kind: "thread", count: 2, options });
  const [, worker] = other.workers;
  assert.equal((await other.scrape()).status, 200);
  await worker?.tell("collect", "broken", "throw");
  assert.equal((await other.scrape()).status, 503);
  await worker?.tell("collect", "broken", "value");
  assert.equal((await other.scrape()).status, 200);
});
