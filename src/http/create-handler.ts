import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { gathererOf, type Source } from "../gatherers/gatherer-of.ts";
import { createLog } from "../log.ts";
import type { HandlerOptions } from "../options/options.ts";
import { resolveHandlerOptions } from "../options/rules.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { createScrapeHandler, type ScrapeHandler } from "../scrape/scrape.ts";
import { fetchHeadOf, fetchScrape, fixedResponse } from "./fetch.ts";
import { answerScrape, headOf } from "./node.ts";
import { fixedAnswerOf } from "./request-head.ts";
import { resetResponse } from "./reset.ts";
import { sendFixed } from "./send.ts";

/** Serves metrics from a web server that is there already. */
export interface Handler extends Pick<ScrapeHandler, "update" | "setFailing" | "setOk"> {
  /**
   * Answers a request of `node:http`, or of the compatibility API of `node:http2`: the one that
   * Express, Fastify, Koa and NestJS pass on. It never throws, and ends every response.
   */
  (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void;
  /**
   * Answers a request of the Fetch API: Hono, Next.js, Bun, Deno. It never rejects, and needs no
   * `this`.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Drops what is kept for the next scrape. Call it when there will be none. */
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
  const { update, setFailing, setOk, forget } = scrapeHandler;
  const compresses = resolved.compression.encodings.length > 0;
  const scrape = compresses ? forbidTransform(scrapeHandler.scrape) : scrapeHandler.scrape;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    if (response.headersSent) throw new Error("Something else has answered the request already");
    const fixed = fixedAnswerOf(headOf(request), resolved.allowedHosts);
    if (fixed !== undefined) sendFixed(response, fixed);
    else void answerScrape(request, response, scrape);
  };

  const handle: (...parameters: Parameters<Handler>) => void = (request, response) => {
    // What we use of them, HTTP/2's compatibility API has, too.
    const [nodeRequest, nodeResponse] = [request as IncomingMessage, response as ServerResponse];
    try {
      answer(nodeRequest, nodeResponse);
    } catch (error) {
      log.error("A request could not be answered", error);
      try {
        if (!nodeResponse.writableEnded) resetResponse(nodeResponse);
      } catch {
        // It is no response of Node; a framework's own wrapper, say.
      }
    }
  };

  const fetch: Handler["fetch"] = async (request) => {
    try {
      const fixed = fixedAnswerOf(fetchHeadOf(request), resolved.allowedHosts);
      return fixed === undefined ? await fetchScrape(request, scrape) : fixedResponse(fixed);
    } catch (error) {
      log.error("A request could not be answered", error);
      return new Response(null, { status: 500 });
    }
  };

  return Object.assign(handle, { fetch, update, setFailing, setOk, close: forget });
}

/**
 * Keeps middlewares from compressing what we compress ourselves, or send as it is because the
 * scraper wants that: RFC 9111 §5.2.2.6. They leave alone what is encoded already; but what they
 * encode may be buffered without a bound: `CompressionStream` before Node 24 takes 16,384 chunks.
 */
function forbidTransform(scrape: Scrape): Scrape {
  return (request, respond) =>
    scrape(request, (answer, signal) => {
      const headers = { ...answer.headers, "Cache-Control": "no-store, no-transform" };
      return respond({ ...answer, headers }, signal);
    });
}
