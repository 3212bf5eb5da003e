import { atMost } from "../waiting.ts";

/** How long a new hub waits for its first worker, in milliseconds. */
const JOIN_MS = 2_000;

/** The first worker of a hub that is not one itself: before it has joined, there is nothing to serve. */
export class FirstWorker {
  /** When nobody waits for it any more, by `performance.now()`. */
  #until = Number.NEGATIVE_INFINITY;
  readonly #joined: Promise<void>;
  #onJoined = (): void => {};

  constructor() {
    this.#joined = new Promise((resolve) => {
      this.#onJoined = resolve;
    });
  }

  /** Must be called when the hub begins: workers may join from now on. */
  begin(): void {
    this.#until = performance.now() + JOIN_MS;
  }

  /** Must be called for each worker that joins. */
  join(): void {
    this.#onJoined();
  }

  /** Waits for it, for a limited time. */
  async wait(limitMs: number): Promise<void> {
    const restMs = Math.min(this.#until - performance.now(), limitMs);
    if (restMs > 0) await atMost(this.#joined, restMs);
  }
}
