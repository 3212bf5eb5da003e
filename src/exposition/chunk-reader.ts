import type { Signal } from "../abort.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import { ChunkMemory } from "./chunk-memory.ts";
import { hasTimeLeft, hasWorked, nextSlice } from "./time-slice.ts";

/** What a reading works with. */
export interface ChunkReaderOptions {
  /** Where the encoder writes its chunks. */
  readonly memory?: ChunkMemory;
  /** Called once, when no more values are read. */
  readonly onEnd?: (reader: ChunkReader) => void;
}

/** Some chunks in order, of which none is empty. */
export type Chunks = readonly Uint8Array[];

/**
 * The values of one scrape while they are read and encoded, some chunks at a time and in turns with
 * the event loop. It reads no faster than its consumer asks, unless somebody is in a hurry.
 */
export class ChunkReader {
  readonly #encoder: Iterator<Uint8Array>;
  readonly #onEnd: (reader: ChunkReader) => void;
  readonly #memory: ChunkMemory;
  /** What was read and not yet asked for; more than one chunk only after `finish()`. */
  readonly #ready: Uint8Array[] = [];
  #step: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #durationMs = 0;
  /** The time at which the encoder was last known to be at work. */
  #now = 0;

  /**
   * @param encoder The encoder at work; an empty chunk is a pause.
   * @param signal Ends the reading: `next()` then throws its reason.
   */
  constructor(encoder: Iterator<Uint8Array>, signal: Signal, options: ChunkReaderOptions = {}) {
    this.#encoder = encoder;
    this.#memory = options.memory ?? new ChunkMemory();
    this.#onEnd = options.onEnd ?? (() => {});
    signal.addEventListener("abort", () => this.#fail(signal.reason), { once: true });
    if (signal.aborted) this.#fail(signal.reason);
  }

  /** How long the encoder has been at work so far, in milliseconds. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /**
   * Returns the next chunks, or `undefined` at the end: `bytes` of them or some more, and fewer at
   * the end, and where the event loop must have its turn. They are there at once, except where it
   * must have its turn first. Throws what the encoder throws.
   */
  next(bytes: number): MaybePromise<Chunks | undefined> {
    this.#memory.next();
    return this.#take(bytes) ?? (this.#isOver ? undefined : this.#wait(bytes));
  }

  /** Joins chunks in the memory of this scrape. */
  join(chunks: Chunks): Uint8Array {
    return this.#memory.join(chunks);
  }

  /**
   * Lets chunks be valid only until the next ones are asked for, which makes all of them cheaper.
   * Without it they are valid until the scrape is over.
   */
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
      this.#encoder.return?.();
    } catch (error) {
      // A clean-up of the user's own, in an iterator of metrics.
      this.#failure ??= { error };
    }
    this.#onEnd(this);
  }

  /** What is there without waiting; `undefined` where there is nothing, at the end or not yet. */
  #take(bytes: number): Chunks | undefined {
    const chunks: Uint8Array[] = [];
    let missing = bytes;
    this.#now = performance.now();
    while (missing > 0) {
      const chunk = this.#ready.shift() ?? this.#readNow();
      if (chunk === undefined) break;
      chunks.push(chunk);
      missing -= chunk.length;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return chunks.length === 0 ? undefined : chunks;
  }

  async #wait(bytes: number): Promise<Chunks | undefined> {
    for (;;) {
      await this.#readStep();
      const chunks = this.#take(bytes);
      if (chunks !== undefined || this.#isOver) return chunks;
    }
  }

  /** Reads until there is a chunk, while there is time left and nobody else reads. */
  #readNow(): Uint8Array | undefined {
    while (!this.#isOver && this.#step === undefined && hasTimeLeft(this.#now)) {
      const chunk = this.#readChunk();
      if (chunk !== undefined) return chunk;
    }
    return undefined;
  }

  #readStep(): Promise<void> {
    this.#step ??= this.#readInTurn().finally(() => {
      this.#step = undefined;
    });
    return this.#step;
  }

  async #readInTurn(): Promise<void> {
    // To wait for the socket is not enough: while the kernel takes every chunk at once, that
    // never gives the event loop back.
    while (!hasTimeLeft(performance.now())) await nextSlice();
    if (this.#isOver) return;
    this.#now = performance.now();
    const chunk = this.#readChunk();
    if (chunk !== undefined) this.#ready.push(chunk);
  }

  /** Reads a chunk; `undefined` for a pause, and at the end. What goes wrong ends the reading. */
  #readChunk(): Uint8Array | undefined {
    try {
      const { done, value } = this.#encoder.next();
      this.#addTime();
      if (!done) return value.length > 0 ? value : undefined;
      this.stop();
    } catch (error) {
      this.#addTime();
      this.#fail(error);
    }
    return undefined;
  }

  /** Adds the time since `#now`; one clock serves as the end of a chunk and the start of the next. */
  #addTime(): void {
    const startedAt = this.#now;
    this.#now = performance.now();
    this.#durationMs += this.#now - startedAt;
    hasWorked(this.#now);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ready.length = 0;
    this.stop();
  }
}
