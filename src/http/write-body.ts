import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import type { BodyStream } from "../exposition/body.ts";
import type { Chunks } from "../exposition/chunk-reader.ts";
import { isPromise, isThenable } from "../maybe-promise.ts";
import { nextTurn, unref } from "../timers.ts";
import { isNative } from "./native.ts";
import { http2StreamOf } from "./reset.ts";

/**
 * How much of a body is written at once, in bytes. Static bytes at 100,000 lines took 5.4 ms in
 * writes of 64 KiB, 4.8 ms in writes of 128 KiB, and no less in larger ones.
 */
const WRITE_BYTES = 128 * 1_024;

/**
 * Writes a body that is made while it is sent. It asks for chunks only when the kernel has the last ones,
 * whose memory they reuse.
 *
 * @throws What the response throws or rejects with, what the body throws, or the signal's reason.
 */
export async function writeStream(
  response: ServerResponse,
  body: BodyStream,
  signal: Signal,
): Promise<void> {
  const write = isNative(response, "write")
    ? writerOf(response, signal)
    : replacedWriterOf(response, signal);
  for (;;) {
    const next = body.next(WRITE_BYTES);
    const chunks = isPromise(next) ? await next : next;
    signal.throwIfAborted();
    if (chunks === undefined) return;
    await write(chunks);
    signal.throwIfAborted();
  }
}

/** Writes some chunks, and resolves when more may follow, or the signal aborts. */
type Write = (chunks: Chunks) => Promise<void>;

/** Makes the function that writes some chunks through Node's own `write()`. */
function writerOf(response: ServerResponse, signal: Signal): Write {
  let onTaken = (): void => {};
  signal.addEventListener("abort", () => onTaken());
  const writeEach = (chunks: Chunks): void => {
    const last = chunks.length - 1;
    for (let index = 0; index < last; index++) response.write(chunks[index]);
    response.write(chunks[last], () => onTaken());
  };
  const isHttp2 = http2StreamOf(response) !== undefined;
  const writeAtOnce = (chunks: Chunks): void => {
    if (isHttp2) {
      writeEach(chunks);
      return;
    }
    // One chunk of the chunked coding for all, and one write: Node corks the socket with the
    // response, but uncorks it too early.
    const { socket } = response;
    socket?.cork();
    response.cork();
    writeEach(chunks);
    response.uncork();
    socket?.uncork();
  };
  return (chunks) =>
    new Promise((resolve) => {
      onTaken = resolve;
      writeAtOnce(chunks);
    });
}

/**
 * How often to check whether a response that emits no "drain" takes more, in milliseconds. What has
 * said that it is behind, as a compressor does, is most likely to emit it.
 */
const DRAIN_CHECK_MS = { asked: 100, found: 20 };

/**
 * Makes the function that writes some chunks through a `write()` that something has replaced. It may
 * keep the chunk, which is a copy, ignore the callback, and return anything: `false` if it compresses
 * and is behind, a promise, or `undefined`, because whoever wrote it forgot to return.
 */
function replacedWriterOf(response: ServerResponse, signal: Signal): Write {
  let stopWaiting = (): void => {};
  const onDrain = () => stopWaiting();
  // Added only once: a middleware that compresses passes the listener on to its own stream, from which
  // it cannot be removed. That stream does not set `writableNeedDrain`.
  response.on?.("drain", onDrain);
  signal.addEventListener("abort", onDrain);
  return async (chunks) => {
    const drained = new Promise<void>((resolve) => {
      stopWaiting = resolve;
    });
    const returned: unknown = response.write(Buffer.concat(chunks));
    const result = isThenable(returned) ? await Promise.race([returned, drained]) : returned;
    // Gives what compresses behind it time to write.
    if (result !== false) await nextTurn();
    if (result !== false && !isBehind(response)) return;
    // The event may have gone to a stream that is not behind, or never come.
    const intervalMs = result === false ? DRAIN_CHECK_MS.asked : DRAIN_CHECK_MS.found;
    const timer = unref(setInterval(() => isBehind(response) || onDrain(), intervalMs));
    await drained;
    clearInterval(timer);
  };
}

/** Whether a response has more to send than it should hold. */
function isBehind(response: ServerResponse): boolean {
  const { writableNeedDrain, writableLength } = http2StreamOf(response) ?? response;
  // A mock never drains, but holds nothing either.
  return writableNeedDrain && writableLength > 0;
}
