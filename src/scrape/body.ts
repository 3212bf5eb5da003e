import { hasTimeLeft, nextTurn } from "./turns.ts";

/** The body of a response: all of it, or what is made while it is sent. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Starts the encoding of a body, up to the point where it is known whether one chunk holds it all.
 *
 * What fails until then can still be answered with an error of its own.
 *
 * @param chunks The encoder at work; an empty chunk is a pause.
 * @param signal Stops the encoding: the reading of the body then throws its reason.
 */
export async function startBody(chunks: Iterator<Uint8Array>, signal: AbortSignal): Promise<Body> {
  const body = inTurns(chunks, signal);
  const first = await body.next();
  if (first.done) return new Uint8Array();
  const second = await body.next();
  return second.done ? first.value : resume(first.value, second.value, body);
}

async function* inTurns(
  chunks: Iterator<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      signal.throwIfAborted();
      // To wait for the socket is not enough: while the kernel takes every chunk at once, that
      // never gives the event loop back.
      if (!hasTimeLeft()) {
        await nextTurn();
        continue;
      }
      const { done, value } = chunks.next();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } finally {
    chunks.return?.();
  }
}

async function* resume(
  first: Uint8Array,
  second: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first;
    yield second;
    yield* rest;
  } finally {
    await rest.return();
  }
}
