import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Guard } from "../http/access/guard.ts";
import { type FixedAnswer, HOST_NOT_ALLOWED } from "../http/fixed-answers.ts";
import { answerScrape, headOf } from "../http/node.ts";
import {
  CANNOT_ANSWER,
  fixedAnswerOf,
  isChunked,
  malformationOf,
  type RequestHead,
} from "../http/request-head.ts";
import { allHeaders, sendFixed, setHeaders, tryToReset, untilGone } from "../http/send.ts";
import { andThen, type MaybePromise, orElse } from "../maybe-promise.ts";
import type { MountParts } from "./answer-fetch.ts";

/** Answers requests that another web server passes on, whatever their path. */
export interface Mount {
  /**
   * Answers a request of `node:http`, or of the compatibility API of `node:http2`: the one that
   * Express, Fastify, Koa and NestJS pass on. It never throws, and ends every response. The promise
   * never rejects. It resolves when the response is finished, or its client is gone.
   */
  (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): Promise<void>;
  /**
   * Answers a request of the Fetch API: Hono, Next.js, Bun, Deno. It does not use `this`. It never
   * rejects, except with what Next.js throws to interrupt a prerender.
   */
  readonly fetch: (request: Request) => Promise<Response>;
}

/**
 * Makes a mount, which rejects what no scraper sends and never throws into its host.
 *
 * @internal
 */
export function createMount(parts: MountParts): Mount {
  const handle: (...parameters: Parameters<Mount>) => Promise<void> = (request, response) => {
    // What we use of them also exists in the compatibility API of HTTP/2.
    const [nodeRequest, nodeResponse] = [request as IncomingMessage, response as ServerResponse];
    try {
      return answer(nodeRequest, nodeResponse, parts) ?? GONE;
    } catch (error) {
      fail(error, nodeResponse, parts);
      return GONE;
    }
  };

  const fetch: Mount["fetch"] = async (request) => {
    try {
      // While Next.js builds, this throws what it catches itself, but only in the turn of its call.
      void request.url;
      const { answerFetch } = await import("./answer-fetch.ts");
      return await answerFetch(request, parts);
    } catch (error) {
      if (isInterruption(error)) throw error;
      parts.log.error(CANNOT_ANSWER, error);
      return new Response(null, { status: 500, headers: allHeaders({}) });
    }
  };

  return Object.assign(handle, { fetch });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: MountParts,
): MaybePromise<void> {
  // A write to a socket that the client has closed is an event of the response.
  response.on?.("error", () => {});
  if (response.headersSent) throw new Error("Something else has answered it already");
  const exchange = { request, response, head: headOf(request) };
  return parts.guard === undefined
    ? answerAdmitted(exchange, parts)
    : answerIfAdmitted(exchange, parts, parts.guard);
}

function answerIfAdmitted(exchange: Exchange, parts: MountParts, guard: Guard): MaybePromise<void> {
  const { request, response, head } = exchange;
  const isHealth = "isHealth" in parts.content;
  return orElse<void>(
    () =>
      andThen(malformationOf(head) ?? guard.admit({ head, request, isHealth }), (refusal) => {
        setHeaders(response, guard.headers);
        return refusal === undefined
          ? answerAdmitted(exchange, parts)
          : answerWith(refusal, response);
      }),
    (error) => fail(error, response, parts),
  );
}

function answerAdmitted(exchange: Exchange, parts: MountParts): MaybePromise<void> {
  const { response, head } = exchange;
  const fixed = fixedAnswerOf(head, parts.options.allowedHosts);
  if (fixed === HOST_NOT_ALLOWED) parts.guard?.hostRefused();
  if (fixed !== undefined) return answerWith(fixed, response);
  return isChunked(head) ? answerAtItsEnd(exchange, parts) : answerContent(exchange, parts);
}

/** Answers a request when its end has shown that it has no content. */
async function answerAtItsEnd(exchange: Exchange, parts: MountParts): Promise<void> {
  const { request, response } = exchange;
  try {
    const { contentRefusal } = await import("../http/content.ts");
    const refusal = await contentRefusal(request, parts.options.timeoutMs);
    await (refusal === undefined ? answerContent(exchange, parts) : answerWith(refusal, response));
  } catch (error) {
    fail(error, response, parts);
  }
}

function answerContent(
  { request, response, head }: Exchange,
  { content }: MountParts,
): MaybePromise<void> {
  if ("scrape" in content) {
    return answerScrape(request, response, head, content.scrape, content.headers);
  }
  return andThen(content.fixed(head), (fixed) => answerWith(fixed, response));
}

function answerWith(fixed: FixedAnswer, response: ServerResponse): Promise<void> {
  sendFixed(response, fixed);
  return untilGone(response);
}

function fail(error: unknown, response: ServerResponse, { log }: MountParts): void {
  log.error(CANNOT_ANSWER, error);
  if (!response?.writableEnded) tryToReset(response);
}

/**
 * Whether the host has thrown this to be caught by itself: while Next.js builds, reading a request
 * throws an error with a `digest`, which says that the route cannot be static.
 */
function isInterruption(error: unknown): boolean {
  return error instanceof Error && "digest" in error;
}

const GONE = Promise.resolve();
