import { type Signal, unlessAborted } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { ChunkReader } from "../exposition/chunk-reader.ts";
import type { MaybePromise } from "../maybe-promise.ts";

/**
 * Keeps updates and the reading of values apart, so that no scrape sees an update half-done.
 *
 * Both wait in one queue, first come, first served. An update waits for nobody's socket: scrapes
 * that are reading when it comes read the rest into memory, and send it from there.
 */
export class UpdateLock {
  readonly #readings = new Set<ChunkReader>();
  /** The end of the queue. */
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  /**
   * Waits for the updates that came first, and lets `reading` begin.
   *
   * @throws The signal's reason, when it aborts first.
   */
  enter(reading: ChunkReader, signal: Signal): MaybePromise<void> {
    if (this.#queued > 0) return this.#enterLater(reading, signal);
    signal.throwIfAborted();
    this.#readings.add(reading);
  }

  /** Must be called when `reading` is over. */
  leave(reading: ChunkReader): void {
    this.#readings.delete(reading);
  }

  /**
   * Runs `work` while nobody reads.
   *
   * @throws What `work` throws, or a `ScrapeTimeoutError` when it takes longer than `timeoutMs`:
   *   scrapes then go on, and may see what it does until it ends.
   */
  update(work: () => unknown, timeoutMs: number): Promise<void> {
    return this.#enqueue(async () => {
      await Promise.all(Array.from(this.#readings, (reading) => reading.finish()));
      await inTime(work, timeoutMs);
    });
  }

  async #enterLater(reading: ChunkReader, signal: Signal): Promise<void> {
    const begin = async () => {
      if (!signal.aborted) this.#readings.add(reading);
    };
    await unlessAborted(this.#enqueue(begin), signal);
    signal.throwIfAborted();
  }

  /** Runs `task` when all before it have settled. */
  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#queued++;
    const result = this.#tail.then(task);
    this.#tail = result.then(
      () => {},
      () => {},
    );
    void this.#tail.then(() => this.#queued--);
    return result;
  }
}

async function inTime(work: () => unknown, timeoutMs: number): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ScrapeTimeoutError(timeoutMs)), timeoutMs);
  timer.unref();
  try {
    await unlessAborted(Promise.resolve(work()), controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
