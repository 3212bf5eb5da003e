import { LightSignal, OVER } from "../../../abort.ts";
import { ScrapeTimeoutError } from "../../../errors.ts";

/** A question of the server, from when it is read until it is answered. */
export class OpenQuestion {
  /** Aborts when collectors that have not settled are late, and when nobody waits for the answer any longer. */
  readonly gathering: LightSignal = new LightSignal();
  /** Aborts when nobody waits for the answer any longer. */
  readonly all: LightSignal = new LightSignal();
  /** When collectors are late, in milliseconds since the epoch. */
  deadlineMs: number = Number.POSITIVE_INFINITY;
  readonly #startedAtMs = Date.now();

  /** Whether nobody waits for the answer any longer. */
  get isOver(): boolean {
    return this.all.aborted;
  }

  /** @param isLate Whether an answer is wanted all the same, without the collectors that are late. */
  abandon(isLate: boolean): void {
    if (isLate) {
      const timeoutMs = Math.max(0, this.deadlineMs - this.#startedAtMs);
      this.gathering.abort(new ScrapeTimeoutError(timeoutMs));
    } else {
      this.gathering.abort(OVER);
      this.all.abort(OVER);
    }
  }
}
