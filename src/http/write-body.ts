import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import type { BodyStream } from "../exposition/body.ts";
import type { Chunks } from "../exposition/chunk-reader.ts";
import { isPromise } from "../maybe-promise.ts";
import { http2StreamOf } from "./reset.ts";

/**
 * How much of a body is written at once, in bytes. Static bytes at 100,000 lines took 5.4 ms in
 * writes of 64 KiB, 4.8 ms in writes of 128 KiB, and no less in larger ones.
 */
const WRITE_BYTES = 128 * 1_024;

/** Writes a whole body. It asks for chunks only when the kernel has the last ones, whose memory they reuse. */
export async function writeAll(
  response: ServerResponse,
  body: BodyStream,
  signal: Signal,
): Promise<void> {
  let goOn = (): void => {};
  const write = writerOf(response, () => goOn());
  signal.addEventListener("abort", () => goOn());
  try {
    for (;;) {
      const next = body.next(WRITE_BYTES);
      const chunks = isPromise(next) ? await next : next;
      signal.throwIfAborted();
      if (chunks === undefined) break;
      await new Promise<void>((resolve) => {
        goOn = resolve;
        write(chunks);
      });
      signal.throwIfAborted();
    }
  } finally {
    await body.stop();
  }
  response.end();
}

/** Makes the function that writes some chunks, and calls `onTaken` when more may follow. */
function writerOf(response: ServerResponse, onTaken: () => void): (chunks: Chunks) => void {
  // A middleware that compresses may ignore the callback and keep the chunk: it gets a copy, and emits
  // "drain" when it can take more.
  if (Object.hasOwn(response, "write")) {
    // Added only once: such a middleware passes the listener on to its own stream, from which it cannot
    // be removed, and which does not set `writableNeedDrain`.
    response.on("drain", onTaken);
    return (chunks) => {
      if (response.write(Buffer.concat(chunks))) onTaken();
    };
  }
  const writeEach = (chunks: Chunks): void => {
    const last = chunks.length - 1;
    for (let index = 0; index < last; index++) response.write(chunks[index]);
    response.write(chunks[last], onTaken);
  };
  if (http2StreamOf(response) !== undefined) return writeEach;
  return (chunks) => {
    // One chunk of the chunked coding for all, and one write: Node corks the socket with the
    // response, but uncorks it too early.
    const { socket } = response;
    socket?.cork();
    response.cork();
    writeEach(chunks);
    response.uncork();
    socket?.uncork();
  };
}

/** Resolves when the kernel has all of the response, or the signal aborts. */
export function untilFinished(response: ServerResponse, signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (response.writableFinished || signal.aborted) resolve();
    response.on("finish", resolve);
    signal.addEventListener("abort", () => resolve());
  });
}

/** Resolves when the response is finished, or its client is gone. */
export function untilGone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.writableFinished || response.destroyed) resolve();
    response.on("finish", resolve);
    response.on("close", resolve);
  });
}
