import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { contentRefusal, fetchContentRefusal } from "../http/content.ts";
import { emptyResponse, fetchHeadOf, fixedResponse } from "../http/fetch.ts";
import type { FixedAnswer } from "../http/fixed-answers.ts";
import { headOf } from "../http/node.ts";
import { CANNOT_ANSWER, fixedAnswerOf, isChunked, type RequestHead } from "../http/request-head.ts";
import { sendFixed, tryToReset } from "../http/send.ts";
import { untilGone } from "../http/write-body.ts";
import type { Log } from "../log.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";

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
 * Answers the requests of a mount that are not refused. Neither function rejects; what they throw is
 * logged, and the client gets an error.
 *
 * @internal
 */
export interface Answerer {
  /** What it returns is settled when the response is finished, or its client is gone. */
  node(request: IncomingMessage, response: ServerResponse, head: RequestHead): MaybePromise<void>;
  fetch(request: Request): MaybePromise<Response>;
}

/**
 * Makes an answerer of an answer that holds no metrics.
 *
 * @internal
 */
export function fixedAnswerer(
  answerOf: (head: RequestHead) => MaybePromise<FixedAnswer>,
): Answerer {
  return {
    node: (_request, response, head) =>
      andThen(answerOf(head), (answer) => answerWith(answer, response)),
    fetch: (request) => andThen(answerOf(fetchHeadOf(request)), fixedResponse),
  };
}

function answerWith(fixed: FixedAnswer, response: ServerResponse): Promise<void> {
  sendFixed(response, fixed);
  return untilGone(response);
}

/**
 * Makes a mount, which rejects what no scraper sends and never throws into its host.
 *
 * @internal
 */
export function createMount(
  answerer: Answerer,
  { allowedHosts, timeoutMs }: Pick<ResolvedHandlerOptions, "allowedHosts" | "timeoutMs">,
  log: Log,
): Mount {
  const fail = (error: unknown, response: ServerResponse): void => {
    log.error(CANNOT_ANSWER, error);
    if (!response?.writableEnded) tryToReset(response);
  };

  const answerAtItsEnd = async (
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
  ) => {
    try {
      const refusal = await contentRefusal(request, timeoutMs);
      await (refusal === undefined
        ? answerer.node(request, response, head)
        : answerWith(refusal, response));
    } catch (error) {
      fail(error, response);
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse): MaybePromise<void> => {
    // A write to a socket that the client has closed is an event of the response.
    response.on?.("error", () => {});
    if (response.headersSent) throw new Error("Something else has answered it already");
    const head = headOf(request);
    const fixed = fixedAnswerOf(head, allowedHosts);
    if (fixed !== undefined) return answerWith(fixed, response);
    return isChunked(head)
      ? answerAtItsEnd(request, response, head)
      : answerer.node(request, response, head);
  };

  const handle: (...parameters: Parameters<Mount>) => Promise<void> = (request, response) => {
    // What we use of them also exists in the compatibility API of HTTP/2.
    const [nodeRequest, nodeResponse] = [request as IncomingMessage, response as ServerResponse];
    try {
      return answer(nodeRequest, nodeResponse) ?? GONE;
    } catch (error) {
      fail(error, nodeResponse);
      return GONE;
    }
  };

  const fetch: Mount["fetch"] = async (request) => {
    try {
      const head = fetchHeadOf(request);
      let fixed = fixedAnswerOf(head, allowedHosts);
      if (fixed === undefined && isChunked(head)) {
        fixed = await fetchContentRefusal(request, timeoutMs);
      }
      return fixed === undefined ? await answerer.fetch(request) : fixedResponse(fixed);
    } catch (error) {
      if (isInterruption(error)) throw error;
      log.error(CANNOT_ANSWER, error);
      return emptyResponse(500);
    }
  };

  return Object.assign(handle, { fetch });
}

/**
 * Whether the host has thrown this to be caught by itself: while Next.js builds, reading a request
 * throws an error with a `digest`, which says that the route cannot be static.
 */
function isInterruption(error: unknown): boolean {
  return error instanceof Error && "digest" in error;
}

const GONE = Promise.resolve();
