// A pool of threads, and the thread that starts it, as one target.
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { Piscina } from "piscina";
import { Counter, register } from "prom-client";
import { Server } from "promhttp";

const jobs = new Counter({ name: "jobs_total", help: "Jobs done." });

const metrics = await Server.listen(register, ":9464", { workers: true }); // in every thread

/** The task of a thread. */
export function work() {
  jobs.inc();
}

if (isMainThread) {
  const filename = fileURLToPath(import.meta.url);
  const size = { minThreads: 2, maxThreads: 2 }; // a thread that is terminated tells nothing any more
  const pool = new Piscina({ filename, name: "work", atomics: "async", ...size });
  await Promise.all([pool.run(undefined), pool.run(undefined), pool.run(undefined)]);

  const stop = async () => {
    await pool.close();
    await metrics.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
}
