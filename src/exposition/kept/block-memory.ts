import { Loan } from "../loan.ts";

/**
 * The size from which on a page takes no more, in bytes. Small enough that a number which gets
 * longer moves little, large enough that a page costs little beside its bytes.
 */
export const PAGE_BYTES: number = 32 * 1_024;

/** Room for the last metric of a page, and for numbers to get longer. */
const SPARE_BYTES = 4 * 1_024;

/** The memory of almost every page. */
const PAGE_CAPACITY = PAGE_BYTES + SPARE_BYTES;

/** The memory of a page, which may be lent to those who send it. */
export class PageMemory {
  #bytes: Buffer = Buffer.alloc(0);
  /** Who sends the bytes; present once they have been lent. */
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

  /** Leaves the bytes to those who send them, if anybody does: the page itself is given up. */
  leave(): void {
    if (this.#loan?.isLent) this.#left = this.#loan;
  }

  /** The bytes that were left to others since the last call, if there are any. */
  takeLeft(): Loan | undefined {
    const left = this.#left;
    this.#left = undefined;
    return left;
  }

  /**
   * Makes room for `length` bytes that may be written, of which the first `kept` are those that
   * stand there. Bytes that are lent are left to their borrowers, and copied.
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
  return length <= PAGE_CAPACITY ? PAGE_CAPACITY : length + SPARE_BYTES;
}
