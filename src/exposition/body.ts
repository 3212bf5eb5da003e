import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { ChunkReader, Chunks } from "./chunk-reader.ts";

/** The body of a response: all of it, or what is made while it is sent. */
export type Body = Uint8Array | BodyStream;

/** A body that is made while it is sent. */
export interface BodyStream {
  /**
   * Gives the next chunks, or `undefined` at the end: about `bytes` of them, and fewer where that
   * would mean to wait. They are valid until the next ones are asked for.
   */
  next(bytes: number): MaybePromise<Chunks | undefined>;
  /** Must be called in the end, wherever it has got to. It may be called any number of times. */
  stop(): MaybePromise<void>;
}

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
export function startBody(
  reading: ChunkReader,
  maxWholeBytes: number = MAX_WHOLE_BYTES,
): MaybePromise<Body> {
  return readOn(reading, maxWholeBytes, []);
}

function readOn(reading: ChunkReader, maxWholeBytes: number, first: Chunks): MaybePromise<Body> {
  const missing = maxWholeBytes + 1 - lengthOf(first);
  if (missing <= 0) return streamOf(first, reading);
  return andThen(reading.next(missing), (chunks) =>
    chunks === undefined
      ? reading.join(first)
      : readOn(reading, maxWholeBytes, first.length === 0 ? chunks : [...first, ...chunks]),
  );
}

/** The stream of what has been read already, and what is left. */
function streamOf(first: Chunks, reading: ChunkReader): BodyStream {
  let begun: Chunks | undefined = first;
  reading.reuseMemory();
  return {
    next(bytes) {
      const chunks = begun ?? reading.next(bytes);
      begun = undefined;
      return chunks;
    },
    stop: () => reading.stop(),
  };
}

/** The stream of what an asynchronous generator yields. */
export function streamOfGenerator(chunks: AsyncGenerator<Uint8Array, void, undefined>): BodyStream {
  return {
    async next() {
      const { done, value } = await chunks.next();
      return done ? undefined : [value];
    },
    stop: async () => {
      await chunks.return();
    },
  };
}

/** The chunks of a stream, one by one. */
export async function* chunksOf(body: BodyStream): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (;;) {
      const chunks = await body.next(1);
      if (chunks === undefined) return;
      yield* chunks;
    }
  } finally {
    await body.stop();
  }
}

/** Counts the bytes of a body as they are sent. */
export function counted(body: Body, count: (bytes: number) => void): Body {
  if (!(body instanceof Uint8Array)) return countedStream(body, count);
  count(body.length);
  return body;
}

function countedStream(body: BodyStream, count: (bytes: number) => void): BodyStream {
  const taken = (chunks: Chunks | undefined) => {
    if (chunks !== undefined) count(lengthOf(chunks));
    return chunks;
  };
  return {
    next: (bytes) => andThen(body.next(bytes), taken),
    stop: () => body.stop(),
  };
}

function lengthOf(chunks: Chunks): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
