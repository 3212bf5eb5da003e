import type { Log } from "../log.ts";
import { isThenable } from "../maybe-promise.ts";
import { inspect } from "../node.ts";

/** What ends `Server.run()`: a signal that aborts, or a promise that settles. */
export type Shutdown = AbortSignal | PromiseLike<unknown>;

/** The end of a server, waited for. */
export interface ShutdownWatch {
  /** Resolves when it is time to shut down; never rejects. */
  readonly promise: Promise<void>;
  isOver(): boolean;
  /** Lets go of the signal, which may live longer than the server. */
  forget(): void;
}

/**
 * Starts to wait for the end of a server.
 *
 * @throws {TypeError} When `shutdown` is neither a signal nor a promise.
 */
export function shutdownOf(shutdown: unknown, log: Log): ShutdownWatch {
  if (shutdown === undefined) return { promise: new Promise(() => {}), isOver, forget };
  if (isAbortSignal(shutdown)) return watchSignal(shutdown);
  if (!isThenable<unknown>(shutdown)) {
    throw new TypeError(
      `The shutdown is neither an AbortSignal nor a promise: ${inspect(shutdown)}`,
    );
  }
  const promise = Promise.resolve(shutdown).then(
    () => {},
    (reason: unknown) => log.error("Shutting down, because the shutdown promise rejected", reason),
  );
  return { promise, isOver, forget };
}

const isOver = () => false;
const forget = () => {};

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
    forget: () => signal.removeEventListener("abort", onAbort),
  };
}

/** Not `instanceof`: a signal may come from another realm or a polyfill. */
function isAbortSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}
