import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../helpers/http/free-port.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";

// The application's own port, which the workers of a cluster share: any of them may get a scrape.

/** Starts a cluster whose workers serve their metrics beside the application. */
async function openCluster(count: number): Promise<Application> {
  const app = await Application.start({ kind: "cluster", isRootServing: false });
  for (let index = 0; index < count; index++) await serveBy(app);
  await untilServing(app, count);
  return app;
}

/** A handler joins while its application already listens. */
function untilServing(app: Application, count: number): Promise<Reading> {
  const isServing = (reading: Reading) => reading.workers("up") === count;
  return eventually(`${count} workers`, () => app.scrape(), isServing);
}

async function serveBy(app: Application): Promise<void> {
  const worker = await app.startWorker();
  await worker.tell("serve", app.port, { workers: true });
  app.workers.push(worker);
}

test("whichever worker gets a scrape, it is answered for all", async () => {
  await using app = await openCluster(3);
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  for (let count = 0; count < 9; count++) {
    const reading = await app.scrape();
    assert.equal(reading.value("jobs_total"), 30);
    assert.equal(reading.workers("up"), 3);
  }
});

test("every format and encoding of a forwarded scrape is the hub's", async () => {
  await using app = await openCluster(3);
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  const headers = { accept: "application/openmetrics-text;version=1.0.0" };
  for (let count = 0; count < 3; count++) {
    const reading = await app.scrape(headers);
    assert.equal(reading.value("jobs_total"), 30);
    assert.match(reading.text, /# EOF\n$/);
  }
});

test("when the hub is killed, every scrape is answered, and the sum does not fall", async () => {
  await using app = await openCluster(3);
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await app.scrape()).value("jobs_total"), 30);
  const [hub] = app.workers.splice(0, 1);
  await hub?.kill();
  // Until then the primary passes connections to the one that has ended, and they hang.
  await app.root.tell("awaitChildren", 2);
  // A scrape waits for the next hub, but no longer than a second: a busy machine may need more.
  await untilServing(app, 2);
  for (let count = 0; count < 6; count++) {
    const reading = await app.scrape();
    assert.deepEqual([reading.status, reading.value("jobs_total")], [200, 30]);
  }
  await serveBy(app);
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await untilServing(app, 3)).value("jobs_total"), 60);
});

test("what a process serves at a port of its own, too, is counted once", async () => {
  await using app = await Application.open({ kind: "cluster", isRootServing: false, count: 2 });
  const port = await freePort();
  for (const worker of app.workers) {
    await worker.tell("inc", "jobs_total", 10);
    await worker.tell("serve", port, { workers: true });
  }
  const read = () => scrape(`http://127.0.0.1:${port}/`);
  const reading = await eventually("both", read, (each) => each.value("jobs_total") !== 10);
  assert.equal(reading.value("jobs_total"), 20);
  assert.equal((await app.scrape()).value("jobs_total"), 20);
});
