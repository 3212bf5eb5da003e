/** What the SDK of OpenTelemetry counts in several workers is one target. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../helpers/http/http-get.ts";
import type { Kind } from "../helpers/workers/actions.ts";
import { Application } from "../helpers/workers/application.ts";
import { eventually } from "../helpers/workers/reading.ts";
import type { Worker } from "../helpers/workers/worker.ts";
import { parseProtobuf } from "../judge/index.ts";

const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** Starts three workers that count with an SDK each. */
async function open(kind: Kind): Promise<Application> {
  const app = await Application.start({ kind, options: { unref: true } });
  try {
    for (let count = 0; count < 3; count++) await add(app);
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** Adds a worker; the first is the hub. */
async function add(app: Application): Promise<Worker> {
  const worker = app.workers.length === 0 ? app.root : await app.startWorker();
  await worker.tell("useOpenTelemetry");
  return app.join(worker);
}

/** Waits until a counter has a value with so many workers, and never has a larger one. */
async function settled(app: Application, jobs: number, workers: number): Promise<void> {
  await eventually(
    `${jobs} jobs`,
    () => app.scrape(),
    (reading) => {
      const sum = reading.value("jobs_total") ?? 0;
      assert.ok(sum <= jobs, `${sum} is more than was counted`);
      return sum === jobs && reading.workers("up") === workers;
    },
  );
}

for (const kind of ["cluster", "thread"] as const) {
  test(`with OpenTelemetry in workers of the kind ${kind}`, async (t) => {
    await using app = await open(kind);
    const { workers } = app;

    await t.test("sums and histograms are added, gauges are told apart", async () => {
      for (const [index, worker] of workers.entries()) {
        await worker.tell("record", "counter", "jobs", 10 ** index);
        await worker.tell("record", "upDownCounter", "queue.length", index - 2);
        await worker.tell("record", "gauge", "load", index);
        await worker.tell("record", "histogram", "job.size", index + 0.5);
      }
      const reading = await app.scrape();
      assert.equal(reading.value("jobs_total"), 111);
      assert.equal(reading.value("queue_length"), -3);
      assert.deepEqual(reading.lines("load"), [
        '{worker="0"} 0',
        '{worker="1"} 1',
        '{worker="2"} 2',
      ]);
      assert.deepEqual(reading.lines("job_size_bucket"), [
        '{le="+Inf"} 3',
        '{le="1"} 1',
        '{le="2"} 2',
        '{le="5"} 3',
      ]);
      assert.equal(reading.value("job_size_sum"), 4.5);
    });

    await t.test("an exponential histogram is that of each worker", async () => {
      for (const worker of workers) await worker.tell("record", "histogram", "exponential", 3);
      const reading = await app.scrape();
      assert.deepEqual(reading.lines("exponential_count"), [
        '{worker="0"} 1',
        '{worker="1"} 1',
        '{worker="2"} 1',
      ]);
      assert.equal(reading.value("exponential_bucket", { worker: "2", le: "4" }), 1);
      const { body } = await httpGet(app.url, { accept: PROTOBUF });
      const family = parseProtobuf(body).find(({ name }) => name === "exponential");
      assert.deepEqual(
        family?.metrics.map(({ labels, histogram }) => [
          labels.get("worker"),
          histogram?.positiveDeltas,
        ]),
        ["0", "1", "2"].map((worker) => [worker, [1]]),
      );
    });

    await t.test("close() loses nothing", async () => {
      const worker = workers.pop();
      await worker?.tell("record", "counter", "jobs", 1_000);
      await worker?.tell("close");
      await settled(app, 1_111, 2);
    });

    await t.test("shutdown() of the provider before close() loses nothing", async () => {
      const worker = workers.pop();
      await worker?.tell("record", "counter", "jobs", 10_000);
      await worker?.tell("shutdownProvider");
      await worker?.tell("close");
      await settled(app, 11_111, 1);
    });

    await t.test("a worker that is never scraped loses nothing either", async () => {
      const worker = await add(app);
      workers.pop();
      await worker.tell("record", "counter", "jobs", 100_000);
      await worker.tell("close");
      await settled(app, 111_111, 1);
    });

    await t.test("a worker that has nothing left to do loses nothing", async () => {
      const worker = await add(app);
      workers.pop();
      await worker.tell("record", "counter", "jobs", 100_000);
      await worker.end("idle");
      await settled(app, 211_111, 1);
    });

    await t.test("process.exit() loses only what was counted since the last scrape", async () => {
      const worker = await add(app);
      workers.pop();
      await worker.tell("record", "counter", "jobs", 1_000_000);
      await settled(app, 1_211_111, 2);
      await worker.tell("record", "counter", "jobs", 1);
      await worker.end("exit");
      await settled(app, 1_211_111, 1);
    });

    await t.test("a hub that closes loses nothing", async () => {
      const worker = await add(app);
      await app.root.tell("record", "counter", "jobs", 10_000_000);
      await app.root.tell("close");
      await settled(app, 11_211_111, 1);
      assert.equal((await worker.tell("state")).role, "hub");
    });
  });
}
