import type { Signal } from "../../abort.ts";
import { andThen, isPromise, type MaybePromise } from "../../maybe-promise.ts";
import type { Reader, UpdateLock } from "../update-lock.ts";
import { inSlices } from "./slices.ts";

/**
 * Walks over families in slices of the event loop, while no update runs. An update that comes meanwhile waits for
 * its end. Where no update runs, a walk that need not pause is over at once.
 *
 * @throws The signal's reason, when it aborts before the walk begins; what the walk throws.
 */
export function walkLocked<T>(
  lock: UpdateLock,
  signal: Signal,
  start: () => Iterator<unknown, T, undefined>,
): MaybePromise<T> {
  const walk = new Walk(start);
  return andThen(lock.enter(walk, signal), () => runEntered(walk, lock));
}

/** Runs a walk that may begin, and leaves the lock at its end. */
function runEntered<T>(walk: Walk<T>, lock: UpdateLock): MaybePromise<T> {
  let result: MaybePromise<T> | undefined;
  try {
    result = walk.run();
  } finally {
    if (!isPromise(result)) lock.leave(walk);
  }
  return isPromise(result) ? result.finally(() => lock.leave(walk)) : result;
}

/** One walk over the families, which an update waits for. */
class Walk<T> implements Reader {
  readonly #start: () => Iterator<unknown, T, undefined>;
  /** Present while it is not over. */
  #running: Promise<T> | undefined;

  constructor(start: () => Iterator<unknown, T, undefined>) {
    this.#start = start;
  }

  run(): MaybePromise<T> {
    if (this.#running !== undefined) return this.#running;
    const result = inSlices(this.#start());
    if (isPromise(result)) this.#running = result;
    return result;
  }

  /** An update may come when the walk may begin, and has not. */
  async finish(): Promise<void> {
    this.#running ??= Promise.resolve().then(() => inSlices(this.#start()));
    await this.#running.catch(() => {});
  }
}
