import type { Worker, WorkerOptions } from "node:worker_threads";

const threads = process.getBuiltinModule("node:worker_threads");

/** What every attempt to start a thread is turned into. */
export type StartInstead = (file: string | URL, options?: WorkerOptions) => Worker;

/**
 * Runs a test that sees the threads that are started meanwhile, in their order.
 *
 * @param start Starts something else instead, or throws.
 */
export async function withThreads(
  test: (started: readonly Worker[]) => Promise<void>,
  start?: StartInstead,
): Promise<void> {
  const { Worker: Original } = threads;
  const started: Worker[] = [];
  // A class, because that is what `new` is called on; what its constructor returns takes its place.
  threads.Worker = class {
    constructor(file: string | URL, options?: WorkerOptions) {
      const thread = start?.(file, options) ?? new Original(file, options);
      started.push(thread);
      // biome-ignore lint/correctness/noConstructorReturn: It is the point.
      return thread;
    }
  } as typeof Worker;
  try {
    await test(started);
  } finally {
    threads.Worker = Original;
  }
}
