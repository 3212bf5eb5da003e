import type { ServerResponse } from "node:http";
import type { ScrapeResponse } from "../scrape/scrape.ts";
import type { FixedAnswer } from "./request-head.ts";
import { http2StreamOf, resetResponse } from "./reset.ts";

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

/** The headers of every answer. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
};

/** Sends an answer that is always the same. */
export function sendFixed(response: ServerResponse, { status, text, headers }: FixedAnswer): void {
  const { Connection, ...others } = headers ?? {};
  // RFC 9113 §8.2.2: HTTP/2 has no such header.
  const canClose = Connection !== undefined && http2StreamOf(response) === undefined;
  sendText(response, status, text, { ...others, ...(canClose && { Connection }) });
}

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
  if (response.writableEnded) throw new Error("The response was ended by something else");
  signal.addEventListener("abort", cutOff);
  try {
    if (signal.aborted) {
      cutOff();
      return;
    }
    // A length that something else has set is not that of this body.
    response.removeHeader("Content-Length");
    const head = { ...headers, ...COMMON_HEADERS };
    if (body instanceof Uint8Array) {
      // RFC 9110 §8.6: in a response to HEAD it would be the length of the body that GET gets.
      const length = response.req.method !== "HEAD" && { "Content-Length": body.length };
      response.writeHead(status, { ...head, ...length });
      response.end(body);
    } else {
      response.writeHead(status, head);
      await writeAll(response, body, signal);
    }
    await untilFinished(response, signal);
  } catch (error) {
    cutOff();
    throw error;
  } finally {
    signal.removeEventListener("abort", cutOff);
  }
}

/** Hands a chunk to the kernel before it asks for the next one, which may need its memory. */
async function writeAll(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let goOn = (): void => {};
  // A middleware that compresses may know no callback, and keep the chunk: it gets a copy, and says
  // when it wants more.
  const isReplaced = Object.hasOwn(response, "write");
  // One listener for all times: such a middleware puts its own stream in the place of the response,
  // where no listener can be removed, and `writableNeedDrain` says nothing of it.
  if (isReplaced) response.on("drain", () => goOn());
  signal.addEventListener("abort", () => goOn());
  for await (const chunk of body) {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      goOn = resolve;
      if (!isReplaced) response.write(chunk, () => resolve());
      else if (response.write(Buffer.from(chunk)) || signal.aborted) resolve();
    });
  }
  response.end();
}

function untilFinished(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (response.writableFinished || signal.aborted) resolve();
    response.once("finish", resolve);
    signal.addEventListener("abort", () => resolve());
  });
}
