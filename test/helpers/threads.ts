import type { Worker, WorkerOptions } from "node:worker_threads";

const threads = process.getBuiltinModule("node:worker_threads");

/** The threads that are started while `test` runs, in their order. */
export async function withThreads(
  test: (started: readonly Worker[]) => Promise<void>,
): Promise<void> {
  const { Worker: Original } = threads;
  const started: Worker[] = [];
  threads.Worker = class extends Original {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(file, options);
      started.push(this);
    }
  };
  try {
    await test(started);
  } finally {
    threads.Worker = Original;
  }
}

/** Lets every attempt to start a thread fail while `test` runs. */
export async function withoutThreads(error: Error, test: () => Promise<void>): Promise<void> {
  const { Worker: Original } = threads;
  threads.Worker = class extends Original {
    constructor() {
      throw error;
      // biome-ignore lint/correctness/noUnreachable: A class that extends another has to call it.
      super("");
    }
  };
  try {
    await test();
  } finally {
    threads.Worker = Original;
  }
}
