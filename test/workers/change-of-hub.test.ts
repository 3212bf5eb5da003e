import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually, type Reading } from "../helpers/workers/reading.ts";
import { TOPOLOGIES } from "../helpers/workers/topologies.ts";
import type { Worker } from "../helpers/workers/worker.ts";

/** Where the first worker can be killed without those that it has started. */
const WITHOUT_ROOT = Object.entries(TOPOLOGIES).filter(
  ([, { isRootServing }]) => isRootServing === false,
);

function rolesOf(workers: readonly Worker[]): Promise<string[]> {
  return Promise.all(workers.map(async (worker) => (await worker.tell("state")).role));
}

/** Takes the hub out of the list of workers, before it ends. */
async function takeHub({ workers }: Application): Promise<Worker> {
  const [hub] = workers.splice((await rolesOf(workers)).indexOf("hub"), 1);
  assert.ok(hub);
  return hub;
}

for (const [name, parts] of WITHOUT_ROOT) {
  test(`with ${name}, when the hub goes`, async (t) => {
    await using app = await Application.open(parts);
    const read = () => app.scrape();
    /** Waits until so many workers are there; from then on the sum must be right. */
    const assertServing = async (count: number, jobs: number) => {
      const isServing = (reading: Reading) => reading.workers("up") === count;
      const reading = await eventually(`${count} workers`, read, isServing);
      assert.equal(reading.value("jobs_total"), jobs);
    };
    for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
    assert.equal((await app.scrape()).value("jobs_total"), 40);

    await t.test("by SIGKILL, the next answers, and the sum does not fall", async () => {
      await app.workers.shift()?.kill();
      await assertServing(3, 40);
      assert.deepEqual((await rolesOf(app.workers)).sort(), ["hub", "member", "member"]);
    });

    await t.test("workers keep their numbers", async () => {
      const ups = (await read()).samples("promhttp_worker_up");
      assert.deepEqual(ups.map(({ labels }) => labels.get("worker")).sort(), ["1", "2", "3"]);
    });

    await t.test("what was counted meanwhile is in the sum", async () => {
      for (const worker of app.workers) await worker.tell("inc", "jobs_total", 100);
      assert.equal((await read()).value("jobs_total"), 340);
    });

    await t.test("a new worker joins the new hub", async () => {
      const worker = await app.addWorker();
      await worker.tell("inc", "jobs_total", 10);
      await assertServing(4, 350);
    });

    await t.test("by an orderly exit, nothing is lost", async () => {
      const hub = await takeHub(app);
      await hub.tell("inc", "jobs_total", 1_000);
      await hub.end("exit");
      await assertServing(3, 1_350);
    });

    await t.test("by close(), nothing is lost", async () => {
      const hub = await takeHub(app);
      await hub.tell("inc", "jobs_total", 1_000);
      await hub.tell("close");
      await assertServing(2, 2_350);
    });

    await t.test("two at once, the sum does not fall either", async () => {
      await app.addWorker();
      await app.addWorker();
      for (const worker of app.workers) await worker.tell("inc", "jobs_total", 1);
      await assertServing(4, 2_354);
      await app.scrape();
      const [first, second] = app.workers.splice(0, 2);
      await Promise.all([first?.kill(), second?.kill()]);
      await assertServing(2, 2_354);
    });
  });
}

test("a worker that joined after the last scrape goes on with the sum, when all others are killed", async () => {
  await using app = await Application.open({ kind: "fork", isRootServing: false, count: 2 });
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await app.scrape()).value("jobs_total"), 20);
  const late = await app.addWorker();
  await late.tell("inc", "jobs_total", 1);
  const others = app.workers.filter((worker) => worker !== late);
  await Promise.all(others.map((worker) => worker.kill()));
  const read = () => app.scrape();
  const reading = await eventually("one worker", read, (each) => each.workers("up") === 1);
  assert.equal(reading.value("jobs_total"), 21);
});

test("a scrape of names after a change of the hub loses nothing of the others", async () => {
  await using app = await Application.open({ kind: "fork", isRootServing: false, count: 4 });
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await app.scrape()).value("jobs_total"), 40);
  await app.workers.shift()?.kill();
  const read = () => app.scrape({}, "?name[]=promhttp_workers&name[]=calls_total");
  await eventually("three workers", read, (reading) => reading.workers("up") === 3);
  for (const worker of app.workers) await worker.tell("inc", "calls_total", 1);
  assert.equal((await read()).value("calls_total"), 3);
  // The hub and one member, before any of them was asked for all.
  const roles = await rolesOf(app.workers);
  const survivor = app.workers[roles.indexOf("member")];
  const others = app.workers.filter((worker) => worker !== survivor);
  await Promise.all(others.map((worker) => worker.kill()));
  const reading = await eventually(
    "one worker",
    () => app.scrape(),
    (each) => each.workers("up") === 1,
  );
  assert.equal(reading.value("calls_total"), 3);
  assert.equal(reading.value("jobs_total"), 40);
});

test("the children of a parent that is killed go on, also one that collects", async () => {
  await using app = await Application.open({ kind: "fork", count: 3 });
  const [root, first, second] = app.workers;
  assert.ok(root && first && second);
  for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
  assert.equal((await app.scrape()).value("jobs_total"), 30);
  await Promise.all([first.tell("outlive"), second.tell("outlive")]);
  const hold = await app.hold();
  await first.tell("collectAfter", "slow", hold);
  const cut = assert.rejects(app.scrape());
  await first.tell("awaitCollectors", 1);
  await root.kill();
  await cut;
  await app.release(hold);
  const read = () => app.scrape();
  const reading = await eventually("two workers", read, (each) => each.workers("up") === 2);
  assert.equal(reading.value("jobs_total"), 30);
});

test("an application that starts anew counts from 0", () =>
  withTempDir(async (folder) => {
    const parts = { kind: "fork", count: 2, runtimeFolder: join(folder, "run") } as const;
    const app = await Application.open({ ...parts, isRootServing: false });
    for (const worker of app.workers) await worker.tell("inc", "jobs_total", 10);
    assert.equal((await app.scrape()).value("jobs_total"), 20);
    // Nobody can tidy up: what they leave behind is for the next to find.
    await Promise.all(app.workers.map((worker) => worker.kill()));
    await app.close();
    await using next = await Application.open({ ...parts, isRootServing: false, port: app.port });
    for (const worker of next.workers) await worker.tell("inc", "jobs_total", 1);
    assert.equal((await next.scrape()).value("jobs_total"), 2);
  }));

test("of workers that start at once, one is the hub", async () => {
  await using app = await Application.start({ kind: "fork", isRootServing: false });
  const workers = await Promise.all(Array.from({ length: 4 }, () => app.startWorker()));
  await Promise.all(workers.map((worker) => app.join(worker)));
  assert.deepEqual((await rolesOf(workers)).sort(), ["hub", "member", "member", "member"]);
  for (const worker of workers) await worker.tell("inc", "jobs_total");
  const reading = await app.scrape();
  assert.equal(reading.value("jobs_total"), 4);
  assert.equal(reading.workers("up"), 4);
});

test("a hub whose socket somebody has removed makes a new one", async () => {
  const options = { kind: "fork", count: 2 } as const;
  await using app = await Application.open(options);
  const folder = join(app.folder, "run");
  for (const name of await readdir(folder))
    if (name.endsWith(".sock")) await rm(join(folder, name));
  await app.scrape();
  await app.addWorker();
  for (const worker of app.workers) await worker.tell("inc", "jobs_total");
  const read = () => app.scrape();
  const reading = await eventually("three workers", read, (each) => each.workers("up") === 3);
  assert.equal(reading.value("jobs_total"), 3);
});
