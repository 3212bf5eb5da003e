/**
 * Long work, cut into the slices of the event loop that all scrapes of this process share: together they block
 * the loop no longer than one of them would.
 */
import { hasTimeLeft, hasWorked, nextSlice } from "../../exposition/time-slice.ts";
import { isPromise, type MaybePromise } from "../../maybe-promise.ts";

export { hasWorked } from "../../exposition/time-slice.ts";

/** Waits until this process may work again; `undefined` if it may at once. */
export function mayWork(): Promise<void> | undefined {
  return hasTimeLeft(performance.now()) ? undefined : waitForSlice();
}

async function waitForSlice(): Promise<void> {
  do await nextSlice();
  while (!hasTimeLeft(performance.now()));
}

/**
 * Runs `work` to its end, and pauses where it yields and the time is up. What need not pause is done at once.
 *
 * @throws What `work` throws.
 */
export function inSlices<T>(work: Iterator<unknown, T, undefined>): MaybePromise<T> {
  for (;;) {
    const pause = mayWork();
    if (pause !== undefined) return pause.then(() => inSlices(work));
    const step = work.next();
    hasWorked(performance.now());
    if (step.done) return step.value;
  }
}

/** Runs one piece of work after the other, in the order in which they came. */
export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  /** How much has not ended. */
  #open = 0;

  /** @throws What `work` throws. */
  take<T>(work: () => MaybePromise<T>): Promise<T> {
    this.#open++;
    const result = this.#tail.then(work);
    const end = () => this.#open--;
    this.#tail = result.then(end, end);
    return result;
  }

  /**
   * The same, but begins at once where all that came before has ended.
   *
   * @throws What `work` throws.
   */
  takeNow<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#open > 0) return this.take(work);
    const result = work();
    return isPromise(result) ? this.take(() => result) : result;
  }
}
