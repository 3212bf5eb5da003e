import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { parseResponse } from "../helpers/http/parse-response.ts";
import { parseExposition } from "../judge/index.ts";

/** An answer that a client may take for complete. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** The body, without its content encoding. */
  readonly body: Buffer;
}

/** The family that stands at the end of every long exposition of these tests. */
export const THE_END = "the_end";

/**
 * Reads what a client has received until the connection was closed, and respects the framing; gives
 * `undefined` for an answer that no client can take for complete.
 *
 * @param received One byte per character (latin1).
 * @param wasReset Whether the connection was reset, and not closed.
 */
export function readAnswer(received: string, wasReset = false): Answer | undefined {
  const framed = parseResponse(received) ?? (wasReset ? undefined : untilClosed(received));
  if (framed === undefined) return undefined;
  const bytes = Buffer.from(framed.body, "latin1");
  const body = framed.headers["content-encoding"] === "gzip" ? gunzip(bytes) : bytes;
  return body && { status: framed.status, contentType: framed.headers["content-type"] ?? "", body };
}

/** RFC 9112 §6.3: without a length and without chunks, a body ends with the connection. */
function untilClosed(received: string): ReturnType<typeof parseResponse> {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = received.slice(0, end);
  if (/\r\n(?:content-length|transfer-encoding):/i.test(head)) return undefined;
  const length = received.length - end - 4;
  const response = parseResponse(`${head}\r\nContent-Length: ${length}${received.slice(end)}`);
  return response && { ...response, head };
}

/** RFC 1952: what lacks the check sum at its end is not whole. */
function gunzip(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

/** Asserts that what looks like a complete scrape is a correct exposition. */
export function assertHonest(answer: Answer | undefined): void {
  if (answer?.status === 200) parseExposition(answer.contentType, answer.body);
}

/** Asserts that what looks like a complete scrape has a correct exposition with its last family. */
export function assertWhole(answer: Answer | undefined): void {
  if (answer?.status !== 200) return;
  const families = parseExposition(answer.contentType, answer.body);
  assert.equal(families.at(-1)?.name, THE_END, "a part looks like the whole");
}
