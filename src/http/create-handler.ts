/**
 * One HTTP request in plain data, whichever server brought it.
 *
 * `request-head.ts` rejects what no scraper sends, `routes.ts` finds out what a request is for. Two
 * adapters make a `ScrapeRequest` of it and send the response: `node.ts` for `node:http`, which the
 * server uses too, and `fetch.ts` for the Fetch API. `send.ts` adds the headers of every answer and
 * writes no faster than the client reads. Whatever fails after the first byte cuts the response off
 * (`reset.ts`), so that no client takes a part for the whole. A sender ends each response once.
 * This file is the mount; it never throws into its host.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { gathererOf, type Source } from "../gatherers/gatherer-of.ts";
import { createLog } from "../log.ts";
import type { Controls, HandlerOptions } from "../options/options.ts";
import { resolveHandlerOptions } from "../options/rules.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { fetchHeadOf, fetchScrape, fixedResponse } from "./fetch.ts";
import { answerScrape, headOf } from "./node.ts";
import { CANNOT_ANSWER, fixedAnswerOf } from "./request-head.ts";
import { resetResponse } from "./reset.ts";
import { sendFixed } from "./send.ts";

/** Serves metrics from an existing web server. */
export interface Handler extends Controls {
  /**
   * Answers a request of `node:http`, or of the compatibility API of `node:http2`: the one that
   * Express, Fastify, Koa and NestJS pass on. It never throws, and ends every response.
   */
  (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void;
  /**
   * Answers a request of the Fetch API: Hono, Next.js, Bun, Deno. It never rejects, and does not use
   * `this`.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Drops what is kept for the next scrape. Call it when there will be no other. */
  close(): void;
}

/**
 * Makes a handler that serves `source` wherever it is mounted: any path, any framework.
 *
 * @param source A registry of prom-client 13 to 15 or `@prometheus-io/client`, a `Gatherer`, or an
 *   array of them.
 * @throws {TypeError} For arguments of a wrong type, and for options that only a `Server` has.
 * @throws {RangeError} For options that are out of range.
 *
 * @example
 * ```ts
 * const metrics = createHandler(register);
 * app.get("/metrics", metrics); // Express
 * app.get("/metrics", (c) => metrics.fetch(c.req.raw)); // Hono
 * ```
 */
export function createHandler(
  source: Source | readonly Source[],
  options?: HandlerOptions,
): Handler {
  const resolved = resolveHandlerOptions(options);
  const log = createLog(resolved.logger);
  const scrapeHandler = createScrapeHandler(gathererOf(source), resolved, log);
  const { scrape, update, setFailing, setOk, close } = scrapeHandler;
  const headers = resolved.compression.encodings.length > 0 ? NO_TRANSFORM : {};

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    if (response.headersSent) throw new Error("Something else has answered it already");
    const fixed = fixedAnswerOf(headOf(request), resolved.allowedHosts);
    if (fixed !== undefined) sendFixed(response, fixed);
    else void answerScrape(request, response, scrape, headers);
  };

  const handle: (...parameters: Parameters<Handler>) => void = (request, response) => {
    // What we use of them also exists in the compatibility API of HTTP/2.
    const [nodeRequest, nodeResponse] = [request as IncomingMessage, response as ServerResponse];
    try {
      answer(nodeRequest, nodeResponse);
    } catch (error) {
      log.error(CANNOT_ANSWER, error);
      try {
        if (!nodeResponse.writableEnded) resetResponse(nodeResponse);
      } catch {
        // It is not a response of Node; a framework's own wrapper, say.
      }
    }
  };

  const fetch: Handler["fetch"] = async (request) => {
    try {
      const fixed = fixedAnswerOf(fetchHeadOf(request), resolved.allowedHosts);
      return fixed === undefined
        ? await fetchScrape(request, scrape, headers)
        : fixedResponse(fixed);
    } catch (error) {
      log.error(CANNOT_ANSWER, error);
      return new Response(null, { status: 500 });
    }
  };

  return Object.assign(handle, { fetch, update, setFailing, setOk, close });
}

/**
 * Keeps middlewares from compressing what we compress ourselves, or leave uncompressed because the
 * scraper asks for that: RFC 9111 §5.2.2.6. They do not touch what is encoded already, but may buffer
 * what they encode without a bound: `CompressionStream` before Node 24 takes 16,384 chunks.
 */
const NO_TRANSFORM = { "Cache-Control": "no-store, no-transform" };
