import type { Transform } from "node:stream";
import { createGzip } from "./gzip.ts";
import { createZstd } from "./zstd.ts";

/**
 * Compresses a stream of chunks, on the thread pool of Node, with memory for a few chunks.
 *
 * Nothing happens before the first `next()`, which loads `node:zlib`. A chunk belongs to its
 * producer again as soon as the next one is asked for, or the source's `return()` is called; the
 * next one is asked for as soon as there is room for its output.
 *
 * What the source throws reaches the consumer, in place of the output that it has not taken yet.
 * After that, and after an early `return()`, the output lacks its end: no decoder takes a part for
 * the whole. `return()` settles when the source has settled; what the source then throws is ignored.
 *
 * @param level The level of the encoding in question, `undefined` for its default. A level that the
 *   library refuses makes the first `next()` reject, with the source untouched.
 */
export async function* compress(
  chunks: AsyncIterable<Uint8Array>,
  encoding: "gzip" | "zstd",
  level: number | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = encoding === "gzip" ? createGzip(level) : createZstd(level);
  let onChange = (): void => {};
  // "close" follows the end as it does an error, which `feed` reports, but which needs a listener.
  for (const event of ["readable", "close", "error"]) stream.on(event, () => onChange());

  let isStopped = false;
  const feeding = feed(chunks, stream, () => isStopped);
  try {
    while (!stream.destroyed) {
      const output: Uint8Array | null = stream.read();
      if (output !== null) yield output;
      else await new Promise<void>((resolve) => (onChange = resolve));
    }
    const failure = await feeding;
    if (failure !== undefined) throw failure.reason;
  } finally {
    isStopped = true;
    // A write under way still reads the producer's buffer, and waits for room for its output.
    onChange = () => {
      while (stream.read() !== null);
    };
    onChange();
    await feeding;
    stream.destroy();
  }
}

/** Wraps what was thrown, which may be `undefined`. */
interface Failure {
  readonly reason: unknown;
}

/**
 * Writes the chunks into the stream, one at a time, and ends it.
 *
 * Never rejects, since nobody may be waiting: it destroys the stream and gives the failure.
 */
async function feed(
  chunks: AsyncIterable<Uint8Array>,
  stream: Transform,
  isStopped: () => boolean,
): Promise<Failure | undefined> {
  try {
    for await (const chunk of chunks) {
      await settled(stream, (done) => stream.write(chunk, done));
      // Leaving the loop calls the source's `return()`.
      if (isStopped()) return undefined;
    }
    await settled(stream, (done) => stream.end(done));
    return undefined;
  } catch (reason) {
    stream.destroy();
    return { reason };
  }
}

/** Starts an operation on the stream, and settles with it or with the stream's failure. */
function settled(
  stream: Transform,
  start: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // A stream that fails closes without a word to the operation under way.
    const onClose = (): void => reject(stream.errored ?? new Error("The stream was closed"));
    stream.once("close", onClose);
    start((error) => {
      stream.off("close", onClose);
      if (error) reject(error);
      else resolve();
    });
  });
}
