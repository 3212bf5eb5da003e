import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Log } from "../scrape/log.ts";
import type { Scrape } from "../scrape/scrape.ts";
import { createLandingPage } from "./landing-page.ts";
import { resetResponse } from "./reset.ts";
import { ALLOWED_METHODS, queryOf, routeOf } from "./routes.ts";
import { sendScrape, sendText } from "./send.ts";

/** What the handler needs to know of the server that it works for. */
export interface HandlerContext {
  readonly metricsPath: string;
  readonly hasLandingPage: boolean;
  /** The hosts that a request may name; `undefined` allows all. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether the server still takes on work. */
  readonly isReady: () => boolean;
  readonly scrape: Scrape;
  readonly log: Log;
}

/** Makes the function that answers every request of the server. It never throws. */
export function createRequestListener(context: HandlerContext): RequestListener {
  const paths = { metrics: context.metricsPath, hasLandingPage: context.hasLandingPage };
  const landingPage = createLandingPage(context.metricsPath);

  return (request, response) => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    try {
      if (!context.isReady()) response.setHeader("Connection", "close");
      if (isAmbiguous(request)) {
        sendText(response, 400, "Bad request.\n", { Connection: "close" });
        return;
      }
      if (hasBody(request)) {
        sendText(response, 413, "A request must not have a body.\n", { Connection: "close" });
        return;
      }
      if (!isAllowedHost(request.headers.host, context.allowedHosts)) {
        sendText(response, 403, "This host is not allowed.\n", { Connection: "close" });
        return;
      }
      const route = routeOf(request.method ?? "", request.url ?? "", paths);
      if (route === "metrics") void answerScrape(request, response, context);
      else if (route === "landing-page") sendPage(response, landingPage);
      else if (route === "ready" && !context.isReady()) sendFixed(response, "not-ready");
      else sendFixed(response, route);
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
function isAmbiguous({ httpVersionMajor, headersDistinct }: IncomingMessage): boolean {
  return httpVersionMajor !== 1 || (headersDistinct["host"]?.length ?? 0) > 1;
}

/** RFC 9112 §6.3: a request has a body when one of these says so. A scrape never has one. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** Compares a `Host` header as text; it is never parsed as a URL. */
function isAllowedHost(header = "", allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined) return true;
  // RFC 9110 §7.2: a host, and a port if it is not the default one.
  const host = header.replace(/:\d*$/, "").toLowerCase();
  return allowed.some((name) => name.toLowerCase() === host);
}

function answerScrape(
  request: IncomingMessage,
  response: ServerResponse,
  { scrape }: HandlerContext,
): Promise<void> {
  const client = new AbortController();
  const onClose = () => {
    if (!response.writableFinished) client.abort();
  };
  // A response has no such event while it waits behind another on its connection, and a request
  // has none once CONNECT came after it.
  request.once("close", onClose);
  response.once("close", onClose);
  return scrape(
    {
      isHead: request.method === "HEAD",
      query: queryOf(request.url ?? ""),
      accept: headerOf(request, "accept"),
      acceptEncoding: headerOf(request, "accept-encoding"),
      timeoutSeconds: headerOf(request, "x-prometheus-scrape-timeout-seconds"),
      signal: client.signal,
    },
    (answer, signal) => sendScrape(response, answer, signal),
  );
}

/** The value of a header that Node joins with commas when it is sent twice. */
function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function sendPage(response: ServerResponse, html: string): void {
  sendText(response, 200, html, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  });
}

interface FixedAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const FIXED_ANSWERS = {
  healthy: { status: 200, text: "Healthy.\n" },
  ready: { status: 200, text: "Ready.\n" },
  "not-ready": { status: 503, text: "Shutting down.\n" },
  favicon: { status: 204, text: "" },
  options: { status: 204, text: "", headers: { Allow: ALLOWED_METHODS } },
  "method-not-allowed": {
    status: 405,
    text: "Method not allowed.\n",
    headers: { Allow: ALLOWED_METHODS },
  },
  "bad-target": { status: 400, text: "Bad request.\n", headers: { Connection: "close" } },
  "not-found": { status: 404, text: "Not found.\n" },
} satisfies Record<string, FixedAnswer>;

function sendFixed(response: ServerResponse, name: keyof typeof FIXED_ANSWERS): void {
  const { status, text, headers }: FixedAnswer = FIXED_ANSWERS[name];
  sendText(response, status, text, headers);
}
