import type { Labels } from "./metric-family.ts";
/**
 * Tells whether a list has the same objects in the same order as a snapshot of it.
 *
 * @param snapshot What `snapshotOf()` gave.
 */
export function haveSameElements(list: readonly unknown[], snapshot: readonly unknown[]): boolean {
  if (list === snapshot) return true;
  if (list.length !== snapshot.length) return false;
  for (let index = 0; index < list.length; index++) {
    if (list[index] !== snapshot[index]) return false;
  }
  return true;
}

/**
 * Takes a snapshot of a list, for `haveSameElements()`. Our own lists are frozen, and are their own
 * snapshots: one comparison then tells that nothing has changed.
 */
export function snapshotOf<T>(list: readonly T[]): readonly T[] {
  return Object.isFrozen(list) ? list : [...list];
}

/** Makes a string that is the same for two label sets exactly when a scraper takes them for one. */
export function labelsKey(labels: Labels): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    const text = value === undefined || value === null ? "" : String(value);
    // An empty label is an absent one (OpenMetrics 1.0, Label).
    if (text !== "") pairs.push(JSON.stringify([name, text]));
  }
  return pairs.sort().join();
}

/**
 * Makes a function that puts one list behind another.
 *
 * For the same two lists as at its last call it gives the same list: whoever sees that again knows
 * that nothing has changed, without a look at its elements. So both must never change.
 */
export function createListJoiner<T>(): (first: readonly T[], second: readonly T[]) => readonly T[] {
  let last: readonly (readonly T[])[] = [];
  let joined: readonly T[] = [];
  return (first, second) => {
    if (first !== last[0] || second !== last[1]) {
      last = [first, second];
      joined = Object.freeze(first.concat(second));
    }
    return joined;
  };
}
