import type { Loan } from "./loan.ts";

/** Room for two full chunks and one at work; see `ByteSink`. */
const ARENA_BYTES = 256 * 1_024;

/**
 * Where the chunks of an exposition are written.
 *
 * Memory that is used again stays in the processor's caches, and gives the garbage collector nothing
 * to do. A fresh buffer of 128 KiB for each write took three times as long as to send the bytes.
 */
export class ChunkMemory {
  #arena: Buffer | undefined;
  #used = 0;
  #isReused = false;
  #mayReuse = true;
  /** The pages that chunks of the last batches are part of. */
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

  /** Takes note that `chunk` is complete. */
  keep(chunk: Buffer): void {
    if (chunk.buffer === this.#arena?.buffer) this.#used += chunk.length;
  }

  /** Takes note of a chunk that is part of a page, until it is valid no more. */
  borrow(loan: Loan): void {
    this.#loans.push(loan);
  }

  /** Puts chunks together; those that stand behind one another are one already. */
  join(chunks: readonly Uint8Array[]): Uint8Array {
    const [first] = chunks;
    if (first === undefined) return Buffer.alloc(0);
    if (chunks.length === 1) return first;
    let length = 0;
    let isOne = true;
    for (const chunk of chunks) {
      isOne &&= chunk.buffer === first.buffer && chunk.byteOffset === first.byteOffset + length;
      length += chunk.length;
    }
    return isOne ? Buffer.from(first.buffer, first.byteOffset, length) : this.#copy(chunks, length);
  }

  /** From now on a chunk is valid until `next()` is called. */
  reuse(): void {
    this.#isReused = this.#mayReuse;
  }

  /** From now on, and whatever is asked for later, a chunk stays valid. */
  stopReuse(): void {
    this.#mayReuse = false;
    this.#isReused = false;
    this.#arena = undefined;
  }

  /** Takes note that more chunks are asked for, and the last ones no longer needed. */
  next(): void {
    if (!this.#isReused) return;
    this.#used = 0;
    this.#giveBack(false);
  }

  /** Gives up the memory of a response that was cut off, whose chunks somebody may still read. */
  abandon(): void {
    this.#arena = undefined;
    this.#giveBack(true);
  }

  /** Makes all memory free, because nobody reads a chunk any more. */
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
