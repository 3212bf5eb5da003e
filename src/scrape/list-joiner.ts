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
