import assert from "node:assert/strict";
import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import { eventually } from "../helpers/workers/reading.ts";
import { cutDown, TOPOLOGIES } from "../helpers/workers/topologies.ts";
import type { Worker } from "../helpers/workers/worker.ts";

/** The last of some workers, which is never the hub. */
function lastOf({ workers }: Application): Worker {
  const worker = workers.at(-1);
  assert.ok(worker);
  return worker;
}

/** Counts once in each worker. */
async function countInAll({ workers }: Application): Promise<void> {
  await Promise.all(workers.map((worker) => worker.tell("inc", "jobs_total")));
}

for (const [name, parts] of Object.entries(TOPOLOGIES)) {
  test(`with ${name}`, async (t) => {
    await using app = await Application.open(parts);
    const read = () => app.scrape();
    /** Waits until so many workers are there, and what the others have left behind has arrived. */
    const settled = (count: number, jobs: number) =>
      eventually(`${count} workers and ${jobs} jobs`, read, (reading) => {
        const sum = reading.value("jobs_total") ?? 0;
        assert.ok(sum <= jobs, `${sum} is more than was counted`);
        return reading.workers("up") === count && sum === jobs;
      });

    await t.test("the first worker answers for all, the others say where", async () => {
      const states = await Promise.all(app.workers.map((worker) => worker.tell("state")));
      assert.deepEqual(
        states.map(({ role }) => role),
        ["hub", "member", "member", "member"],
      );
      assert.deepEqual(new Set(states.map(({ url }) => url)), new Set([app.url]));
    });

    await t.test("a counter is the sum over all workers", async () => {
      for (const [index, worker] of app.workers.entries())
        await worker.tell("inc", "jobs_total", 10 ** index);
      const reading = await read();
      assert.equal(reading.value("jobs_total"), 1_111);
      assert.equal(reading.workers("up"), 4);
    });

    await t.test("a histogram is the sum over all workers", async () => {
      for (const [index, worker] of app.workers.entries())
        await worker.tell("observe", "job_seconds", index + 0.5, [1, 2, 3]);
      const reading = await read();
      assert.deepEqual(reading.lines("job_seconds_bucket"), [
        '{le="+Inf"} 4',
        '{le="1"} 1',
        '{le="2"} 2',
        '{le="3"} 3',
      ]);
      assert.equal(reading.value("job_seconds_sum"), 8);
      assert.equal(reading.value("job_seconds_count"), 4);
    });

    await t.test("what a worker has counted stays when it is cut down", async () => {
      const worker = lastOf(app);
      await worker.tell("set", "queue_length", 5);
      assert.equal((await read()).value("queue_length"), 5);
      await cutDown(app, worker);
      const reading = await settled(3, 1_111);
      assert.equal(reading.value("job_seconds_count"), 4);
      assert.equal(reading.value("queue_length"), undefined);
      assert.equal(reading.workers("late"), 0);
      assert.equal(reading.value("promhttp_worker_up", { worker: "3" }), undefined);
    });

    await t.test("an orderly exit loses nothing, and takes no gauges along", async () => {
      const worker = lastOf(app);
      await read();
      await worker.tell("inc", "jobs_total", 10_000);
      await worker.tell("set", "queue_length", 5);
      await worker.end("exit");
      app.workers.pop();
      const reading = await settled(2, 11_111);
      assert.equal(reading.value("queue_length"), undefined);
    });

    await t.test("close() loses nothing", async () => {
      const worker = lastOf(app);
      await worker.tell("inc", "jobs_total", 100_000);
      await worker.tell("close");
      app.workers.pop();
      await settled(1, 111_111);
    });

    await t.test(
      "a worker that was never asked loses nothing either when it dies of an error",
      async () => {
        const worker = await app.addWorker();
        await worker.tell("inc", "jobs_total", 888_889);
        // An uncaught error of a thread ends its process, unless somebody handles it there.
        if (worker.thread === 0) await worker.end("throw");
        else await worker.end("exit");
        app.workers.pop();
        await settled(1, 1_000_000);
      },
    );

    await t.test("new workers take the lowest free numbers, and add to the sum", async () => {
      await app.addWorker();
      await app.addWorker();
      await countInAll(app);
      const reading = await settled(3, 1_000_003);
      assert.deepEqual(reading.lines("promhttp_worker_up"), [
        '{worker="0"} 1',
        '{worker="1"} 1',
        '{worker="2"} 1',
      ]);
    });
  });
}
