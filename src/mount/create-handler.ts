/**
 * The endpoint for a web server that exists already: any path, any framework.
 *
 * `mount.ts` makes the functions that such a server calls: it rejects what no scraper sends, and
 * never throws into its host. A handler is one mount for the metrics, and one for each further thing
 * that `Server` has at a path of its own. `http/` reads their requests and sends their responses, to
 * `node:http` as well as through the Fetch API. This room opens no socket, and compares no path.
 */

import { gathererOf, type Source } from "../gatherers/gatherer-of.ts";
import { fetchScrape, keepsEncoding } from "../http/fetch.ts";
import { HEALTHY, NOT_READY, READY } from "../http/fixed-answers.ts";
import { answerScrape } from "../http/node.ts";
import { createLog } from "../log.ts";
import type { Controls, HandlerOptions } from "../options/options.ts";
import { resolveHandlerOptions } from "../options/rules.ts";
import { createPage } from "../page/open-page.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { type Answerer, createMount, fixedAnswerer, type Mount } from "./mount.ts";

/** Serves metrics from an existing web server, and what probes ask for. */
export interface Handler extends Mount, Controls {
  /**
   * Shows a person what is exported, and how scrapes and collectors do, at any path. Showing it runs the
   * collectors, as a scrape does.
   */
  readonly page: Mount;
  /** Answers 200 as long as the process answers at all. */
  readonly health: Mount;
  /** Answers 200, or 503 after `setReady(false)`. */
  readonly ready: Mount;
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
 * app.get("/metrics/page", metrics.page);
 * app.get("/ready", metrics.ready);
 * ```
 */
export function createHandler(
  source: Source | readonly Source[],
  options?: HandlerOptions,
): Handler {
  const resolved = resolveHandlerOptions(options);
  const log = createLog(resolved.logger);
  const scrapeHandler = createScrapeHandler(gathererOf(source), resolved, log, { hasPage: true });
  const { scrape, update, setFailing, setOk, setReady, isReady, close } = scrapeHandler;
  const headers = resolved.compression.encodings.length > 0 ? NO_TRANSFORM : {};
  const mountOf = (answerer: Answerer): Mount => createMount(answerer, resolved, log);

  const metrics = mountOf({
    node: (request, response, head) => answerScrape(request, response, head, scrape, headers),
    // What we may not compress, others may.
    fetch: (request) => fetchScrape(request, scrape, keepsEncoding(request) ? headers : {}),
  });
  const page = createPage({ scrapeHandler, options: resolved, paths: [], log });
  return Object.assign(metrics, {
    page: mountOf({
      node: (request, response, head) => answerScrape(request, response, head, page),
      fetch: (request) => fetchScrape(request, page),
    }),
    health: mountOf(fixedAnswerer(() => HEALTHY)),
    ready: mountOf(fixedAnswerer(() => (isReady() ? READY : NOT_READY))),
    update,
    setFailing,
    setOk,
    setReady,
    close,
  });
}

/**
 * Keeps middlewares from compressing what we compress ourselves, or leave uncompressed because the
 * scraper asks for that: RFC 9111 §5.2.2.6. They do not touch what is encoded already, but may buffer
 * what they encode without a bound: `CompressionStream` before Node 24 takes 16,384 chunks.
 */
const NO_TRANSFORM = { "Cache-Control": "no-store, no-transform" };
