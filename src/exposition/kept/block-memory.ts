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
  /** The detached bytes, until `takeDetached()`. */
  #detached: Loan | undefined;

  /** The bytes; only what `writable()` returns may be written. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Lends the bytes to a response. */
  lend(): Loan {
    this.#loan ??= new Loan(this.#bytes.length);
    return this.#loan.lend();
  }

  /** Detaches the bytes that responses still send, if any; called when the block is dropped. */
  detach(): void {
    if (this.#loan?.isLent) this.#detached = this.#loan;
  }

  /** The bytes that were detached since the last call, if any. */
  takeDetached(): Loan | undefined {
    const detached = this.#detached;
    this.#detached = undefined;
    return detached;
  }

  /**
   * Makes room for `length` bytes that may be written; the first `kept` of them are preserved.
   * Bytes that are lent are copied, and detached.
   */
  writable(kept: number, length: number): Buffer {
    const isLent = this.#loan !== undefined && !this.#loan.isFree;
    if (!isLent && length <= this.#bytes.length) return this.#bytes;
    if (isLent) this.detach();
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
