/** Tells whether two lists have the same objects in the same order. */
export function haveSameElements(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((element, index) => element === b[index]));
}
