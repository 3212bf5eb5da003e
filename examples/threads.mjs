// Two worker threads, and the thread that starts them, as one target.
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { Counter, register } from "prom-client";
import { Server } from "promhttp";

const jobs = new Counter({ name: "jobs_total", help: "Jobs done." });

const metrics = await Server.listen(register, ":9464", { workers: true }); // in every thread

if (isMainThread) {
  const threads = [1, 2].map(() => new Worker(fileURLToPath(import.meta.url)));
  for (const thread of threads) thread.postMessage("a job");

  const stop = async () => {
    for (const thread of threads) thread.postMessage("stop");
    await metrics.close();
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
} else {
  parentPort?.on("message", (message) => {
    if (message === "stop") process.exit(); // tells the last numbers
    jobs.inc();
  });
}
