/** The finite upper bounds of a histogram, or the quantiles of a summary, one object for equal ones. */
export class BoundSet {
  readonly values: readonly number[];
  readonly #projections = new Map<BoundSet, Int32Array>();

  constructor(values: readonly number[]) {
    this.values = values;
  }

  /**
   * Where to find the count of each of these bounds among those of `wider`, which has all of them. It is
   * right there, too, because counts are cumulative.
   */
  indexesIn(wider: BoundSet): Int32Array {
    let indexes = this.#projections.get(wider);
    if (indexes === undefined) {
      indexes = Int32Array.from(this.values, (bound) => wider.values.indexOf(bound));
      this.#projections.set(wider, indexes);
    }
    return indexes;
  }

  /** The bucket of an observation; that of `+Inf` is behind the last. */
  bucketOf(value: number): number {
    const at = this.values.findIndex((bound) => value <= bound);
    return at < 0 ? this.values.length : at;
  }
}

/** Makes one object of all bounds that are equal, in one family. */
export class BoundSets {
  readonly #sets = new Map<string, BoundSet>();
  readonly #common = new Map<BoundSet, Map<BoundSet, BoundSet>>();

  /** The set of some bounds, which are ascending. */
  of(values: readonly number[]): BoundSet {
    const key = values.join();
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = new BoundSet([...values]);
      this.#sets.set(key, set);
    }
    return set;
  }

  /** The bounds that both have: only at those can their counts be added. */
  common(one: BoundSet, other: BoundSet): BoundSet {
    if (one === other) return one;
    const known = this.#common.get(one) ?? new Map<BoundSet, BoundSet>();
    this.#common.set(one, known);
    let common = known.get(other);
    if (common === undefined) {
      const others = new Set(other.values);
      common = this.of(one.values.filter((bound) => others.has(bound)));
      known.set(other, common);
    }
    return common;
  }
}
