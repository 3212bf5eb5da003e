import { unref } from "../timers.ts";

/** Something that has to happen at a time, unless it is cancelled before. */
export interface Due {
  /** The time, by the clock of `performance.now()`. It may be put off. */
  readonly dueAt: number;
  onDue(): void;
}

/**
 * Calls `onDue()` of many things when their time has come, and does not keep the process alive.
 *
 * One timer serves all. Almost every scrape is over long before its time, and to set a timer and
 * clear it took 50 µs of a small one. So the timer stays when what it was set for is cancelled;
 * when it fires, it is set for the next that is left.
 */
export class Alarm {
  readonly #dues = new Set<Due>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #isClosed = false;

  /**
   * Calls `onDue()` when its time has come.
   *
   * @param now What `performance.now()` says.
   */
  schedule(due: Due, now: number): void {
    this.#dues.add(due);
    // A timer that is overdue may be lost: fake timers, in a test, drop it when they are removed.
    if (now > this.#timerAt) this.#callDue();
    else if (due.dueAt < this.#timerAt) this.#setTimer(due.dueAt);
  }

  /** Never calls `onDue()` of `due` after this. */
  cancel(due: Due): void {
    this.#dues.delete(due);
    if (this.#isClosed) this.#clearTimer();
  }

  /** From now on clears the timer as soon as nothing is scheduled. */
  close(): void {
    this.#isClosed = true;
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#dues.size > 0) return;
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #setTimer(at: number): void {
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delayMs = Math.max(1, Math.ceil(at - performance.now()));
    this.#timer = unref(setTimeout(() => this.#callDue(), delayMs));
  }

  #callDue(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const dues = [...this.#dues];
    const nextAt = Math.min(...dues.map(({ dueAt }) => dueAt).filter((at) => at > now));
    // Before anything is called, because it may throw.
    if (nextAt < this.#timerAt) this.#setTimer(nextAt);
    for (const due of dues) {
      if (due.dueAt <= now && this.#dues.delete(due)) due.onDue();
    }
  }
}
