import type { Loan } from "./loan.ts";

/** Room for two full chunks and the one that is written; see `ByteSink`. */
const ARENA_BYTES = 256 * 1_024;

/**
 * Where the chunks of an exposition are written.
 *
 * Reused memory stays in the processor's caches and leaves the garbage collector nothing to do. A fresh
 * buffer of 128 KiB for each write took three times as long as sending the bytes.
 */
export class ChunkMemory {
  #arena: Buffer | undefined;
  #used = 0;
  #isReused = false;
  #mayReuse = true;
  /** The blocks that are chunks, or parts of chunks, that are still valid. */
  readonly #loans: Loan[] = [];

  /** Gives memory for a chunk of `length` bytes. */
  take(length: number): Buffer {
    if (length > ARENA_BYTES) return Buffer.allocUnsafeSlow(length);
    if (this.#arena === undefined || this.#used + length > ARENA_BYTES) {
      this.#arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
      this.#used = 0;
    }
    return this.#arena.subarray(this.#used);
  }

  /** Keeps the memory of a complete chunk. */
  keep(chunk: Buffer): void {
    if (chunk.buffer === this.#arena?.buffer) this.#used += chunk.length;
  }

  /** Holds the loan of a block that is a chunk, as long as the chunk is valid. */
  borrow(loan: Loan): void {
    this.#loans.push(loan);
  }

  /** Joins chunks; those that are adjacent in memory need no copy. */
  join(chunks: readonly Uint8Array[]): Uint8Array {
    const [first] = chunks;
    if (first === undefined) return Buffer.alloc(0);
    if (chunks.length === 1) return first;
    let length = 0;
    let isAdjacent = true;
    for (const chunk of chunks) {
      isAdjacent &&=
        chunk.buffer === first.buffer && chunk.byteOffset === first.byteOffset + length;
      length += chunk.length;
    }
    return isAdjacent
      ? Buffer.from(first.buffer, first.byteOffset, length)
      : this.#copy(chunks, length);
  }

  /** From now on a chunk is valid until `next()` is called. */
  reuse(): void {
    this.#isReused = this.#mayReuse;
  }

  /** From now on a chunk stays valid, even after a later `reuse()`. */
  stopReuse(): void {
    this.#mayReuse = false;
    this.#isReused = false;
    this.#arena = undefined;
  }

  /** Must be called when more chunks are asked for, and the last ones are no longer needed. */
  next(): void {
    if (!this.#isReused) return;
    this.#used = 0;
    this.#giveBack(false);
  }

  /** Abandons the memory of a response that was cut off: its chunks may still be read. */
  abandon(): void {
    this.#arena = undefined;
    this.#giveBack(true);
  }

  /** Frees all memory. No chunk may be read any more. */
  clear(): void {
    this.#giveBack(false);
    this.#used = 0;
    this.#isReused = false;
    this.#mayReuse = true;
  }

  #copy(chunks: readonly Uint8Array[], length: number): Uint8Array {
    const joined = this.take(length).subarray(0, length);
    let at = 0;
    for (const chunk of chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.keep(joined);
    this.#giveBack(false);
    return joined;
  }

  #giveBack(isCutOff: boolean): void {
    for (const loan of this.#loans) loan.giveBack(isCutOff);
    this.#loans.length = 0;
  }
}
