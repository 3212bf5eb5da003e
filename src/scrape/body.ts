import type { Reading } from "./reading.ts";

/** The body of a response: all of it, or what is made while it is sent. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Starts to read a body, up to the point where it is known whether one chunk holds it all.
 *
 * What fails until then can still be answered with an error of its own.
 */
export async function startBody(reading: Reading): Promise<Body> {
  const first = await reading.next();
  if (first === undefined) return new Uint8Array();
  const second = await reading.next();
  return second === undefined ? first : resume([first, second], reading);
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
