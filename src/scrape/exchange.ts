/** What goes in and out of a scrape: plain data, whichever server brought the request. */
import type { Signal } from "../abort.ts";
import type { Body } from "../exposition/body.ts";

/** The status codes that a scrape is answered with. */
export type StatusCode = 200 | 400 | 500 | 503;

/** What a scrape needs to know of its request. */
export interface ScrapeRequest {
  readonly isHead: boolean;
  /** What stands behind the `?` of the request target. */
  readonly query: string;
  /** The value of `Accept`. */
  readonly accept: string | undefined;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
  /** The value of `X-Prometheus-Scrape-Timeout-Seconds`. */
  readonly timeoutSeconds: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: Signal;
}

/** What a scrape answers. */
export interface ScrapeResponse {
  readonly status: StatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/**
 * Sends a response, and settles when all of it has been handed over or the client has gone: after
 * that the memory of the body belongs to the next scrape. When
 * the body throws, or the signal aborts, the response must be cut off, so that no client can take
 * a part for the whole.
 */
export type Respond = (response: ScrapeResponse, signal: Signal) => Promise<void>;

/** Answers one scrape. It never rejects: what goes wrong is answered, counted and logged. */
export type Scrape = (request: ScrapeRequest, respond: Respond) => Promise<void>;
