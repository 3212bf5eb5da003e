import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import type { BodyStream } from "../exposition/body.ts";
import { isThenable } from "../maybe-promise.ts";
import { isNative } from "./native.ts";

/**
 * Writes a body that is made while it is sent, and ends the response. Its code is loaded for the first:
 * many processes have only bodies that are whole.
 *
 * @throws What `writeStream()` throws.
 */
export async function writeLater(
  response: ServerResponse,
  body: BodyStream,
  signal: Signal,
): Promise<void> {
  try {
    const { writeStream } = await import("./write-stream.ts");
    await writeStream(response, body, signal);
  } finally {
    await body.stop();
  }
  await endResponse(response, signal);
}

/**
 * Ends a response, and waits until the kernel has all of it, or the signal aborts.
 *
 * @param body The last part; its memory is not read any more when the promise resolves.
 * @throws What an `end()` that something has replaced throws or rejects with.
 */
export function endResponse(
  response: ServerResponse,
  signal: Signal,
  body?: Uint8Array,
): Promise<void> {
  return new Promise((resolve, reject) => {
    response.on?.("finish", resolve);
    signal.addEventListener("abort", () => resolve());
    const result: unknown = callEnd(response, body);
    if (isThenable(result)) result.then(undefined, reject);
    // A mock may not tell whether it is finished.
    if (response.writableFinished !== false || signal.aborted) resolve();
  });
}

function callEnd(response: ServerResponse, body: Uint8Array | undefined): unknown {
  if (body === undefined) return response.end();
  // What has replaced it may keep the body: for a log, or until the next turn.
  return response.end(isNative(response, "end") ? body : Buffer.from(body));
}

/** Resolves when the response is finished, or its client is gone. */
export function untilGone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.on?.("finish", resolve);
    response.on?.("close", resolve);
    if (response.writableFinished !== false || response.destroyed) resolve();
  });
}
