/**
 * Where an encoder writes its chunks: at first each has memory of its own.
 *
 * Memory that is used again stays in the processor's caches, and gives the garbage collector nothing
 * to do.
 */
export class ChunkMemory {
  #buffer: Buffer | undefined;
  #isReused = false;
  #mayReuse = true;

  /** Gives memory of at least `length` bytes. */
  take(length: number): Buffer {
    if (this.#isReused && this.#buffer !== undefined && this.#buffer.length >= length) {
      return this.#buffer;
    }
    const buffer = Buffer.allocUnsafeSlow(length);
    if (this.#isReused) this.#buffer = buffer;
    return buffer;
  }

  /** From now on a chunk is valid until the next one is asked for. */
  reuse(): void {
    this.#isReused = this.#mayReuse;
  }

  /** From now on, and whatever is asked for later, a chunk stays valid. */
  stopReuse(): void {
    this.#isReused = false;
    this.#mayReuse = false;
  }
}
