import type { IncomingMessage, ServerResponse } from "node:http";
import type { Guard } from "../http/access/guard.ts";
import { type FixedAnswer, HOST_NOT_ALLOWED } from "../http/fixed-answers.ts";
import { answerScrape, headOf } from "../http/node.ts";
import {
  fixedAnswerOf,
  isChunked,
  malformationOf,
  type RequestHead,
} from "../http/request-head.ts";
import { sendFixed, setHeaders, untilGone } from "../http/send.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { MountParts } from "./answer-fetch.ts";

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
}

/**
 * Answers a request of `node:http`. It is loaded with the first one.
 *
 * @throws What made it impossible to answer, at once or later.
 */
export function answerNode(
  request: IncomingMessage,
  response: ServerResponse,
  parts: MountParts,
): MaybePromise<void> {
  if (response.headersSent) throw new Error("Something else has answered it already");
  const exchange = { request, response, head: headOf(request) };
  return parts.guard === undefined
    ? answerAdmitted(exchange, parts)
    : answerIfAdmitted(exchange, parts, parts.guard);
}

function answerIfAdmitted(exchange: Exchange, parts: MountParts, guard: Guard): MaybePromise<void> {
  const { request, response, head } = exchange;
  const isHealth = "isHealth" in parts.content;
  return andThen(malformationOf(head) ?? guard.admit({ head, request, isHealth }), (refusal) => {
    setHeaders(response, guard.headers);
    return refusal === undefined ? answerAdmitted(exchange, parts) : answerWith(refusal, response);
  });
}

function answerAdmitted(exchange: Exchange, parts: MountParts): MaybePromise<void> {
  const { response, head } = exchange;
  const fixed = fixedAnswerOf(head, parts.options.allowedHosts);
  if (fixed === HOST_NOT_ALLOWED) parts.guard?.hostRefused();
  if (fixed !== undefined) return answerWith(fixed, response);
  return isChunked(head) ? answerAtItsEnd(exchange, parts) : answerContent(exchange, parts);
}

/** Answers a request when its end has shown that it has no content. */
async function answerAtItsEnd(exchange: Exchange, parts: MountParts): Promise<void> {
  const { request, response } = exchange;
  const { contentRefusal } = await import("../http/content.ts");
  const refusal = await contentRefusal(request, parts.options.timeoutMs);
  await (refusal === undefined ? answerContent(exchange, parts) : answerWith(refusal, response));
}

function answerContent(
  { request, response, head }: Exchange,
  { content }: MountParts,
): MaybePromise<void> {
  if ("scrape" in content) {
    return answerScrape(request, response, head, content.scrape, content.headers);
  }
  return andThen(content.fixed(head), (fixed) => answerWith(fixed, response));
}

function answerWith(fixed: FixedAnswer, response: ServerResponse): Promise<void> {
  sendFixed(response, fixed);
  return untilGone(response);
}
