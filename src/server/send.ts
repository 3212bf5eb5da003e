import type { ServerResponse } from "node:http";
import type { ScrapeResponse } from "../scrape/scrape.ts";
import { resetResponse } from "./reset.ts";

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
 * When the body throws or the signal aborts, the connection is reset: a response that is cut off is
 * the only one that no client can take for complete.
 *
 * @param signal Must abort when the client has gone. Node says so of a response only when its turn
 *   on the connection has come.
 */
export async function sendScrape(
  response: ServerResponse,
  { status, headers, body }: ScrapeResponse,
  signal: AbortSignal,
): Promise<void> {
  const cutOff = (): void => resetResponse(response);
  signal.addEventListener("abort", cutOff);
  try {
    if (signal.aborted) {
      cutOff();
      return;
    }
    if (body instanceof Uint8Array) {
      // RFC 9110 §8.6: in a response to HEAD it would be the length of the body that GET gets.
      const length = response.req.method !== "HEAD" && { "Content-Length": body.length };
      response.writeHead(status, { ...headers, ...COMMON_HEADERS, ...length });
      response.end(body);
    } else {
      response.writeHead(status, { ...headers, ...COMMON_HEADERS });
      await writeAll(response, body, signal);
    }
    await untilEvent(response, "finish", () => response.writableFinished, signal);
  } catch (error) {
    cutOff();
    throw error;
  } finally {
    signal.removeEventListener("abort", cutOff);
  }
}

async function writeAll(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of body) {
    signal.throwIfAborted();
    if (!response.write(chunk)) {
      await untilEvent(response, "drain", () => !response.writableNeedDrain, signal);
    }
  }
  response.end();
}

function untilEvent(
  response: ServerResponse,
  event: "drain" | "finish",
  isOver: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (isOver() || signal.aborted) {
      resolve();
      return;
    }
    const settle = () => {
      response.off(event, settle);
      signal.removeEventListener("abort", settle);
      resolve();
    };
    response.on(event, settle);
    signal.addEventListener("abort", settle);
  });
}
