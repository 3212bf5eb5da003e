import type { IncomingMessage, ServerResponse } from "node:http";
import { CANNOT_ANSWER } from "../http/request-head.ts";
import type { Log } from "../log.ts";
import type { Handler } from "../mount/create-handler.ts";

/** What stands in for a response: it takes a status, headers and a whole text. */
interface PlainResponse {
  statusCode: number;
  setHeader?(name: string, value: string): unknown;
  end(text: string): unknown;
}

/**
 * Answers a scrape that an application has routed to an exporter, as its `getMetricsRequestHandler()` does.
 * It never rejects, and ends every response.
 *
 * @param request May be anything: without a method and headers, it is a GET.
 */
export function answerRouted(
  request: IncomingMessage,
  response: ServerResponse,
  handler: Handler,
  log: Log,
): Promise<void> {
  const isRequest = typeof request?.method === "string" && typeof request.headers === "object";
  const asked = isRequest ? request : NO_REQUEST;
  if (isNodeResponse(response)) return handler(asked, response);
  return answerPlain(asked, response, handler, log);
}

/** Stands in for a request that an application has none of: the exporter of OpenTelemetry reads nothing. */
const NO_REQUEST = { method: "GET", url: "/", headers: {} } as IncomingMessage;

/**
 * Whether a response is one of `node:http`, or close to it, with a connection that takes what is written.
 * Applications on Bun and on edge runtimes pass an object with only `setHeader()` and `end()`, of which they
 * make a `Response`; in route handlers of Next.js, a `ServerResponse` without a connection, whose `end()`
 * they replace.
 */
function isNodeResponse(response: ServerResponse | PlainResponse): response is ServerResponse {
  const { write, writeHead, socket } = response as Partial<ServerResponse>;
  return typeof write === "function" && typeof writeHead === "function" && Boolean(socket);
}

/** Answers a scrape with text, through what stands in for a response. It never rejects. */
async function answerPlain(
  request: Pick<IncomingMessage, "headers">,
  response: PlainResponse,
  handler: Handler,
  log: Log,
): Promise<void> {
  const fail = (error: unknown): void => log.error(CANNOT_ANSWER, error);
  const { status, headers, text } = await readAnswer(request, handler).catch((error: unknown) => {
    // In jsdom there is no `Request`. Whoever waits for `end()` must get it.
    fail(error);
    return NO_ANSWER;
  });
  try {
    response.statusCode = status;
    for (const [name, value] of headers) response.setHeader?.(name, value);
    response.end(text);
  } catch (error) {
    fail(error);
  }
}

/** A whole answer. */
interface Answer {
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly text: string;
}

const NO_ANSWER: Answer = { status: 500, headers: [], text: "" };

async function readAnswer(
  { headers: { host, authorization } }: Pick<IncomingMessage, "headers">,
  handler: Handler,
): Promise<Answer> {
  // What stands in for a response takes only uncompressed text, so only who asks counts.
  const request = new Request("http://localhost/", {
    headers: { ...(host && { host }), ...(authorization && { authorization }) },
  });
  const answer = await handler.fetch(request);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
