import { Loan } from "../loan.ts";

/**
 * The size at which a block is full, in bytes: small enough that a number which gets longer moves
 * little, large enough that a block costs little besides its bytes.
 */
export const BLOCK_BYTES: number = 32 * 1_024;

/** Room for the last metric of a block, and for numbers to get longer. */
const SPARE_BYTES = 4 * 1_024;

/** The memory of almost every block. */
const BLOCK_CAPACITY = BLOCK_BYTES + SPARE_BYTES;

/** The memory of a block, which is lent to responses while they send it. */
export class BlockMemory {
  #bytes: Buffer = Buffer.alloc(0);
  /** The responses that send the bytes; present once they have been lent. */
  #loan: Loan | undefined;
  /** The bytes that were left to their borrowers, until `takeLeft()`. */
  #left: Loan | undefined;

  /** The bytes; only what `writable()` returns may be written. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Lends the bytes to a response. */
  lend(): Loan {
    this.#loan ??= new Loan(this.#bytes.length);
    return this.#loan.lend();
  }

  /** Leaves the bytes to the responses that send them, if there are any: the block is dropped. */
  leave(): void {
    if (this.#loan?.isLent) this.#left = this.#loan;
  }

  /** The bytes that were left to responses since the last call, if there are any. */
  takeLeft(): Loan | undefined {
    const left = this.#left;
    this.#left = undefined;
    return left;
  }

  /**
   * Makes room for `length` bytes that may be written; the first `kept` are those that stand there.
   * Bytes that are lent are copied, and left to their borrowers.
   */
  writable(kept: number, length: number): Buffer {
    const isLent = this.#loan !== undefined && !this.#loan.isFree;
    if (!isLent && length <= this.#bytes.length) return this.#bytes;
    if (isLent) this.leave();
    this.#loan = undefined;
    const bytes = Buffer.allocUnsafeSlow(capacityFor(length));
    this.#bytes.copy(bytes, 0, 0, kept);
    this.#bytes = bytes;
    return bytes;
  }
}

function capacityFor(length: number): number {
  return length <= BLOCK_CAPACITY ? BLOCK_CAPACITY : length + SPARE_BYTES;
}
