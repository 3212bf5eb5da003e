/** What runs at one target, and what waits for it, in the order in which it came. */
interface Place {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Bounds how much may run at each target at once; first come, first served. Nothing is remembered of a
 * target at which nothing runs.
 */
export class Slots {
  readonly #max: number;
  readonly #places = new Map<string, Place>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Calls `start` when a slot of the target is free: at once, or when another has left.
   *
   * @param start It must not throw.
   * @returns Gives up the slot, or the place in the queue. Must be called exactly once.
   */
  take(target: string, start: () => void): () => void {
    const place = this.#placeOf(target);
    const begin = () => {
      place.running++;
      start();
    };
    if (place.running < this.#max) begin();
    else place.waiting.add(begin);
    return () => {
      if (!place.waiting.delete(begin)) {
        place.running--;
        const [next] = place.waiting;
        if (next !== undefined && place.waiting.delete(next)) next();
      }
      if (place.running === 0) this.#places.delete(target);
    };
  }

  /** How many targets there are at which something runs. */
  get size(): number {
    return this.#places.size;
  }

  #placeOf(target: string): Place {
    let place = this.#places.get(target);
    if (place === undefined) {
      place = { running: 0, waiting: new Set() };
      this.#places.set(target, place);
    }
    return place;
  }
}
