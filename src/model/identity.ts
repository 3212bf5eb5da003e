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
