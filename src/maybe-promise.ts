/**
 * A value, or the promise of one.
 *
 * A scrape that waits for nothing is answered in the turn of the event loop that read its request.
 * Returning to the loop and resolving promises took 70 to 95 µs of a scrape.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Calls `next` with a value: immediately, or when its promise has resolved. */
export function andThen<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Calls `recover` with what `work` throws or rejects with: at once, or when its promise rejects. */
export function orElse<T>(
  work: () => MaybePromise<T>,
  recover: (thrown: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  try {
    const result = work();
    return isPromise(result) ? result.catch(recover) : result;
  } catch (thrown) {
    return recover(thrown);
  }
}

/**
 * Whether a value is a promise. Not by `instanceof`: an async function returns a promise of the language,
 * whatever a polyfill or zone.js has made of the global `Promise`.
 */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return isThenable(value);
}

/** Whether a value of any origin is a promise, or can be awaited like one. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}

/**
 * Makes a function that loads something when it is first called. What has been loaded is not waited for
 * again; what could not be loaded is tried again.
 */
export function loadOnce<T>(load: () => Promise<T>): () => MaybePromise<T> {
  let loaded: MaybePromise<T> | undefined;
  return () => {
    loaded ??= load().then(
      (value) => {
        loaded = value;
        return value;
      },
      (error: unknown) => {
        loaded = undefined;
        throw error;
      },
    );
    return loaded;
  };
}
