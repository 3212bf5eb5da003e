import { sharedNanoseconds, sharedNow } from "./environment.ts";

/** How often the application says that its event loop turns, in milliseconds. */
export const BEAT_MS = 100;

/**
 * What two threads can read of each other without a message, because a stuck event loop reads none: when that
 * of the application turned last, and which questions nobody waits for any longer.
 */
export class Heartbeat {
  readonly memory: SharedArrayBuffer;
  /** When the event loop turned last, in nanoseconds, and the first question that somebody waits for. */
  readonly #cells: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  /** Says that the event loop of the application turns. */
  beat(): void {
    Atomics.store(this.#cells, 0, sharedNanoseconds());
  }

  /** When it did, in nanoseconds. */
  get beatAt(): bigint {
    return Atomics.load(this.#cells, 0);
  }

  /** How long ago that was, in milliseconds. */
  ageMs(): number {
    return Math.max(0, sharedNow() - Number(this.beatAt) / 1e6);
  }

  /** The first question that somebody waits for; all before it are over. */
  get firstOpen(): number {
    return Number(Atomics.load(this.#cells, 1));
  }

  set firstOpen(n: number) {
    Atomics.store(this.#cells, 1, BigInt(n));
  }
}
