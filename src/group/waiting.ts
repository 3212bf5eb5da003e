/** Waiting within bounds, without keeping the process alive. */
import type { Signal } from "../abort.ts";
import { unref } from "../timers.ts";

/** Waits for a promise; `undefined` if that takes too long. */
export function atMost<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = unref(setTimeout(resolve, limitMs, undefined));
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/** Waits for some time, or until the signal aborts. */
export function pause(ms: number, signal: Signal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = unref(setTimeout(end, ms));
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** How long to wait before each try of something that fails: twice as long each time, up to a limit. */
export class GrowingPause {
  readonly #minMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#nextMs = minMs;
  }

  nextMs(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(2 * ms, this.#maxMs);
    return ms;
  }

  reset(): void {
    this.#nextMs = this.#minMs;
  }
}
