import type { Labels, MetricFamily } from "./metric-family.ts";

/**
 * Whether a list has the same objects in the same order as a snapshot of it.
 *
 * @param snapshot A result of `snapshotOf()`.
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
 * Takes a snapshot of a list, for `haveSameElements()`. Our own lists are frozen and serve as their own
 * snapshots, so a single comparison shows that nothing has changed.
 */
export function snapshotOf<T>(list: readonly T[]): readonly T[] {
  return Object.isFrozen(list) ? list : [...list];
}

/**
 * The text of a label value, which is what the client libraries print: `undefined` is `"undefined"`.
 *
 * @returns `undefined` for a value that cannot be converted to a string.
 */
export function labelText(value: unknown): string | undefined {
  try {
    return String(value);
  } catch {
    return undefined;
  }
}

/** Returns a string that is equal for two label sets exactly when a scraper considers them one. */
export function labelsKey(labels: Labels): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    const text = labelText(value);
    // An empty label is an absent one (OpenMetrics 1.0, Label).
    if (text !== "") pairs.push(JSON.stringify([name, text]));
  }
  return pairs.sort().join();
}

/**
 * Makes a function that appends one list to another.
 *
 * Called again with the same two lists, it returns the same list, so that a caller can see without
 * comparing elements that nothing has changed. Both lists must therefore never change.
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

/**
 * Whether metrics can be read only once, as those of a generator: then no labels can be compared with
 * those of metrics before, unless these were compared, too.
 */
export function isReadOnce(metrics: MetricFamily["metrics"]): boolean {
  return typeof (metrics as Partial<Iterator<unknown>>).next === "function";
}
