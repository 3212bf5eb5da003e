import type { BoundSet, BoundSets } from "./bound-sets.ts";

/** The numbers of one distribution: where they begin, and its bounds. */
export interface Distribution {
  readonly numbers: Float64Array;
  readonly first: number;
  readonly bounds: BoundSet;
}

/**
 * Whether a histogram whose bounds have changed between two snapshots has been reset: its count has fallen, or
 * that of a bucket that both have. A sum may fall without that, where negative values are observed.
 */
export function hasFallen(before: Distribution, after: Distribution, sets: BoundSets): boolean {
  if (countOf(after) < countOf(before)) return true;
  const common = sets.common(before.bounds, after.bounds);
  const indexes = common.indexesIn(before.bounds);
  const afterIndexes = common.indexesIn(after.bounds);
  for (let index = 0; index < indexes.length; index++) {
    const at = before.first + (indexes[index] as number); // index < length
    const afterAt = after.first + (afterIndexes[index] as number);
    if ((after.numbers[afterAt] as number) < (before.numbers[at] as number)) return true;
  }
  return false;
}

/** The number of observations of a histogram or a summary, which is behind its buckets or quantiles. */
export function countOf({ numbers, first, bounds }: Distribution): number {
  return numbers[first + bounds.values.length] as number;
}
