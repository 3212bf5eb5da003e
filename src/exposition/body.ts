import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { ChunkReader, Chunks } from "./chunk-reader.ts";

/** The body of a response: whole, or a stream that is made while it is sent. */
export type Body = Uint8Array | BodyStream;

/** Whether a body is whole. Not by `instanceof`: in jsdom a `Buffer` is not of its `Uint8Array`. */
export function isWhole(body: Body): body is Uint8Array {
  return ArrayBuffer.isView(body);
}

/** A body that is made while it is sent. */
export interface BodyStream {
  /**
   * Returns the next chunks, or `undefined` at the end: about `bytes` bytes, fewer if more would have to
   * be waited for. They are valid until the next ones are asked for.
   */
  next(bytes: number): MaybePromise<Chunks | undefined>;
  /** Must be called in the end, even after a failure; more calls do nothing. */
  stop(): MaybePromise<void>;
  /** How many bytes it has returned; absent where they are not counted. */
  readonly sentBytes?: number;
}

/**
 * The size up to which a body is sent whole, in bytes: with its length, and in one write, which costs
 * less than two. A larger body is streamed.
 */
const MAX_WHOLE_BYTES = 128 * 1_024;

/**
 * Reads a body until its end, or until it is too large to be sent whole.
 *
 * A failure until then can still get an error response.
 */
export function startBody(
  reader: ChunkReader,
  maxWholeBytes: number = MAX_WHOLE_BYTES,
): MaybePromise<Body> {
  return readOn(reader, maxWholeBytes, []);
}

function readOn(reader: ChunkReader, maxWholeBytes: number, first: Chunks): MaybePromise<Body> {
  const missing = maxWholeBytes + 1 - lengthOf(first);
  if (missing <= 0) return streamOf(first, reader);
  return andThen(reader.next(missing), (chunks) =>
    chunks === undefined
      ? reader.join(first)
      : readOn(reader, maxWholeBytes, first.length === 0 ? chunks : [...first, ...chunks]),
  );
}

/** The stream of what has been read already, then of what is left. */
function streamOf(first: Chunks, reader: ChunkReader): BodyStream {
  let begun: Chunks | undefined = first;
  reader.reuseMemory();
  return {
    next(bytes) {
      const chunks = begun ?? reader.next(bytes);
      begun = undefined;
      return chunks;
    },
    stop: () => reader.stop(),
  };
}

/** Makes a stream of what an asynchronous generator yields. */
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

/** Yields the chunks of a stream one by one. */
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
  if (!isWhole(body)) return countedStream(body, count);
  count(body.length);
  return body;
}

function countedStream(body: BodyStream, count: (bytes: number) => void): BodyStream {
  const taken = (chunks: Chunks | undefined) => {
    if (chunks === undefined) return chunks;
    const bytes = lengthOf(chunks);
    stream.sentBytes += bytes;
    count(bytes);
    return chunks;
  };
  const stream = {
    sentBytes: 0,
    next: (bytes: number) => andThen(body.next(bytes), taken),
    stop: () => body.stop(),
  };
  return stream;
}

function lengthOf(chunks: Chunks): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
