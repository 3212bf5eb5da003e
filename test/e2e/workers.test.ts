import { test } from "node:test";
import { Application } from "../helpers/workers/application.ts";
import { assertCounted, seen } from "./counted.ts";
import { type Job, startPrometheus } from "./programs.ts";

// What Prometheus makes of the counters of several workers, while these come and go.

const OLD_JOBS = 1_000;

/** What becomes of the workers of an application, and what they count. */
class Run {
  readonly #app: Application;
  /** What has been counted; what nobody had seen when its worker was killed is uncertain. */
  counted = 0;
  uncertain = 0;

  constructor(app: Application) {
    this.#app = app;
  }

  /** Has each worker count. */
  async count(jobs: number): Promise<void> {
    for (const worker of this.#app.workers) await worker.tell("inc", "jobs_total", jobs);
    this.counted += jobs * this.#app.workers.length;
  }

  async addWorker(): Promise<void> {
    const worker = await this.#app.addWorker();
    await worker.tell("inc", "jobs_total", OLD_JOBS);
    this.counted += OLD_JOBS;
  }

  /** Ends the first worker by itself, right after it has counted. */
  async endFirst(): Promise<void> {
    const worker = this.#app.workers.shift();
    await worker?.tell("inc", "jobs_total", 7);
    this.counted += 7;
    await worker?.end("exit");
  }

  /** Kills a worker, right after it has counted. */
  async kill(index: number): Promise<void> {
    const [worker] = this.#app.workers.splice(index, 1);
    await worker?.tell("inc", "jobs_total", 7);
    this.uncertain += 7;
    await worker?.kill();
  }
}

test("increase() is what four workers have counted, whatever becomes of them", async () => {
  await using app = await Application.open({ kind: "fork", isRootServing: false });
  const run = new Run(app);
  await run.count(OLD_JOBS);
  const job: Job = { name: "shop", url: app.url, interval: "1s", timeout: "1s" };
  await using prometheus = await startPrometheus([job]);
  const allSeen = () => seen(prometheus, "jobs_total", run.counted, run.counted + run.uncertain);
  await allSeen();
  const before = run.counted;

  await run.count(10);
  await allSeen();
  // The last is a member, the first is the hub.
  await run.kill(3);
  await run.addWorker();
  await allSeen();
  await run.kill(0);
  await run.addWorker();
  await allSeen();
  await run.endFirst();
  await run.endFirst();
  await run.addWorker();
  await run.addWorker();
  await allSeen();
  // A rolling restart, faster than Prometheus scrapes.
  for (let worker = 0; worker < 4; worker++) {
    await run.addWorker();
    await run.endFirst();
  }
  await run.count(10);
  await allSeen();

  const counted = run.counted - before;
  await assertCounted(prometheus, "jobs_total", counted, counted + run.uncertain);
});
