import type { ServerResponse } from "node:http";
import type { ScrapeResponse } from "../scrape/scrape.ts";

/** Sends a short text. Nothing of the request is ever part of it. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    ...COMMON_HEADERS,
    ...headers,
    ...(status !== NO_CONTENT && { "Content-Length": Buffer.byteLength(text) }),
  });
  response.end(status === NO_CONTENT ? undefined : text);
}

const NO_CONTENT = 204;

const COMMON_HEADERS = { "X-Content-Type-Options": "nosniff" };

/**
 * Sends the response of a scrape, no faster than the client reads it.
 *
 * When the body throws or the signal aborts, the socket is destroyed: a response that is cut off is
 * the only one that no client can take for complete.
 */
export async function sendScrape(
  response: ServerResponse,
  { status, headers, body }: ScrapeResponse,
  signal: AbortSignal,
): Promise<void> {
  const destroy = (): void => {
    response.destroy();
  };
  signal.addEventListener("abort", destroy);
  try {
    if (signal.aborted) {
      destroy();
      return;
    }
    if (body instanceof Uint8Array) {
      // RFC 9110 §8.6: in a response to HEAD it would be the length of the body that GET gets.
      const length = response.req.method !== "HEAD" && { "Content-Length": body.length };
      response.writeHead(status, { ...headers, ...COMMON_HEADERS, ...length });
      response.end(body);
    } else {
      response.writeHead(status, { ...headers, ...COMMON_HEADERS });
      await writeAll(response, body);
    }
    await untilFinished(response);
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
}

async function writeAll(response: ServerResponse, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await untilDrained(response);
  }
  response.end();
}

function untilDrained(response: ServerResponse): Promise<void> {
  return untilEvent(response, "drain", () => response.destroyed || !response.writableNeedDrain);
}

/** Waits until the kernel has the last byte, or the client has gone. */
function untilFinished(response: ServerResponse): Promise<void> {
  return untilEvent(response, "finish", () => response.destroyed || response.writableFinished);
}

function untilEvent(
  response: ServerResponse,
  event: "drain" | "finish",
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    if (isOver()) {
      resolve();
      return;
    }
    const settle = () => {
      response.off(event, settle).off("close", settle);
      resolve();
    };
    response.on(event, settle).on("close", settle);
  });
}
