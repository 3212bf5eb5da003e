import type { Application, ApplicationParts } from "./application.ts";
import type { Worker } from "./worker.ts";

/** How the workers of an application come about; what holds for one must hold for all. */
export const TOPOLOGIES: Readonly<Record<string, ApplicationParts>> = {
  "node:cluster": { kind: "cluster" },
  "node:cluster without the line in the primary": { kind: "cluster", isRootServing: false },
  "fork()": { kind: "fork" },
  "fork() without the line in the parent": { kind: "fork", isRootServing: false },
  "worker threads": { kind: "thread" },
  "forks with their servers in threads": {
    kind: "fork",
    isRootServing: false,
    options: { thread: true },
  },
};

/** Ends a worker that is not the first process, at once and without a word. */
export async function cutDown({ root, workers }: Application, worker: Worker): Promise<void> {
  if (worker.thread === 0) await worker.kill();
  else await root.tell("terminate", worker.name);
  await worker.ended;
  workers.splice(workers.indexOf(worker), 1);
}
