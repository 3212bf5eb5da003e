/** The part of an `AbortSignal` that we use, so that either kind may be passed. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
  throwIfAborted(): void;
}

/**
 * A signal and its controller in one.
 *
 * Three pairs of `AbortController` and `AbortSignal`, with their listeners and one event, took
 * 130 µs of a small scrape: code that runs rarely finds cold caches. A real signal is made only
 * when foreign code asks for it.
 */
export class LightSignal implements Signal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;

  /** Each listener is called at most once, in the order in which they were added. */
  addEventListener(_type: "abort", listener: () => void): void {
    if (!this.aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index !== -1) this.#listeners.splice(index, 1);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Aborts, unless it has aborted before. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }

  /** A real signal that aborts with this one. */
  get real(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }
}

/**
 * Waits for a promise until the signal aborts.
 *
 * @throws What the promise rejects with, or the signal's reason.
 */
export async function unlessAborted<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Waits until all promises have settled, or the signal aborts.
 *
 * @param promises They must not reject.
 */
export async function settled(
  promises: readonly Promise<void>[],
  signal: Pick<Signal, "aborted" | "addEventListener" | "removeEventListener">,
): Promise<void> {
  if (signal.aborted) return;
  let stop = () => {};
  await new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener("abort", resolve);
    void Promise.all(promises).then(() => resolve());
  });
  signal.removeEventListener("abort", stop);
}

/** The reason of a signal that aborts because its work is over and nothing went wrong. */
export const OVER: Error = new Error("The scrape is over");
