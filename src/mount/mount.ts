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
import type { Log } from "../log.ts";
import { andThen, type MaybePromise, orElse } from "../maybe-promise.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { Content } from "./answer-fetch.ts";

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

function answerContent(
  content: Content,
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
): MaybePromise<void> {
  if ("scrape" in content) {
    return answerScrape(request, response, head, content.scrape, content.headers);
  }
  return andThen(content.fixed(head), (answer) => answerWith(answer, response));
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
  content: Content,
  options: Pick<ResolvedHandlerOptions, "allowedHosts" | "timeoutMs">,
  log: Log,
  guard?: Guard,
): Mount {
  const { allowedHosts, timeoutMs } = options;
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
      const { contentRefusal } = await import("../http/content.ts");
      const refusal = await contentRefusal(request, timeoutMs);
      await (refusal === undefined
        ? answerContent(content, request, response, head)
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
    return guard === undefined
      ? answerAdmitted(request, response, head)
      : answerIfAdmitted(request, response, head, guard);
  };

  const answerIfAdmitted = (
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    guard: Guard,
  ): MaybePromise<void> => {
    const respond = (refusal: FixedAnswer | undefined): MaybePromise<void> => {
      setHeaders(response, guard.headers);
      return refusal === undefined
        ? answerAdmitted(request, response, head)
        : answerWith(refusal, response);
    };
    return orElse<void>(
      () => {
        const malformation = malformationOf(head);
        if (malformation !== undefined) return respond(malformation);
        const isHealth = "isHealth" in content;
        return andThen(guard.admit({ head, request, isHealth }), respond);
      },
      (error) => fail(error, response),
    );
  };

  const answerAdmitted = (
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
  ): MaybePromise<void> => {
    const fixed = fixedAnswerOf(head, allowedHosts);
    if (fixed === HOST_NOT_ALLOWED) guard?.hostRefused();
    if (fixed !== undefined) return answerWith(fixed, response);
    return isChunked(head)
      ? answerAtItsEnd(request, response, head)
      : answerContent(content, request, response, head);
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
      // While Next.js builds, this throws what it catches itself, but only in the turn of its call.
      void request.url;
      const { answerFetch } = await import("./answer-fetch.ts");
      return await answerFetch(request, content, options, guard);
    } catch (error) {
      if (isInterruption(error)) throw error;
      log.error(CANNOT_ANSWER, error);
      return new Response(null, { status: 500, headers: allHeaders({}) });
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
