import { type MemoryReading, readMemory } from "./read-memory.ts";

/**
 * The share of a limit at which memory is short, and the share below which it is short no longer.
 * Garbage seldom reaches the first: a heap of 256 MB whose live objects took 70 % was never above
 * 85 %, one of 1 GB never above 71 %. A higher share is too late: Node 24 died at 91 % of 512 MB in
 * the scrape that kept nothing.
 */
const HIGH = 0.85;
const LOW = 0.75;

/**
 * How long memory must not be short before anything is kept again, in milliseconds. The scrape that
 * writes the blocks costs up to 1.3 times one that keeps none (118 against 92 ms at 100,000 lines).
 * Once in five minutes that is negligible, even if memory is short again at once. It also bounds the
 * log to one line in that time.
 */
const CALM_MS = 5 * 60_000;

/** How long a look stays valid, in milliseconds: each takes 20 to 130 µs. */
const LOOK_MS = 1_000;

/**
 * Tells when the memory of the process is short: the heap of V8, or what its control group allows.
 *
 * RSS is compared with the limit, not what the group reports as used: that includes the page cache,
 * which fills any container in time.
 */
export class MemoryPressure {
  readonly #read: () => MemoryReading;
  readonly #now: () => number;
  #isHigh = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** When memory was last seen to be short. */
  #shortAt = 0;

  /**
   * @param read Reads the memory.
   * @param now Reads a clock, in milliseconds.
   */
  constructor(read: () => MemoryReading = readMemory, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  /** Whether memory is short, or was in the last five minutes. */
  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** Looks at the memory, at most once a second. Returns what is short when that begins. */
  look(): string | undefined {
    const now = this.#now();
    if (now - this.#lookedAt < LOOK_MS) return undefined;
    this.#lookedAt = now;
    const { heapUsed, heapLimit, rss, rssLimit } = this.#read();
    const heapShare = shareOf(heapUsed, heapLimit);
    const rssShare = shareOf(rss, rssLimit);
    const share = Math.max(heapShare, rssShare);
    if (this.#isHigh) {
      if (share >= LOW) this.#shortAt = now;
      else if (now - this.#shortAt >= CALM_MS) this.#isHigh = false;
      return undefined;
    }
    if (share < HIGH) return undefined;
    this.#isHigh = true;
    this.#shortAt = now;
    const what = heapShare === share ? "the heap of V8" : "the memory of the process";
    return `${what} takes ${Math.round(share * 100)} % of its limit`;
  }
}

function shareOf(used: number, limit: number | undefined): number {
  return limit ? used / limit : 0;
}
