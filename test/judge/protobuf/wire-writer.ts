/**
 * Writes protobuf's wire format, right or wrong, for tests.
 *
 * Tags are given as bytes, `field number << 3 | wire type`: 0x0a is field 1 with a length.
 */

/** Writes a varint; a negative number takes ten bytes. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
  return [...bytes, Number(rest)];
}

/** Writes a field of a plain varint. */
export function int(tag: number, value: number | bigint): number[] {
  return [...varint(tag), ...varint(value)];
}

/** Zigzag-encodes a number for a field or a packed field of type `sint32` or `sint64`. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Writes a field of a double. */
export function double(tag: number, value: number): number[] {
  return [...varint(tag), ...doubleBytes(value)];
}

/** Writes a double without a tag, as a packed field holds it. */
export function doubleBytes(value: number): number[] {
  return [...new Uint8Array(new Float64Array([value]).buffer)];
}

/** Writes a field of a string, or of the given bytes. */
export function string(tag: number, value: string | readonly number[]): number[] {
  return message(tag, [...Buffer.from(value)]);
}

/** Writes a field of a message, or of packed numbers, from its parts. */
export function message(tag: number, ...parts: readonly (readonly number[])[]): number[] {
  const bytes = parts.flat();
  return [...varint(tag), ...varint(bytes.length), ...bytes];
}

/** Writes a message with its length in front, as a body of protobuf consists of. */
export function delimited(...parts: readonly (readonly number[])[]): number[] {
  return message(0, ...parts).slice(1);
}
