import type { ServerResponse } from "node:http";
import type { Signal } from "../abort.ts";
import { type BodyStream, isWhole } from "../exposition/body.ts";
import { isThenable } from "../maybe-promise.ts";
import type { ScrapeResponse } from "../scrape/exchange.ts";
import type { FixedAnswer } from "./fixed-answers.ts";
import { isNative } from "./native.ts";
import { http2StreamOf, resetResponse } from "./reset.ts";

/** Headers by their names. */
export type Headers = Readonly<Record<string, string>>;

/** The headers of every answer, whichever server sends it. */
const COMMON_HEADERS: Headers = { "X-Content-Type-Options": "nosniff" };

const NO_HEADERS: Headers = {};

/** Returns all headers of an answer. */
export function allHeaders(headers: Headers, length?: number): Record<string, string> {
  return fromPairs(pairsOf(headers, length));
}

const NO_CONTENT = 204;

/** Sets headers that a response has beside those of its answer. */
export function setHeaders(response: ServerResponse, headers: Headers = {}): void {
  for (const name in headers) response.setHeader(name, headers[name] as string);
}

/** Sends an answer that is always the same. Nothing of the request is ever part of it. */
export function sendFixed(response: ServerResponse, answer: FixedAnswer): void {
  const { status, text, headers, challenges } = answer;
  if (challenges !== undefined) response.setHeader("WWW-Authenticate", challenges);
  const { Connection, ...others } = headers ?? {};
  // RFC 9113 §8.2.2: HTTP/2 has no such header.
  const canClose = Connection !== undefined && http2StreamOf(response) === undefined;
  const given = {
    "Content-Type": "text/plain; charset=utf-8",
    ...others,
    ...(canClose && { Connection }),
  };
  const hasBody = status !== NO_CONTENT;
  writeHead(response, status, pairsOf(given, hasBody ? Buffer.byteLength(text) : undefined));
  cutOffIfRejected(response.end(hasBody ? text : undefined), response);
}

/**
 * Sends the response of a scrape, no faster than the client reads it, and ends it. It never rejects.
 *
 * When the body throws or the signal aborts, the connection is reset: a response that is cut off is
 * the only one that no client can take for complete.
 *
 * @param headers Replace those of the response.
 */
export async function sendScrape(
  response: ServerResponse,
  answer: ScrapeResponse,
  headers: Headers = NO_HEADERS,
  isHead: boolean = response.req.method === "HEAD",
): Promise<void> {
  const { signal } = answer;
  if (response.writableEnded) {
    answer.end(new Error("Cannot send the response: something else has ended it"));
    return;
  }
  const cutOff = () => tryToReset(response);
  const failure: [error?: unknown] = [];
  signal.addEventListener("abort", cutOff);
  try {
    if (signal.aborted) cutOff();
    else await write(response, answer, headers, isHead);
  } catch (error) {
    failure.push(error);
  }
  signal.removeEventListener("abort", cutOff);
  answer.end(...failure);
  // Only now: a TLS socket may emit "close" at once, which would count as a client that disconnects.
  if (failure.length > 0) cutOff();
}

function write(
  response: ServerResponse,
  { status, headers, body, signal }: ScrapeResponse,
  replacements: Headers,
  isHead: boolean,
): Promise<void> {
  const given = replacements === NO_HEADERS ? headers : { ...headers, ...replacements };
  // A length that something else has set is not that of this body.
  response.removeHeader?.("Content-Length");
  if (isWhole(body)) {
    // RFC 9110 §8.6: in a response to HEAD it would be the length of the body that GET gets.
    writeHead(response, status, pairsOf(given, isHead ? undefined : body.length));
    return endResponse(response, signal, body);
  }
  writeHead(response, status, pairsOf(given));
  return writeLater(response, body, signal);
}

/** Writes a body that is made while it is sent. Its code is loaded for the first: many have none. */
async function writeLater(
  response: ServerResponse,
  body: BodyStream,
  signal: Signal,
): Promise<void> {
  try {
    const { writeStream } = await import("./write-body.ts");
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
function endResponse(response: ServerResponse, signal: Signal, body?: Uint8Array): Promise<void> {
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

/**
 * Writes the head, or leaves it to the first byte of the body where something has replaced a method:
 * what changes or counts the body may have headers to add when it has seen that.
 */
function writeHead(response: ServerResponse, status: number, pairs: string[]): void {
  // RFC 9112 §6.2: a length may not be sent with a transfer coding, which something else may have set.
  if (response.hasHeader?.("Transfer-Encoding") && pairs.includes("Content-Length")) {
    response.removeHeader("Transfer-Encoding");
  }
  // HTTP/2 does not take a list, and a mock may have only one of the two ways.
  if (http2StreamOf(response) !== undefined || typeof response.setHeader !== "function") {
    response.writeHead(status, fromPairs(pairs));
  } else if (METHODS.every((name) => isNative(response, name))) {
    response.writeHead(status, pairs);
  } else {
    response.statusCode = status;
    for (let index = 0; index < pairs.length; index += 2) {
      response.setHeader(pairs[index] as string, pairs[index + 1] as string);
    }
  }
}

const METHODS = ["writeHead", "write", "end"] as const;

/** Handles the promise of a method that something has replaced, so that it does not reach the process. */
function cutOffIfRejected(result: unknown, response: ServerResponse): void {
  if (isThenable(result)) result.then(undefined, () => tryToReset(response));
}

/** Cuts a response off, which what is not Node's, such as a mock, may not be able to do. */
export function tryToReset(response: ServerResponse): void {
  try {
    resetResponse(response);
  } catch {
    // Nothing else can be done for its client.
  }
}

/**
 * The headers as a list of names and values. To spread them into objects and read them there took
 * 20 µs of a small scrape.
 */
function pairsOf(headers: Headers, length?: number): string[] {
  const pairs: string[] = [];
  for (const name in headers) pairs.push(name, headers[name] as string);
  for (const name in COMMON_HEADERS) pairs.push(name, COMMON_HEADERS[name] as string);
  if (length !== undefined) pairs.push("Content-Length", String(length));
  return pairs;
}

function fromPairs(pairs: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) {
    headers[pairs[index] as string] = pairs[index + 1] as string;
  }
  return headers;
}
