/**
 * The small numbers of the workers: the lowest free one for each that joins.
 *
 * A series of one worker has its slot as a label. So a worker keeps it when the hub changes: it names the
 * one that it had. A slot that belongs to a worker which may still come is not given to another.
 */
export class Slots {
  /** The slots that are taken, with the workers that they belong to. */
  readonly #owners = new Map<number, string>();

  /**
   * Gives a worker the slot that belongs to it, or the one that it names if that is free, or else the
   * lowest free one.
   *
   * @param wanted The slot that it had with another hub.
   */
  take(worker: string, wanted: number | undefined): number {
    const slot = this.#ownOf(worker) ?? this.#freeOf(wanted) ?? this.#lowest();
    this.#owners.set(slot, worker);
    return slot;
  }

  giveBack(slot: number): void {
    this.#owners.delete(slot);
  }

  #ownOf(worker: string): number | undefined {
    for (const [slot, owner] of this.#owners) if (owner === worker) return slot;
    return undefined;
  }

  #freeOf(slot: number | undefined): number | undefined {
    return slot === undefined || this.#owners.has(slot) ? undefined : slot;
  }

  #lowest(): number {
    let slot = 0;
    while (this.#owners.has(slot)) slot++;
    return slot;
  }
}
