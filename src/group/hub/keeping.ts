import { unref } from "../../timers.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { atMost } from "../waiting.ts";
import type { Hub } from "./hub.ts";

/** How long a scrape waits at most until the counters are saved: milliseconds, and a share of its time. */
const MAX_KEEP_MS = 1_000;
const KEEP_SHARE = 0.5;

/** How long after a worker has joined the ledger is written, in milliseconds: others may join meanwhile. */
const KEEP_SOON_MS = 50;

/** Keeps the counters of all workers for the next hub: when it has to be done, and how long it may take. */
export class Keeping {
  readonly #hub: Pick<Hub, "merged" | "workers" | "absentees" | "own">;
  readonly #ledger: Pick<Ledger, "write" | "writeNow" | "mayReturn">;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    hub: Pick<Hub, "merged" | "workers" | "absentees" | "own">,
    ledger: Pick<Ledger, "write" | "writeNow" | "mayReturn">,
  ) {
    this.#hub = hub;
    this.#ledger = ledger;
  }

  /**
   * Keeps what a scraper is about to see: the sum could fall if the next hub did not know that. It does not wait
   * long for a disk.
   *
   * @param deadlineMs When the answer must be there.
   */
  async beforeAnswer(deadlineMs: number): Promise<void> {
    const kept = this.keep(deadlineMs);
    const { workers, absentees, own } = this.#hub;
    const others = workers.size + absentees.size - (own === undefined ? 0 : 1);
    // When the only worker ends, the counters start anew, unless it may return.
    if (others > 0 || this.#ledger.mayReturn) await kept;
  }

  /** Keeps all counters, and resolves to whether that was done in time. */
  async keep(deadlineMs: number = Number.POSITIVE_INFINITY): Promise<boolean> {
    const written = this.#ledger.write(this.#hub.merged.takeRetained());
    const limitMs = Math.min(MAX_KEEP_MS, (deadlineMs - Date.now()) * KEEP_SHARE);
    return (await atMost(written, limitMs)) === true;
  }

  /** Saves who is there, so that those that have joined go on if all others end before the next scrape. */
  keepSoon(): void {
    this.#timer ??= unref(
      setTimeout(() => {
        this.#timer = undefined;
        if (!this.#isOver) void this.keep();
      }, KEEP_SOON_MS),
    );
  }

  /**
   * Keeps all counters without a pause: for exit handlers.
   *
   * @param endingPid As for `Ledger.writeNow()`.
   * @returns Whether they are kept.
   */
  keepNow(endingPid?: number): boolean {
    return this.#ledger.writeNow(this.#hub.merged.takeRetained(), endingPid);
  }

  /** Must be called when the process is not the hub any more: nothing is kept soon after that. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
