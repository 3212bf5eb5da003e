/** What reading one metric alone costs; a run reads about eight in that time. */
const PAUSE_EVERY = 128;

/** How much was done since the last pause, counted for all families of a snapshot together. */
export class Pace {
  #left = PAUSE_EVERY;

  /** Counts work, in metrics that are read one by one; `true` when it is time for a pause. */
  isOver(work: number): boolean {
    this.#left -= work;
    if (this.#left > 0) return false;
    this.#left = PAUSE_EVERY;
    return true;
  }
}
