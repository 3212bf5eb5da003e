import assert from "node:assert/strict";
import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";

test("one worker is a target of one", async () => {
  await using app = await Application.open({ kind: "fork", count: 1 });
  const reading = await app.scrape();
  assert.equal(reading.status, 200);
  assert.equal(reading.workers("up"), 1);
  assert.deepEqual(
    reading.samples("promhttp_workers").map(({ labels }) => labels.get("state")),
    ["up", "late", "incompatible"],
  );
});

for (const kind of ["cluster", "fork", "thread"] as const) {
  test(`processes without the line are not waited for, nor counted (${kind})`, async () => {
    const options = { timeoutMs: 600_000 };
    await using app = await Application.open({ kind, count: 2, options });
    const late = await app.startWorker();
    await late.tell("inc", "jobs_total", 7);
    const reading = await app.scrape();
    assert.equal(reading.workers("up"), 2);
    assert.equal(reading.workers("late"), 0);
    assert.equal(reading.value("jobs_total"), undefined);
    await app.join(late);
    assert.equal((await app.scrape()).value("jobs_total"), 7);
  });

  test(`the application's channels are its own (${kind})`, async () => {
    await using app = await Application.open({ kind, count: 3 });
    const [, ...children] = app.workers;
    for (const child of children) {
      await child.tell("inc", "jobs_total");
      for (const message of [null, { type: "promhttp" }, "odd"]) await child.tell("send", message);
    }
    assert.equal((await app.scrape()).value("jobs_total"), 2);
    const sent = [null, null, "odd", "odd", { type: "promhttp" }, { type: "promhttp" }];
    const seen = await app.root.tell("awaitMessages", sent.length);
    assert.deepEqual(seen.map((each) => JSON.stringify(each)).sort(), [
      ...sent.map((each) => JSON.stringify(each)).sort(),
    ]);
    for (const child of children) assert.deepEqual(await child.tell("messages"), []);
  });
}

test("a worker with two copies of the client library gives the metrics of both", async () => {
  await using app = await Application.open({ kind: "thread", count: 1 });
  const worker = await app.startWorker();
  await worker.tell("inc", "jobs_total", 2);
  await worker.tell("useAnotherCopy", "copied_jobs_total");
  await app.join(worker);
  const reading = await app.scrape();
  assert.equal(reading.value("jobs_total"), 2);
  assert.equal(reading.value("copied_jobs_total"), 5);
});

test("nobody joins through the port that scrapers use", async () => {
  await using app = await Application.open({ kind: "fork", count: 1 });
  const reading = await app.scrape({ connection: "Upgrade", upgrade: "promhttp-worker" });
  assert.equal(reading.status, 200);
  assert.equal(reading.workers("up"), 1);
});

test("two applications at one address: the second is refused", async () => {
  await using app = await Application.open({ kind: "fork", count: 1 });
  const { port } = app;
  const options = { workers: { group: "another" } };
  await using stranger = await Application.start({ kind: "fork", port, options });
  await assert.rejects(stranger.join(stranger.root), /ListenError: .* address already in use/);
  assert.equal((await app.scrape()).workers("up"), 1);
});

test("without a folder to meet in, a process serves for itself and says so", async () => {
  const runtimeFolder = "/proc/promhttp-nowhere";
  await using app = await Application.start({ kind: "fork", runtimeFolder });
  await app.join(app.root);
  await app.root.tell("inc", "jobs_total", 2);
  assert.equal((await app.root.tell("state")).role, "alone");
  assert.equal((await app.scrape()).value("jobs_total"), 2);
  await app.errorLine(/promhttp: .*promhttp-nowhere.*/);
});
