// Starts the other workers of an application.
import cluster from "node:cluster";
import { Worker } from "node:worker_threads";

const threads = new Map();

/** One more worker that runs this program. */
export function startProcess(env) {
  cluster.fork(env);
}

/** One more thread that runs this program. */
export function startThread(env) {
  const thread = new Worker(process.argv[1], { env: { ...process.env, ...env } });
  const { threadId } = thread;
  threads.set(threadId, thread);
  thread.once("exit", () => threads.delete(threadId));
  // The error that ends a thread would else end the application.
  thread.on("error", () => {});
}

/** Ends a thread from outside. */
export async function terminateThread(threadId) {
  await threads.get(threadId)?.terminate();
}
