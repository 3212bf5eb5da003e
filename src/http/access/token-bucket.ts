/** A token bucket: allows bursts, and in the long run one event in each interval. */
export class TokenBucket {
  readonly #intervalMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  /**
   * @param intervalMs How often there is one more token, in milliseconds.
   * @param burst How many tokens there are at most, and at first.
   * @param now The time in milliseconds.
   */
  constructor(intervalMs: number, burst: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAt = now;
  }

  /** Takes a token if there is one, and tells whether there was. */
  take(now: number): boolean {
    if (this.waitMs(now) > 0) return false;
    this.#tokens--;
    return true;
  }

  /** How long until there is a token, in milliseconds. */
  waitMs(now: number): number {
    this.#tokens = Math.min(
      this.#burst,
      this.#tokens + Math.max(0, now - this.#filledAt) / this.#intervalMs,
    );
    this.#filledAt = now;
    return this.#tokens >= 1 ? 0 : (1 - this.#tokens) * this.#intervalMs;
  }
}
