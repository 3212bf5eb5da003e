/** Room for two full chunks and one at work; see `ByteSink`. */
const ARENA_BYTES = 256 * 1_024;

/**
 * Where the chunks of an exposition are written.
 *
 * Memory that is used again stays in the processor's caches, and gives the garbage collector nothing
 * to do.
 */
export class ChunkMemory {
  #arena: Buffer | undefined;
  #used = 0;
  #isReused = false;
  #mayReuse = true;

  /** Gives memory for a chunk of `length` bytes. */
  take(length: number): Buffer {
    if (length > ARENA_BYTES) return Buffer.allocUnsafeSlow(length);
    if (this.#arena === undefined || this.#used + length > ARENA_BYTES) {
      this.#arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
      this.#used = 0;
    }
    return this.#arena.subarray(this.#used);
  }

  /** Takes note that `chunk` is complete. */
  keep(chunk: Buffer): void {
    if (!this.#isReused && chunk.buffer === this.#arena?.buffer) this.#used += chunk.length;
  }

  /** From now on a chunk is valid until the next one is asked for. */
  reuse(): void {
    this.#isReused = this.#mayReuse;
  }

  /** From now on, and whatever is asked for later, a chunk stays valid. */
  stopReuse(): void {
    this.#mayReuse = false;
    this.#isReused = false;
    this.#arena = undefined;
  }

  /** Makes all memory free, because nobody reads a chunk any more. */
  clear(): void {
    this.#used = 0;
    this.#isReused = false;
    this.#mayReuse = true;
  }
}
