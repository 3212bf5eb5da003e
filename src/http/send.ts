import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import type { BodyStream } from "../exposition/body.ts";
import type { Chunks } from "../exposition/chunk-reader.ts";
import type { ScrapeResponse } from "../scrape/exchange.ts";
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
  signal: Signal,
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
    if (body instanceof Uint8Array) {
      // RFC 9110 §8.6: in a response to HEAD it would be the length of the body that GET gets.
      const length = response.req.method === "HEAD" ? undefined : body.length;
      writeHead(response, status, headers, length);
      response.end(body);
    } else {
      writeHead(response, status, headers);
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

/** To spread the headers into objects and read them there took 20 µs of a small scrape. */
function writeHead(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  length?: number,
): void {
  const head: string[] = [];
  for (const name in headers) head.push(name, headers[name] as string);
  for (const name in COMMON_HEADERS) head.push(name, COMMON_HEADERS[name] as string);
  if (length !== undefined) head.push("Content-Length", String(length));
  // HTTP/2 does not take a list, and neither do middlewares that replace `writeHead()`.
  const takesList = http2StreamOf(response) === undefined && !Object.hasOwn(response, "writeHead");
  response.writeHead(status, takesList ? head : fromPairs(head));
}

function fromPairs(head: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < head.length; index += 2) {
    headers[head[index] as string] = head[index + 1] as string;
  }
  return headers;
}

/**
 * How much of a body is written at once, in bytes. Static bytes at 100,000 lines took 5.4 ms in
 * writes of 64 KiB, 4.8 ms in writes of 128 KiB, and no less in larger ones.
 */
const WRITE_BYTES = 128 * 1_024;

/** Hands chunks to the kernel before it asks for the next, which may need their memory. */
async function writeAll(response: ServerResponse, body: BodyStream, signal: Signal): Promise<void> {
  let goOn = (): void => {};
  const write = writerOf(response, () => goOn());
  signal.addEventListener("abort", () => goOn());
  try {
    for (;;) {
      const next = body.next(WRITE_BYTES);
      const chunks = next instanceof Promise ? await next : next;
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
  // A middleware that compresses may know no callback, and keep the chunk: it gets a copy, and says
  // when it wants more.
  if (Object.hasOwn(response, "write")) {
    // Added only once: such a middleware passes the listener on to a stream of its own, which offers
    // no way to remove it and does not set `writableNeedDrain`.
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

function untilFinished(response: ServerResponse, signal: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (response.writableFinished || signal.aborted) resolve();
    response.on("finish", resolve);
    signal.addEventListener("abort", () => resolve());
  });
}
