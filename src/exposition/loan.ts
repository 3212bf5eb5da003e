/**
 * The bytes of a block while responses send them.
 *
 * They are sent without a copy, because copying the blocks of 100,000 lines first took 1 to 3 ms. So
 * they must not change meanwhile: a block that must be written detaches the lent bytes, and continues
 * with a copy.
 */
export class Loan {
  /** How many bytes they take. */
  readonly length: number;
  #borrowers = 0;
  #isLost = false;
  #onReturned = (): void => {};

  constructor(length: number) {
    this.length = length;
  }

  /** Whether a response still sends them. */
  get isLent(): boolean {
    return this.#borrowers > 0;
  }

  /** Whether the block may write into them again. */
  get isFree(): boolean {
    return this.#borrowers === 0 && !this.#isLost;
  }

  /** Counts one more response that sends them. */
  lend(): this {
    this.#borrowers++;
    return this;
  }

  /**
   * Counts one response less.
   *
   * @param isCutOff Whether the response was cut off. The kernel or the thread pool may then still read
   *   the bytes, and nothing reports when that is over.
   */
  giveBack(isCutOff: boolean): void {
    this.#borrowers--;
    if (isCutOff) this.#isLost = true;
    if (this.#borrowers === 0) this.#onReturned();
  }

  /** Calls a function when no response sends them any more. */
  onReturned(listener: () => void): void {
    this.#onReturned = listener;
  }
}
