import type { Log } from "../log.ts";
import { isThenable } from "../maybe-promise.ts";
import { inspect } from "../node.ts";

/** What ends `Server.run()`: a signal that aborts, or a promise that settles. */
export type Shutdown = AbortSignal | PromiseLike<unknown>;

/** Waits for the end of a server. */
export interface ShutdownWatch {
  /** Resolves when it is time to shut down; never rejects. */
  readonly promise: Promise<void>;
  isOver(): boolean;
  /** Stops listening to the signal, which may outlive the server. */
  stop(): void;
}

/**
 * Starts to wait for the end of a server.
 *
 * @throws {TypeError} When `shutdown` is neither a signal nor a promise.
 */
export function shutdownOf(shutdown: unknown, log: Log): ShutdownWatch {
  if (shutdown === undefined) return { promise: new Promise(() => {}), isOver, stop };
  if (isAbortSignal(shutdown)) return watchSignal(shutdown);
  if (!isThenable<unknown>(shutdown)) {
    throw new TypeError(`Shutdown must be an AbortSignal or a promise, got ${inspect(shutdown)}`);
  }
  const promise = Promise.resolve(shutdown).then(
    () => {},
    (reason: unknown) => log.error("Shutting down: the shutdown promise rejected", reason),
  );
  return { promise, isOver, stop };
}

const isOver = () => false;
const stop = () => {};

function watchSignal(signal: AbortSignal): ShutdownWatch {
  let onAbort = () => {};
  const promise = new Promise<void>((resolve) => {
    onAbort = resolve;
    if (signal.aborted) resolve();
  });
  signal.addEventListener("abort", onAbort);
  return {
    promise,
    isOver: () => signal.aborted,
    stop: () => signal.removeEventListener("abort", onAbort),
  };
}

/** Not `instanceof`: a signal may come from another realm or a polyfill. */
function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}
