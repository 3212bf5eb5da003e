import { type Signal, unlessAborted } from "../abort.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { ReadingLock } from "../exposition/expose.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import { unref } from "../timers.ts";

/** What reads values: the encoder of a scrape, or what copies them for another process. */
export interface Reader {
  /** Reads all that is left into memory. Never rejects. */
  finish(): Promise<void>;
}

/**
 * A lock with many readers and one writer: no scrape sees an update half-done.
 *
 * Both wait in one queue, first come, first served. An update never waits for a socket: a scrape that
 * is reading when it arrives reads the rest into memory, and sends it from there.
 */
export class UpdateLock implements ReadingLock {
  readonly #readers = new Set<Reader>();
  /** The end of the queue. */
  #tail: Promise<void> = Promise.resolve();
  #queued = 0;

  /**
   * Waits for the updates that came first; then `reader` may begin.
   *
   * @throws The signal's reason, when it aborts first.
   */
  enter(reader: Reader, signal: Signal): MaybePromise<void> {
    if (this.#queued > 0) return this.#enterLater(reader, signal);
    signal.throwIfAborted();
    this.#readers.add(reader);
  }

  /** Must be called when `reader` has ended. */
  leave(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /**
   * Runs `work` while no scrape reads.
   *
   * @throws What `work` throws, or a `ScrapeTimeoutError` when it takes longer than `timeoutMs`:
   *   scrapes then continue, and may see it half-done.
   */
  update(work: () => unknown, timeoutMs: number): Promise<void> {
    return this.#enqueue(async () => {
      await Promise.all(Array.from(this.#readers, (reader) => reader.finish()));
      await withTimeout(work, timeoutMs);
    });
  }

  async #enterLater(reader: Reader, signal: Signal): Promise<void> {
    const begin = async () => {
      if (!signal.aborted) this.#readers.add(reader);
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

async function withTimeout(work: () => unknown, timeoutMs: number): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new ScrapeTimeoutError(timeoutMs)), timeoutMs);
  unref(timer);
  try {
    await unlessAborted(Promise.resolve(work()), controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The name of `update()` among the collectors. */
export const UPDATE = "update";
