import type { Worker } from "node:worker_threads";
import { nodeModule } from "../../../node.ts";
import { threadVariables } from "../environment.ts";
import type { FromServer, ThreadStart } from "../messages.ts";
import type { Post } from "./questions.ts";

/** The answer of a thread to what it was started with. */
export type Opening = Extract<FromServer, { readonly type: "open" | "failed" }>;

/** Takes what a thread says beside that. */
export type TakeMessage = (message: Exclude<FromServer, Opening>) => void;

/**
 * One thread of a server, from its start to its end. It keeps the process alive until it is told otherwise. No
 * error of it reaches the process.
 */
export class ServingThread {
  /** Resolves when it serves, or cannot; `undefined` when it has ended before. */
  readonly opening: Promise<Opening | undefined>;
  /** Resolves with the reason when it has ended, whatever ended it. */
  readonly ended: Promise<unknown>;
  readonly #worker: Worker;

  /**
   * Starts a thread.
   *
   * @throws What Node throws where no thread can be started.
   */
  constructor(file: URL, start: ThreadStart, take: TakeMessage) {
    const { Worker } = nodeModule("node:worker_threads");
    const worker = new Worker(file, {
      workerData: start,
      // What the process preloads does not belong in here.
      execArgv: [],
      env: threadVariables(),
      name: "promhttp",
    });
    this.#worker = worker;
    let error: unknown;
    worker.on("error", (thrown: unknown) => {
      error = thrown;
    });
    this.ended = new Promise((resolve) => {
      worker.on("exit", (code) => resolve(error ?? exited(code)));
    });
    this.opening = new Promise((resolve) => {
      worker.on("message", (message: FromServer) => {
        if (message.type === "open" || message.type === "failed") resolve(message);
        else take(message);
      });
      void this.ended.then(() => resolve(undefined));
    });
  }

  readonly post: Post = (message, transferred = []) =>
    this.#worker.postMessage(message, transferred);

  /** Keeps the process alive, or does so no longer. */
  keepAlive(isKept: boolean): void {
    if (isKept) this.#worker.ref();
    else this.#worker.unref();
  }

  /** Ends it at once. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

function exited(code: number): Error {
  const error = new Error(`The thread exited with code ${code}`);
  // Where that is noticed explains nothing.
  error.stack = String(error);
  return error;
}
