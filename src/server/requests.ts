import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Guard } from "../http/access/guard.ts";
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
import {
  CANNOT_ANSWER,
  hostRefusalOf,
  isChunked,
  isValidHost,
  malformationOf,
  type RequestHead,
} from "../http/request-head.ts";
import { resetResponse } from "../http/reset.ts";
import { createRoutes, type NamedRoute, type Route, routeOf } from "../http/routes.ts";
import { sendFixed, setHeaders } from "../http/send.ts";
import type { Log } from "../log.ts";
import { andThen, type MaybePromise, orElse } from "../maybe-promise.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Closing } from "./closing.ts";

/** What requests are answered with. */
export interface RequestContext {
  readonly options: Pick<
    ResolvedOptions,
    "path" | "landingPage" | "workers" | "allowedHosts" | "headersTimeoutMs"
  >;
  readonly endpoint: Pick<Endpoint, "scrape" | "page" | "isReady" | "targets" | "further">;
  readonly closing: Pick<Closing, "hasBegun" | "isDraining">;
  readonly log: Log;
  /** Decides who may ask; absent where everybody may. */
  readonly guard?: Guard | undefined;
  /** The answer of `/-/healthy`, where this process may be alive and its application stuck. */
  readonly health?: (() => FixedAnswer) | undefined;
}

/** Makes the function that answers every request of the server. It never throws. */
export function createRequestListener(context: RequestContext): RequestListener {
  const { options, closing, guard, endpoint } = context;
  const routes = createRoutes(options, endpoint.further);

  return (request, response) => {
    // A write to a socket that the client has closed is an event of the response.
    response.on("error", () => {});
    try {
      if (closing.isDraining()) response.setHeader("Connection", "close");
      const head = headOf(request);
      const malformation = isAmbiguous(request) ? BAD_REQUEST : malformationOf(head);
      const exchange: Exchange = {
        request,
        response,
        head,
        route: routeOf(head.method, head.target, routes),
      };
      if (malformation !== undefined) {
        setHeaders(response, guard?.headers);
        sendFixed(response, malformation);
      } else if (guard === undefined) answerAdmitted(exchange, context);
      else void answerIfAdmitted(exchange, context, guard);
    } catch (error) {
      fail(error, response, context);
    }
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly route: Route;
}

/** Answers in the turn that read the request, if nothing has to be waited for. */
function answerIfAdmitted(
  exchange: Exchange,
  context: RequestContext,
  guard: Guard,
): MaybePromise<void> {
  const { request, response, head, route } = exchange;
  const isHealth = route === "healthy" || route === "ready";
  return orElse<void>(
    () =>
      andThen(guard.admit({ head, request, isHealth }), (refusal) => {
        // Meanwhile its rest was refused: it was not HTTP, or did not come.
        if (response.headersSent) return;
        setHeaders(response, guard.headers);
        if (refusal === undefined) answerAdmitted(exchange, context);
        else sendFixed(response, refusal);
      }),
    (error) => fail(error, response, context),
  );
}

function answerAdmitted(exchange: Exchange, context: RequestContext): void {
  const { response, head } = exchange;
  const refusal = hostRefusalOf(head, context.options.allowedHosts);
  if (refusal !== undefined) {
    context.guard?.hostRefused();
    sendFixed(response, refusal);
  } else if (isChunked(head)) void answerAtItsEnd(exchange, context);
  else answer(exchange, context);
}

function answer(exchange: Exchange, context: RequestContext): void {
  const { request, response, head, route } = exchange;
  const { scrape, page } = context.endpoint;
  if (typeof route === "function") void answerScrape(request, response, head, route);
  else if (route === "metrics") void answerScrape(request, response, head, scrape);
  else if (route === "landing-page") void answerScrape(request, response, head, page);
  else if (route === "ready") sendFixed(response, readinessOf(context));
  else if (route === "healthy") sendFixed(response, context.health?.() ?? HEALTHY);
  else if (route === "targets") void answerTargets(exchange, context);
  else sendFixed(response, FIXED_ANSWERS[route]);
}

/** Answers a request when its end has shown that it has no content. */
async function answerAtItsEnd(exchange: Exchange, context: RequestContext): Promise<void> {
  const { request, response } = exchange;
  try {
    const { contentRefusal } = await import("../http/content.ts");
    const refusal = await contentRefusal(request, context.options.headersTimeoutMs);
    // Meanwhile its rest was refused: it was not HTTP, or did not come.
    if (response.headersSent) return;
    if (refusal === undefined) answer(exchange, context);
    else sendFixed(response, refusal);
  } catch (error) {
    fail(error, response, context);
  }
}

async function answerTargets(exchange: Exchange, context: RequestContext): Promise<void> {
  const { request, response, head } = exchange;
  const { endpoint, options } = context;
  try {
    const own = { path: options.path, isTls: "encrypted" in request.socket };
    const targets = await endpoint.targets?.(head, own);
    if (!response.headersSent) sendFixed(response, targets ?? NOT_FOUND);
  } catch (error) {
    fail(error, response, context);
  }
}

function fail(error: unknown, response: ServerResponse, { log }: RequestContext): void {
  log.error(CANNOT_ANSWER, error);
  resetResponse(response);
}

function readinessOf({ closing, endpoint }: RequestContext): FixedAnswer {
  if (closing.hasBegun()) return SHUTTING_DOWN;
  return endpoint.isReady() ? READY : NOT_READY;
}

/**
 * RFC 9112 §3.2: a request names one host, in HTTP/1.0 at most one, even where its target names one,
 * too; Node takes the first of two, and a proxy in front may have taken the other. A request line
 * without a version, which Node reads as HTTP/0.9, names none. RFC 9112 §6.1: HTTP/1.0 has no transfer
 * codings.
 */
function isAmbiguous(request: IncomingMessage): boolean {
  const { httpVersionMajor, httpVersionMinor, rawHeaders, headers } = request;
  if (httpVersionMajor !== 1) return true;
  if (httpVersionMinor === 0 && headers["transfer-encoding"] !== undefined) return true;
  // Names and values alternate: `headersDistinct` would make an object and arrays of them first.
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== "host") continue;
    hosts++;
    if (!isValidHost(rawHeaders[index + 1] as string)) return true;
  }
  if (hosts > 0 || httpVersionMinor === 0) return hosts > 1;
  // The check of HAProxy names no host, and asks for nothing that a host has.
  return request.method !== "OPTIONS" || request.url !== "*";
}

const FIXED_ANSWERS: Readonly<
  Record<
    Exclude<NamedRoute, "metrics" | "landing-page" | "ready" | "healthy" | "targets">,
    FixedAnswer
  >
> = {
  favicon: NO_ICON,
  options: OPTIONS_ANSWER,
  "method-not-allowed": METHOD_NOT_ALLOWED,
  "bad-target": BAD_REQUEST,
  "not-found": NOT_FOUND,
};
