/**
 * What is demanded of everything that a peer sends.
 *
 * A peer is another process of the same user. It is not malicious, but it may have any fault, or be another
 * program: nothing of what it sends is used before it has been checked.
 */

/** A peer sent what the protocol does not allow: its connection must be cut off. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
}

/** Demands what the protocol says: `expect(isText(name), "name")`. */
export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ProtocolError(`Not as the protocol says: ${what}`);
}

/** Demands a list. */
export function expectList(value: unknown, what: string): asserts value is readonly unknown[] {
  expect(Array.isArray(value), what);
}

/** Demands an object. */
export function expectObject(
  value: unknown,
  what: string,
): asserts value is Readonly<Record<string, unknown>> {
  expect(typeof value === "object" && value !== null && !Array.isArray(value), what);
}

/** Demands an integer from 0 up to below `limit`. */
export function expectIndex(value: unknown, limit: number, what: string): asserts value is number {
  expect(Number.isInteger(value) && (value as number) >= 0 && (value as number) < limit, what);
}
