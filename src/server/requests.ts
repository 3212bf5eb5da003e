import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { answerScrape, headOf, watchClient } from "../http/node.ts";
import {
  type FixedAnswer,
  METHOD_NOT_ALLOWED,
  OPTIONS_ANSWER,
  refusalOf,
} from "../http/request-head.ts";
import { resetResponse } from "../http/reset.ts";
import { routeOf } from "../http/routes.ts";
import { sendFixed, sendText } from "../http/send.ts";
import type { Log } from "../log.ts";
import type { AnswerOverview } from "../page/overview.ts";
import type { Scrape } from "../scrape/exchange.ts";

/** What the handler needs to know of the server that it works for. */
export interface HandlerContext {
  readonly metricsPath: string;
  readonly hasLandingPage: boolean;
  /** The hosts that a request may name; `undefined` allows all. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether the server still takes on work. */
  readonly isReady: () => boolean;
  readonly scrape: Scrape;
  readonly overview: AnswerOverview;
  readonly log: Log;
}

/** Makes the function that answers every request of the server. It never throws. */
export function createRequestListener(context: HandlerContext): RequestListener {
  const paths = { metrics: context.metricsPath, hasLandingPage: context.hasLandingPage };

  return (request, response) => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    try {
      if (!context.isReady()) response.setHeader("Connection", "close");
      if (isAmbiguous(request)) {
        sendText(response, 400, "Bad request.\n", { Connection: "close" });
        return;
      }
      const refusal = refusalOf(headOf(request), context.allowedHosts);
      if (refusal !== undefined) {
        sendFixed(response, refusal);
        return;
      }
      const route = routeOf(request.method ?? "", request.url ?? "", paths);
      if (route === "metrics") void answerScrape(request, response, context.scrape);
      else if (route === "landing-page") void answerPage(request, response, context);
      else if (route === "ready" && !context.isReady()) sendFixed(response, NOT_READY);
      else sendFixed(response, FIXED_ANSWERS[route]);
    } catch (error) {
      context.log.error("A request could not be answered", error);
      resetResponse(response);
    }
  };
}

/**
 * RFC 9112 §3.2: a request names one host; Node takes the first of two, and a proxy before it may
 * have taken the other. A request line without a version, which Node reads as HTTP/0.9, is none.
 */
function isAmbiguous({ httpVersionMajor, rawHeaders }: IncomingMessage): boolean {
  if (httpVersionMajor !== 1) return true;
  // Names and values in turn: `headersDistinct` makes an object and arrays of them first.
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}

/** Answers with the page; its code is loaded when somebody looks at it. */
async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  { metricsPath, overview, log }: HandlerContext,
): Promise<void> {
  const client = watchClient(request, response);
  try {
    const { sendLandingPage } = await import("../page/send-page.ts");
    await sendLandingPage(response, metricsPath, overview, client);
  } catch (error) {
    log.error("The page could not be sent", error);
    resetResponse(response);
  }
}

const NOT_READY: FixedAnswer = { status: 503, text: "Shutting down.\n" };

const FIXED_ANSWERS = {
  healthy: { status: 200, text: "Healthy.\n" },
  ready: { status: 200, text: "Ready.\n" },
  favicon: { status: 204, text: "" },
  options: OPTIONS_ANSWER,
  "method-not-allowed": METHOD_NOT_ALLOWED,
  "bad-target": { status: 400, text: "Bad request.\n", headers: { Connection: "close" } },
  "not-found": { status: 404, text: "Not found.\n" },
} satisfies Record<string, FixedAnswer>;
