// Applications of several processes whose servers are in threads: the application is a worker, and its thread answers.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { httpGet } from "../helpers/http/http-get.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";
import type { Worker } from "../helpers/workers/worker.ts";

const DB = "/metrics/db";
const THREAD = { kind: "fork", options: { thread: true } } as const;

/** Waits for so many workers; the sum must be right then. */
async function assertServing(app: Application, up: number, jobs: number): Promise<void> {
  const read = () => app.scrape();
  const reading = await eventually(`${up} workers`, read, (each) => each.workers("up") === up);
  assert.equal(reading.value("jobs_total"), jobs);
}

test("a hub in a thread answers for all while its own application is stuck", async () => {
  const options = { thread: { stuckAfterMs: 200 }, pathNames: [DB] };
  await using app = await Application.open({ kind: "fork", count: 2, options });
  const [root, other] = app.workers as [Worker, Worker];
  for (const worker of [root, other]) {
    await worker.tell("inc", "jobs_total", 10);
    await worker.tell("incAt", DB, "queries_total", 1);
    await worker.tell("set", "queue", 1);
  }
  assert.deepEqual(await root.tell("state"), { role: "hub", url: app.url });
  const readDb = () => scrape(`http://${app.address}${DB}`);
  const before = await app.scrape();
  assert.equal(before.value("jobs_total"), 20);
  assert.equal(before.value("queue"), 2);
  assert.equal(before.workers("up"), 2);
  assert.equal((await readDb()).value("queries_total"), 2);
  const healthy = () => httpGet(`http://${app.address}/-/healthy`);
  assert.equal((await healthy()).status, 200);

  const release = await app.block(root);
  await other.tell("inc", "jobs_total", 5);
  const hurry = { "X-Prometheus-Scrape-Timeout-Seconds": "1" };
  for (let round = 0; round < 3; round++) {
    const stuck = await app.scrape(hurry);
    assert.equal(stuck.value("jobs_total"), 25);
    assert.equal(stuck.value("queue"), 1);
    assert.equal(stuck.value("promhttp_worker_up", { worker: "0" }), 0);
    assert.equal(stuck.value("promhttp_worker_up", { worker: "1" }), 1);
    assert.equal(stuck.workers("late"), 1);
  }
  assert.equal((await readDb()).value("queries_total"), 2);
  assert.equal((await app.scrape(hurry, "?worker=1")).value("jobs_total"), 15);
  assert.equal((await app.scrape(hurry, "?worker=0")).status, 503);
  assert.equal((await httpGet(`http://${app.address}/-/targets`)).status, 200);
  assert.equal((await healthy()).status, 503);
  await release();
  await assertServing(app, 2, 25);
  assert.equal((await healthy()).status, 200);
});

test("the thread of the only process answers while that is stuck, once it has numbers", async () => {
  await using app = await Application.open({ ...THREAD, count: 1 });
  const [root] = app.workers as [Worker];
  const hurry = { "X-Prometheus-Scrape-Timeout-Seconds": "1" };
  const releaseEarly = await app.block(root);
  assert.equal((await app.scrape(hurry)).status, 503);
  await releaseEarly();

  await root.tell("inc", "jobs_total", 10);
  await root.tell("set", "queue", 1);
  await assertServing(app, 1, 10);
  const release = await app.block(root);
  const stuck = await app.scrape(hurry);
  assert.equal(stuck.value("jobs_total"), 10);
  assert.equal(stuck.value("queue"), undefined);
  assert.equal(stuck.value("promhttp_worker_up"), 0);
  await release();
  await assertServing(app, 1, 10);
});

test("when the thread of the hub dies, its application goes on, and nothing is counted twice", async () => {
  const options = { ...THREAD.options, pathNames: [DB] };
  await using app = await Application.open({ ...THREAD, options, count: 2 });
  const [root, other] = app.workers as [Worker, Worker];
  await root.tell("inc", "jobs_total", 1);
  await other.tell("inc", "jobs_total", 10);
  await root.tell("incAt", DB, "queries_total", 1);
  await assertServing(app, 2, 11);
  await root.tell("terminateServer");
  await root.tell("inc", "jobs_total", 100);
  await assertServing(app, 2, 111);
  assert.equal((await other.tell("state")).role, "hub");
  assert.deepEqual(await root.tell("state"), { role: "member", url: app.url });
  const readDb = () => scrape(`http://${app.address}${DB}`);
  const db = await eventually("both workers", readDb, (reading) => reading.workers("up") === 2);
  assert.equal(db.value("queries_total"), 1);

  // Whoever has left takes its numbers along, and the thread of the other takes over again.
  await other.tell("inc", "jobs_total", 1_000);
  await other.end("exit");
  await assertServing(app, 1, 1_111);
  await app.errorLine(/The thread of the server has died/);
});

test("the only thread of an application dies, and the next one goes on with the sum", async () => {
  await using app = await Application.open({ ...THREAD, count: 2 });
  const [root, other] = app.workers as [Worker, Worker];
  await other.tell("inc", "jobs_total", 10);
  await root.tell("inc", "jobs_total", 1);
  await assertServing(app, 2, 11);
  await other.tell("inc", "jobs_total", 10);
  await other.end("exit");
  await assertServing(app, 1, 21);
  await root.tell("terminateServer");
  await root.tell("inc", "jobs_total", 1);
  await assertServing(app, 1, 22);
  assert.deepEqual(await root.tell("state"), { role: "hub", url: app.url });
});

test("servers in threads and servers without are one group, whichever is the hub", async () => {
  await using app = await Application.start({ kind: "fork" });
  const plain = await app.startWorker();
  await plain.tell("listen", app.address, { workers: true });
  await app.root.tell("listen", app.address, { workers: true, thread: true });
  assert.deepEqual(await app.root.tell("state"), { role: "member", url: app.url });
  await plain.tell("inc", "jobs_total", 10);
  await app.root.tell("inc", "jobs_total", 1);
  await assertServing(app, 2, 11);
  await plain.tell("inc", "jobs_total", 100);
  await plain.end("exit");
  await assertServing(app, 1, 111);
  assert.equal((await app.root.tell("state")).role, "hub");
});

test("the last process leaves no files when it ends after it has closed", async () => {
  const app = await Application.open({ ...THREAD, count: 2 });
  try {
    const [root, member] = app.workers as [Worker, Worker];
    await root.tell("inc", "jobs_total", 1);
    await assertServing(app, 2, 1);
    await member.tell("close");
    await root.tell("close");
    assert.notDeepEqual(readdirSync(`${app.folder}/run`), []);
    await member.end("exit");
    await root.end("exit");
    assert.deepEqual(readdirSync(`${app.folder}/run`), []);
  } finally {
    await app.close();
  }
});

test("a process that closes its server in a thread, and opens another, counts once", async () => {
  await using app = await Application.open({ ...THREAD, count: 2 });
  const [root, other] = app.workers as [Worker, Worker];
  await other.tell("inc", "jobs_total", 10);
  for (let round = 1; round < 4; round++) {
    await root.tell("inc", "jobs_total", 1);
    await assertServing(app, 2, 10 + round);
    await root.tell("close");
    await assertServing(app, 1, 10 + round);
    await root.tell("listen", app.address, { workers: true, thread: true });
  }
  await assertServing(app, 2, 13);
});

test("where workers cannot meet, the thread serves its own application", () =>
  withTempDir(async (folder) => {
    const runtimeFolder = join(folder, "file");
    await writeFile(runtimeFolder, "");
    await using app = await Application.start({ kind: "fork", runtimeFolder });
    await app.root.tell("inc", "jobs_total", 1);
    await app.root.tell("listen", app.address, { workers: true, thread: true });
    assert.deepEqual(await app.root.tell("state"), { role: "alone", url: app.url });
    await app.errorLine(/Cannot meet the other workers; this one is a target of its own: /);
    const reading = await app.scrape();
    assert.equal(reading.value("jobs_total"), 1);
    assert.equal(reading.value("promhttp_event_loop_stuck_seconds"), 0);
    await app.root.tell("setFailing", "no database");
    assert.equal((await app.scrape()).status, 500);
  }));
