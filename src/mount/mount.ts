import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { CANNOT_ANSWER } from "../http/request-head.ts";
import { allHeaders, tryToReset } from "../http/send.ts";
import { andThen, loadOnce, orElse } from "../maybe-promise.ts";
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
    const answering = orElse<void>(
      () => {
        // A write to a socket that the client has closed is an event of the response.
        nodeResponse.on?.("error", () => {});
        return andThen(loadAnswer(), ({ answerNode }) =>
          answerNode(nodeRequest, nodeResponse, parts),
        );
      },
      (error) => fail(error, nodeResponse, parts),
    );
    return answering ?? GONE;
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

const loadAnswer = loadOnce(() => import("./answer-node.ts"));

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
