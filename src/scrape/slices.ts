/**
 * Long work, cut into the slices of the event loop that all scrapes of this process share: together they block
 * the loop no longer than one of them would.
 */
import { hasTimeLeft, hasWorked, nextSlice } from "../exposition/time-slice.ts";
import type { MaybePromise } from "../maybe-promise.ts";

export { hasWorked } from "../exposition/time-slice.ts";

/** Waits until this process may work again; `undefined` if it may at once. */
export function mayWork(): Promise<void> | undefined {
  return hasTimeLeft(performance.now()) ? undefined : waitForSlice();
}

async function waitForSlice(): Promise<void> {
  do await nextSlice();
  while (!hasTimeLeft(performance.now()));
}

/** Runs `work` to its end, and pauses where it yields and the time is up. It does not wait if it need not. */
export async function inSlices<T>(work: Iterator<unknown, T, undefined>): Promise<T> {
  for (;;) {
    const pause = mayWork();
    if (pause !== undefined) await pause;
    const step = work.next();
    hasWorked(performance.now());
    if (step.done) return step.value;
  }
}

/** Runs one piece of work after the other, in the order in which they came. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();

  /** @throws What `work` throws. */
  take<T>(work: () => MaybePromise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }
}
