import type { Worker } from "node:worker_threads";
import { nodeModule } from "../../../node.ts";
import { unref } from "../../../timers.ts";

/** How long a thread without work lives, in milliseconds. */
const IDLE_MS = 10_000;

/** What to compare a password with. */
export interface Comparison {
  readonly password: string;
  /** The first decides. The others are compared as well if it is wrong, for the time that this takes. */
  readonly hashes: readonly string[];
}

/**
 * The thread that compares passwords with bcrypt, which would hold the event loop for 100 ms and more. It
 * starts with the first password, ends after 10 seconds without one, and does not keep the process alive.
 */
export class PasswordThread {
  readonly #idleMs: number;
  #worker: Promise<Worker> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param idleMs How long it lives without work. */
  constructor(idleMs: number = IDLE_MS) {
    this.#idleMs = idleMs;
  }

  /**
   * Compares one password; there must be no other under way.
   *
   * @returns Whether it is right. The promise rejects when the thread cannot start, or ends.
   */
  async compare(comparison: Comparison): Promise<boolean> {
    clearTimeout(this.#idle);
    try {
      if (this.#isClosed) throw new Error("No passwords are compared any more");
      this.#worker ??= this.#start();
      return await answerOf(await this.#worker, comparison);
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      if (this.#worker !== undefined)
        this.#idle = unref(setTimeout(() => this.#end(), this.#idleMs));
    }
  }

  /** Ends the thread, and with it what it compares. */
  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #start(): Promise<Worker> {
    const starting = startWorker();
    starting.then(
      // It may end without work as well: then the next password starts another.
      (worker) => worker.once("exit", () => this.#forget(starting)),
      () => {},
    );
    return starting;
  }

  #forget(ended: Promise<Worker>): void {
    if (this.#worker === ended) this.#end();
  }

  #end(): void {
    clearTimeout(this.#idle);
    // What has failed to start has nothing to end.
    this.#worker?.then(
      (worker) => void worker.terminate(),
      () => {},
    );
    this.#worker = undefined;
  }
}

/** What the thread runs behind the text of bcryptjs, which sets `module.exports`. */
const LISTENER = `
;{
  const { compareSync } = module.exports;
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ password, hashes }) => {
    const [first, ...others] = hashes;
    const isRight = compareSync(password, first);
    if (!isRight) for (const hash of others) compareSync(password, hash);
    parentPort.postMessage(isRight);
  });
}`;

/** The library is a text, so that it needs no file: an application may be bundled into one. */
async function startWorker(): Promise<Worker> {
  const { BCRYPT_SOURCE } = await import("../../../libraries/bcryptjs.ts");
  const { Worker } = nodeModule("node:worker_threads");
  // Nothing that the process preloads, such as an agent, belongs in there.
  const worker = new Worker(BCRYPT_SOURCE + LISTENER, { eval: true, env: {}, execArgv: [] });
  worker.unref();
  // An error without a listener would end the process. "exit" follows.
  worker.on("error", () => {});
  return worker;
}

function answerOf(worker: Worker, comparison: Comparison): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("The thread that compares passwords has ended"));
    const onError = (error: unknown) => reject(error);
    worker.once("exit", onExit);
    worker.once("error", onError);
    worker.once("message", (isRight: boolean) => {
      worker.off("exit", onExit);
      worker.off("error", onError);
      resolve(isRight);
    });
    worker.postMessage(comparison);
  });
}
