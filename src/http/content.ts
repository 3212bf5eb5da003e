import type { IncomingMessage } from "node:http";
import { unref } from "../timers.ts";
import { type FixedAnswer, HAS_BODY, REQUEST_TIMEOUT } from "./fixed-answers.ts";

/**
 * Waits for the end of a request that is sent in chunks, of which there may be none: some proxies
 * send such requests for GET. What something else has read before is not looked at. It is loaded with the
 * first such request.
 *
 * @returns What to answer when there is content, or the end does not come in time; `undefined` when
 *   there is none.
 */
export function contentRefusal(
  request: IncomingMessage,
  timeoutMs: number,
): Promise<FixedAnswer | undefined> {
  if (request.readableDidRead || request.readableEnded || typeof request.on !== "function") {
    return Promise.resolve(undefined);
  }
  // Its client has gone since it came.
  if (request.destroyed) return Promise.resolve(REQUEST_TIMEOUT);
  return within(timeoutMs, (resolve) => {
    request.on("data", () => resolve(HAS_BODY));
    request.on("end", () => resolve(undefined));
    // Nobody gets the answer.
    request.on("close", () => resolve(REQUEST_TIMEOUT));
    request.on("error", () => resolve(REQUEST_TIMEOUT));
  });
}

/** Resolves as `start` does, or with the refusal of a request that takes too long. */
export function within(
  timeoutMs: number,
  start: (resolve: (refusal: FixedAnswer | undefined) => void) => void,
): Promise<FixedAnswer | undefined> {
  return new Promise((resolve) => {
    const timer = unref(setTimeout(() => resolve(REQUEST_TIMEOUT), timeoutMs));
    start((refusal) => {
      clearTimeout(timer);
      resolve(refusal);
    });
  });
}
