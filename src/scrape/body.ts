import type { Reading } from "./reading.ts";

/**
 * The body of a response: all of it, or what is made while it is sent. In the second case a chunk is
 * valid until the next one is asked for.
 */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * The size up to which a body is sent as a whole, in bytes: with its length, and in one write, which
 * costs less than two. What is larger is sent while it is made.
 */
const MAX_WHOLE_BYTES = 128 * 1_024;

/**
 * Starts to read a body, up to the point where it is known whether it is sent as a whole.
 *
 * What fails until then can still be answered with an error of its own.
 */
export async function startBody(
  reading: Reading,
  maxWholeBytes: number = MAX_WHOLE_BYTES,
): Promise<Body> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length <= maxWholeBytes; ) {
    const chunk = await reading.next();
    if (chunk === undefined) return whole(chunks);
    chunks.push(chunk);
    length += chunk.length;
  }
  reading.reuseMemory();
  return resume(chunks, reading);
}

function whole(chunks: readonly Uint8Array[]): Uint8Array {
  const [first, ...more] = chunks;
  return first !== undefined && more.length === 0 ? first : Buffer.concat(chunks);
}

async function* resume(
  chunks: readonly Uint8Array[],
  reading: Reading,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
    for (;;) {
      const chunk = await reading.next();
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    reading.stop();
  }
}
