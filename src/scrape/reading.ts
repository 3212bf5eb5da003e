import { ChunkMemory } from "../encoders/chunk-memory.ts";
import { hasTimeLeft, nextTurn } from "./turns.ts";

/** What a reading works with. */
export interface ReadingOptions {
  /** Where the encoder writes its chunks. */
  readonly memory?: ChunkMemory;
  /** Called once, when no more values are read. */
  readonly onEnd?: (reading: Reading) => void;
}

/**
 * The values of one scrape while they are read and encoded, a chunk at a time and in turns with the
 * event loop. It reads no faster than its consumer asks, unless somebody is in a hurry.
 */
export class Reading {
  readonly #chunks: Iterator<Uint8Array>;
  readonly #onEnd: (reading: Reading) => void;
  readonly #memory: ChunkMemory;
  /** What was read and not yet asked for; more than one chunk only after `finish()`. */
  readonly #ready: Uint8Array[] = [];
  #step: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #durationMs = 0;

  /**
   * @param chunks The encoder at work; an empty chunk is a pause.
   * @param signal Ends the reading: `next()` then throws its reason.
   */
  constructor(chunks: Iterator<Uint8Array>, signal: AbortSignal, options: ReadingOptions = {}) {
    this.#chunks = chunks;
    this.#memory = options.memory ?? new ChunkMemory();
    this.#onEnd = options.onEnd ?? (() => {});
    signal.addEventListener("abort", () => this.#fail(signal.reason), { once: true });
    if (signal.aborted) this.#fail(signal.reason);
  }

  /** How long the encoder has been at work so far, in milliseconds. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** Returns the next chunk, or `undefined` at the end. Throws what the encoder throws. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#ready.length === 0 && !this.#isOver) await this.#readStep();
    const chunk = this.#ready.shift();
    if (chunk !== undefined) return chunk;
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /** Lets a chunk be valid only until the next one is asked for, which makes all of them cheaper. */
  reuseMemory(): void {
    this.#memory.reuse();
  }

  /** Reads all that is left into memory. Never rejects: a failure waits for `next()`. */
  async finish(): Promise<void> {
    this.#memory.stopReuse();
    while (!this.#isOver) await this.#readStep();
  }

  /** Stops reading. It may be called at any time and any number of times. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#chunks.return?.();
    } catch (error) {
      // A clean-up of the user's own, in an iterator of metrics.
      this.#failure ??= { error };
    }
    this.#onEnd(this);
  }

  #readStep(): Promise<void> {
    this.#step ??= this.#read().finally(() => {
      this.#step = undefined;
    });
    return this.#step;
  }

  /** Reads a chunk; what goes wrong ends the reading. */
  async #read(): Promise<void> {
    try {
      // To wait for the socket is not enough: while the kernel takes every chunk at once, that
      // never gives the event loop back.
      while (!hasTimeLeft()) await nextTurn();
      if (this.#isOver) return;
      const startedAt = performance.now();
      const { done, value } = this.#chunks.next();
      this.#durationMs += performance.now() - startedAt;
      if (done) this.stop();
      else if (value.length > 0) this.#ready.push(value);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ready.length = 0;
    this.stop();
  }
}
