// A pool of piscina's threads, with its defaults: an idle thread sleeps, and nothing reaches it.
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";

/** Starts a pool of three threads, and runs a task in each, which takes some time. */
export function startPool() {
  const filename = fileURLToPath(new URL("pool-thread.mjs", import.meta.url));
  const pool = new Piscina({ filename, minThreads: 3, maxThreads: 3, concurrentTasksPerWorker: 1 });
  return { runTasks: () => Promise.all([1, 2, 3].map(() => pool.run(1_000))) };
}
