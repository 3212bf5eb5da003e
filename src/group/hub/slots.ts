/**
 * The small numbers of the workers: the lowest free one for each that joins.
 *
 * A series of one worker has its slot as a label, so a worker keeps its slot when the hub changes: it
 * names the one that it had, and those that a former hub gave are kept for their workers for a while.
 */

/** How long slots are kept for workers that have not joined this hub yet, in milliseconds. */
const KEPT_MS = 5_000;

/** The slots of the workers of one hub. */
export class Slots {
  readonly #now: () => number;
  readonly #taken = new Set<number>();
  /** The slots of workers that may still come, by their ids. */
  readonly #kept = new Map<string, number>();
  readonly #keptUntil: number;

  /** @param now The time in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#keptUntil = now() + KEPT_MS;
  }

  /** Keeps a slot for a worker that had it with the hub before. */
  keep(worker: string, slot: number): void {
    this.#kept.set(worker, slot);
  }

  /**
   * Gives a worker the slot that it had, if that is free, or else the lowest free one.
   *
   * @param wanted The slot that the worker names.
   */
  take(worker: string, wanted: number | undefined): number {
    const own = this.#kept.get(worker) ?? wanted;
    this.#kept.delete(worker);
    const slot = own !== undefined && this.#isFree(own) ? own : this.#lowest();
    this.#taken.add(slot);
    return slot;
  }

  /** Takes a slot for a worker that is not connected, but still counts. */
  hold(slot: number): void {
    this.#taken.add(slot);
  }

  giveBack(slot: number): void {
    this.#taken.delete(slot);
  }

  #lowest(): number {
    let slot = 0;
    while (!this.#isFree(slot)) slot++;
    return slot;
  }

  #isFree(slot: number): boolean {
    if (this.#taken.has(slot)) return false;
    if (this.#kept.size > 0 && this.#now() >= this.#keptUntil) this.#kept.clear();
    for (const kept of this.#kept.values()) if (kept === slot) return false;
    return true;
  }
}
