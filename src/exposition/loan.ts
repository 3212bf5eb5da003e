/**
 * The bytes of a page while responses send them.
 *
 * They are sent as they stand in memory: to copy the pages of 100,000 lines first took 1 to 3 ms.
 * So they must not change meanwhile. A page that has other bytes to write leaves the lent ones to
 * their borrowers, and goes on with a copy.
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

  /** Whether somebody still sends them. */
  get isLent(): boolean {
    return this.#borrowers > 0;
  }

  /** Whether the page may write into them again. */
  get isFree(): boolean {
    return this.#borrowers === 0 && !this.#isLost;
  }

  /** Takes note of one more response that sends them. */
  lend(): this {
    this.#borrowers++;
    return this;
  }

  /**
   * Takes note that a response does not send them any more.
   *
   * @param isCutOff Whether it ended before its time. Then the kernel or the thread pool may still
   *   read the bytes, and nothing says when that is over.
   */
  giveBack(isCutOff: boolean): void {
    this.#borrowers--;
    if (isCutOff) this.#isLost = true;
    if (this.#borrowers === 0) this.#onReturned();
  }

  /** Calls a function when nobody sends them any more. */
  onReturned(listener: () => void): void {
    this.#onReturned = listener;
  }
}
