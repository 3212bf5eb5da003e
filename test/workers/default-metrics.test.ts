import assert from "node:assert/strict";
import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";

const PROCESS_WIDE = ["process_resident_memory_bytes", "process_cpu_seconds_total"];
const PER_ISOLATE = ["nodejs_heap_size_total_bytes", "nodejs_eventloop_lag_seconds"];

/** Has every worker collect the default metrics of its library. */
async function openWithDefaults(kind: "fork" | "thread", options = {}): Promise<Application> {
  const app = await Application.open({ kind, count: 3, options });
  for (const worker of app.workers) await worker.tell("collectDefaults");
  return app;
}

test("default metrics of processes are those of each worker", async () => {
  await using app = await openWithDefaults("fork");
  const reading = await app.scrape();
  for (const name of [...PROCESS_WIDE, ...PER_ISOLATE]) {
    const workers = reading.samples(name).map(({ labels }) => labels.get("worker"));
    assert.deepEqual(workers.sort(), ["0", "1", "2"], name);
  }
});

test("what is of a process is there once for its threads, what is of a thread for each", async () => {
  await using app = await openWithDefaults("thread");
  const reading = await app.scrape();
  for (const name of PROCESS_WIDE) {
    const workers = reading.samples(name).map(({ labels }) => labels.get("worker"));
    assert.deepEqual(workers, ["0"], name);
  }
  for (const name of PER_ISOLATE) {
    const workers = reading.samples(name).map(({ labels }) => labels.get("worker"));
    assert.deepEqual(workers.sort(), ["0", "1", "2"], name);
  }
});

test('with defaultMetrics: "aggregate" they are one', async () => {
  await using app = await openWithDefaults("fork", { workers: { defaultMetrics: "aggregate" } });
  const reading = await app.scrape();
  for (const name of [...PROCESS_WIDE, ...PER_ISOLATE]) {
    const samples = reading.samples(name);
    assert.deepEqual(
      samples.map(({ labels }) => [...labels]),
      [[]],
      name,
    );
  }
});
