import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Reading } from "../../../helpers/workers/reading.ts";
import { END, end, JOBS, withGroup } from "./with-group.ts";

// The preload makes one target of the threads of an application.

const LIBRARIES = ["prom-client"];

const THREADS = `
import { Worker } from "node:worker_threads";
import { jobs } from "./jobs.mjs";
jobs.inc();
const threads = [10, 100].map((workerData) => new Worker("./thread.mjs", { workerData }));
new Worker("require('prom-client').register.getSingleMetric('app_jobs_total')", { eval: true });
process.stdin.once("data", async () => {
  await threads[1].terminate();
  console.log("terminated");
  process.stdin.once("data", () => process.exit());
});
`;

const THREAD = `
import { workerData } from "node:worker_threads";
import { jobs } from "./jobs.mjs";
jobs.inc(workerData);
setInterval(() => {}, 1_000);`;

for (const option of ["--import", "--require"]) {
  test(`worker threads are one target with their process, by ${option}`, async () => {
    const files = { "app.mjs": THREADS, "thread.mjs": THREAD, "jobs.mjs": JOBS };
    await withGroup(files, LIBRARIES, async (app) => {
      const child = app.start(["app.mjs"], { NODE_OPTIONS: `${option} promhttp/register` });
      const all = await app.settled(3, 111);
      // The process has its memory once, and each thread its heap.
      assert.equal(all.samples("process_resident_memory_bytes").length, 1);
      assert.equal(all.samples("nodejs_heap_size_used_bytes").length, 3);
      // Threads come and go: the process that owns the port stays.
      const [hub] = all.samples("promhttp_worker_info", { worker: "0" });
      assert.equal(hub?.labels.get("thread"), "0");

      child.tell("terminate");
      await child.line("terminated");
      const rest = await app.until("one is gone", (reading) => reading.workers("up") === 2);
      assert.equal(rest.value("app_jobs_total"), 111);
      assert.equal(await end(child), "");
    });
  });
}

test("a thread that is there first does not answer for its process", async () => {
  const files = {
    "app.mjs": `
      import { Worker } from "node:worker_threads";
      import { jobs } from "./jobs.mjs";
      jobs.inc();
      const workerData = new Int32Array(new SharedArrayBuffer(4));
      new Worker("./thread.mjs", { workerData });
      Atomics.wait(workerData, 0, 0);
      ${END}`,
    "thread.mjs": `
      import { setTimeout as sleep } from "node:timers/promises";
      import { workerData } from "node:worker_threads";
      import { jobs } from "./jobs.mjs";
      jobs.inc(10);
      // Far longer than it takes to find out that nobody answers.
      await sleep(1_000);
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
      setInterval(() => {}, 1_000);`,
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"]);
    const all = await app.settled(2, 11);
    const [hub] = all.samples("promhttp_worker_info", { worker: "0" });
    assert.equal(hub?.labels.get("thread"), "0");
    assert.equal(await end(child), "");
  });
});

test("threads do not keep their process alive, nor change how it ends", async () => {
  const files = {
    "app.mjs": `
      import { Worker } from "node:worker_threads";
      for (let i = 0; i < 3; i++) new Worker("./thread.mjs", { workerData: 1 });
      process.exitCode = 3;`,
    "thread.mjs": THREAD.replace("setInterval", "Boolean"),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const { code, stdout, stderr } = await app.start(["app.mjs"]).exit();
    assert.deepEqual({ code, stdout, stderr }, { code: 3, stdout: "", stderr: "" });
  });
});

/** A pool of two threads, whose tasks last until a file is gone. */
const poolOf = (atomics: string) => `
  import { existsSync } from "node:fs";
  import { Piscina } from "piscina";
  import { jobs } from "./jobs.mjs";
  jobs.inc();
  const pool = new Piscina({
    filename: new URL("task.mjs", import.meta.url).href,
    minThreads: 2, maxThreads: 2, ${atomics}
  });
  await Promise.all([pool.run(10), pool.run(100)]);
  console.log("idle");
  ${END}`;

const TASK = `
  import { existsSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  import { jobs } from "./jobs.mjs";
  export default async (amount) => {
    jobs.inc(amount);
    while (existsSync("hold")) await sleep(10);
  };`;

/** What piscina is configured with, and how many workers then answer while its threads are idle. */
const POOLS: Readonly<Record<string, readonly [atomics: string, up: number]>> = {
  "with its defaults counts as last seen": ["", 1],
  'with `atomics: "async"` answers': [`atomics: "async",`, 3],
};

/** A worker that never answers costs the test no more than its share of this time. */
const SHORT = { "x-prometheus-scrape-timeout-seconds": "3" };

for (const [name, [atomics, up]] of Object.entries(POOLS)) {
  test(`an idle pool of piscina ${name}`, async () => {
    const files = { "app.mjs": poolOf(atomics), "task.mjs": TASK, "jobs.mjs": JOBS, hold: "" };
    await withGroup(files, [...LIBRARIES, "piscina"], async (app) => {
      const child = app.start(["app.mjs"]);
      await app.settled(3, 111);
      await rm(join(app.folder, "hold"));
      await child.line("idle");
      const isIdle = (reading: Reading) => reading.workers("up") === up;
      const idle = await app.until(`${up} up`, isIdle, SHORT);
      assert.equal(idle.value("app_jobs_total"), 111);
      for (const worker of ["1", "2"]) {
        assert.equal(idle.value("promhttp_worker_up", { worker }), up === 3 ? 1 : 0);
      }
      await end(child);
    });
  });
}

test("the threads of poolifier are one target with their process", async () => {
  const files = {
    "app.mjs": `
      import { FixedThreadPool } from "poolifier";
      import { jobs } from "./jobs.mjs";
      jobs.inc();
      const pool = new FixedThreadPool(2, "./thread.mjs");
      await Promise.all([pool.execute(10), pool.execute(100)]);
      ${END}`,
    "thread.mjs": `
      import { ThreadWorker } from "poolifier";
      import { jobs } from "./jobs.mjs";
      export default new ThreadWorker((amount) => void jobs.inc(amount));`,
    "jobs.mjs": JOBS,
  };
  await withGroup(files, [...LIBRARIES, "poolifier"], async (app) => {
    const child = app.start(["app.mjs"]);
    await app.settled(3, 111);
    assert.equal(await end(child), "");
  });
});
