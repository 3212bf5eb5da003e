import type { IncomingMessage, RequestListener } from "node:http";
import {
  BAD_REQUEST,
  type FixedAnswer,
  HEALTHY,
  METHOD_NOT_ALLOWED,
  NO_ICON,
  NOT_FOUND,
  NOT_READY,
  OPTIONS_ANSWER,
  READY,
  SHUTTING_DOWN,
} from "../http/fixed-answers.ts";
import { answerScrape, headOf } from "../http/node.ts";
import { CANNOT_ANSWER, refusalOf } from "../http/request-head.ts";
import { resetResponse } from "../http/reset.ts";
import { createRoutes, HEALTHY_PATH, READY_PATH, type Route, routeOf } from "../http/routes.ts";
import { sendFixed } from "../http/send.ts";
import type { Log } from "../log.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { createPage } from "../page/open-page.ts";
import type { ScrapeHandler } from "../scrape/scrape.ts";

/** What requests are answered with. */
export interface RequestContext {
  readonly options: Pick<ResolvedOptions, "path" | "landingPage" | "allowedHosts" | "formats">;
  readonly scrapeHandler: Pick<ScrapeHandler, "scrape" | "survey" | "isReady">;
  /** Whether a shutdown has begun. */
  readonly isClosing: () => boolean;
  readonly log: Log;
}

/** Makes the function that answers every request of the server. It never throws. */
export function createRequestListener(context: RequestContext): RequestListener {
  const { options, scrapeHandler, isClosing, log } = context;
  const routes = createRoutes(options);
  const page = createPage({
    scrapeHandler,
    options,
    paths: [options.path, HEALTHY_PATH, READY_PATH],
    log,
  });

  return (request, response) => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    try {
      if (isClosing()) response.setHeader("Connection", "close");
      const fixed = isAmbiguous(request)
        ? BAD_REQUEST
        : refusalOf(headOf(request), options.allowedHosts);
      if (fixed !== undefined) {
        sendFixed(response, fixed);
        return;
      }
      const route = routeOf(request.method ?? "", request.url ?? "", routes);
      if (route === "metrics") void answerScrape(request, response, scrapeHandler.scrape);
      else if (route === "landing-page") void answerScrape(request, response, page);
      else if (route === "ready") sendFixed(response, readinessOf(context));
      else sendFixed(response, FIXED_ANSWERS[route]);
    } catch (error) {
      log.error(CANNOT_ANSWER, error);
      resetResponse(response);
    }
  };
}

function readinessOf({ isClosing, scrapeHandler }: RequestContext): FixedAnswer {
  if (isClosing()) return SHUTTING_DOWN;
  return scrapeHandler.isReady() ? READY : NOT_READY;
}

/**
 * RFC 9112 §3.2: a request names one host, in HTTP/1.0 at most one; Node takes the first of two, and a
 * proxy in front may have taken the other. A request line without a version, which Node reads as
 * HTTP/0.9, names none.
 */
function isAmbiguous({ httpVersionMajor, httpVersionMinor, rawHeaders }: IncomingMessage): boolean {
  if (httpVersionMajor !== 1) return true;
  // Names and values alternate: `headersDistinct` would make an object and arrays of them first.
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1 || (hosts === 0 && httpVersionMinor > 0);
}

const FIXED_ANSWERS: Readonly<
  Record<Exclude<Route, "metrics" | "landing-page" | "ready">, FixedAnswer>
> = {
  healthy: HEALTHY,
  favicon: NO_ICON,
  options: OPTIONS_ANSWER,
  "method-not-allowed": METHOD_NOT_ALLOWED,
  "bad-target": BAD_REQUEST,
  "not-found": NOT_FOUND,
};
