/**
 * One HTTP request in plain data, whichever server brought it.
 *
 * This file rejects what no scraper sends, `routes.ts` finds out what a request is for. Two adapters
 * make a `ScrapeRequest` of it and send the response: `node.ts` for `node:http`, which the server uses
 * too, and `fetch.ts` for the Fetch API. `send.ts` adds the headers of every answer and writes no
 * faster than the client reads. Whatever fails after the first byte cuts the response off
 * (`reset.ts`), so that no client takes a part for the whole. A sender ends each response once.
 */
import type { Signal } from "../abort.ts";
import { nodeModule } from "../node.ts";
import type { ScrapeRequest } from "../scrape/exchange.ts";
import {
  BAD_REQUEST,
  type FixedAnswer,
  HAS_BODY,
  HOST_NOT_ALLOWED,
  METHOD_NOT_ALLOWED,
  OPTIONS_ANSWER,
  UNKNOWN_CODING,
} from "./fixed-answers.ts";
import { queryOf } from "./routes.ts";

/** The head of a request, whichever server brought it. */
export interface RequestHead {
  readonly method: string;
  /** The request target, in origin-form where it has a path; or the URL. */
  readonly target: string;
  /** The address of the client; `undefined` where it is unknown. */
  readonly remoteAddress: string | undefined;
  /** The value of a header, by its name in lower case; the host is that of the target, if it has one. */
  header(name: string): string | undefined;
}

/** The header by which our page tells its own scrapes from those of a scraper. */
export const PAGE_HEADER = "promhttp-page";

/** The log line of a request that failed outside of its scrape. */
export const CANNOT_ANSWER: string = "Cannot answer a request";

/** Rejects, on any path, a request with a body, and one for an invalid host. */
export function malformationOf(head: RequestHead): FixedAnswer | undefined {
  // RFC 9112 §3.2.
  return bodyRefusalOf(head) ?? (isValidHost(hostOf(head)) ? undefined : BAD_REQUEST);
}

/** Refuses, on any path, a request for a host that is not allowed. */
export function hostRefusalOf(
  head: RequestHead,
  allowedHosts: readonly string[] | undefined,
): FixedAnswer | undefined {
  return isAllowedHost(hostOf(head), allowedHosts) ? undefined : HOST_NOT_ALLOWED;
}

function hostOf(head: RequestHead): string {
  return head.header("host") ?? "";
}

/** Answers a request where every path is that of the metrics; `undefined` if it is a scrape. */
export function fixedAnswerOf(
  head: RequestHead,
  allowedHosts: readonly string[] | undefined,
): FixedAnswer | undefined {
  if (head.method === "OPTIONS") return OPTIONS_ANSWER;
  if (head.method !== "GET" && head.method !== "HEAD") return METHOD_NOT_ALLOWED;
  return malformationOf(head) ?? hostRefusalOf(head, allowedHosts);
}

/**
 * Makes the plain data that a scrape needs of a request.
 *
 * @param mayCompress Whether the response may have a content encoding.
 */
export function scrapeRequestOf(
  head: RequestHead,
  signal: Signal,
  mayCompress = true,
): ScrapeRequest {
  return {
    isHead: head.method === "HEAD",
    query: queryOf(head.target),
    accept: head.header("accept"),
    acceptEncoding: mayCompress ? head.header("accept-encoding") : undefined,
    timeoutSeconds: head.header("x-prometheus-scrape-timeout-seconds"),
    signal,
    client: head,
    isPage: head.header(PAGE_HEADER) !== undefined,
  };
}

/** RFC 9112 §6.3: a request has a body when one of these headers says so. A scrape never has one. */
function bodyRefusalOf(head: RequestHead): FixedAnswer | undefined {
  const length = head.header("content-length");
  if (length !== undefined && Number(length) !== 0) return HAS_BODY;
  const coding = head.header("transfer-encoding");
  if (coding === undefined) return undefined;
  // RFC 9112 §6.1.
  if (coding.toLowerCase() !== "chunked") return UNKNOWN_CODING;
  // RFC 9110 §10.1.1: only a request with content may expect that.
  return head.header("expect") === undefined ? undefined : HAS_BODY;
}

/** Whether only the end of a request shows that it has no content. */
export function isChunked(head: RequestHead): boolean {
  return head.header("transfer-encoding") !== undefined;
}

/** The last host that was valid: a scraper sends the same each time. */
let lastValid = "";

/**
 * Whether a text is a host and perhaps a port, as RFC 9110 §7.2 has them in the `Host` header. It may
 * be empty, and is never parsed as a URL.
 */
export function isValidHost(host: string): boolean {
  if (host === lastValid) return true;
  const [, literal] = HOST.exec(host) ?? [];
  const isValid = literal === undefined ? HOST.test(host) : isAddress(literal);
  if (isValid) lastValid = host;
  return isValid;
}

/** RFC 3986 §3.2.2: an address in brackets or a registered name, which an IPv4 address is, too. */
const HOST = /^(?:\[([^\]]*)\]|(?:[\w\-.~!$&'()*+,;=]|%[\da-f]{2})*)(?::\d*)?$/i;

/** RFC 3986 §3.2.2: an IPv6 address, without a zone, or one of a future version. */
function isAddress(literal: string): boolean {
  if (literal.includes("%")) return false;
  return nodeModule("node:net").isIPv6(literal) || FUTURE_ADDRESS.test(literal);
}

const FUTURE_ADDRESS = /^v[\da-f]+\.[\w\-.~!$&'()*+,;=:]+$/i;

/** Compares a `Host` header as text; never parses it as a URL. */
function isAllowedHost(header: string, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined) return true;
  // RFC 9110 §7.2: a host, and a port if it is not the default one.
  const host = header.replace(/:\d*$/, "").toLowerCase();
  return allowed.some((name) => name.toLowerCase() === host);
}
