/** What goes in and out of a scrape: plain data, whichever server brought the request. */
import type { Signal } from "../abort.ts";
import type { Body } from "../exposition/body.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Probe } from "../model/probe.ts";

/** The status codes of scrape responses. */
export type StatusCode = 200 | 400 | 500 | 503;

/** The same, and those of a target that may not be asked and of a worker which does not exist; they are not counted. */
export type AnswerStatus = StatusCode | 403 | 404;

/** What a scrape needs of its request. */
export interface ScrapeRequest {
  readonly isHead: boolean;
  /** The part of the request target after its `?`. */
  readonly query: string;
  /** The value of `Accept`. */
  readonly accept: string | undefined;
  /** The value of `Accept-Encoding`. */
  readonly acceptEncoding: string | undefined;
  /** The value of `X-Prometheus-Scrape-Timeout-Seconds`. */
  readonly timeoutSeconds: string | undefined;
  /** Aborts when the client disconnects. */
  readonly signal: Signal;
  /** Who asks; absent where nobody does over a network. */
  readonly client?: Client;
  /** Whether a page asks for a person, and not a scraper: it is counted apart. */
  readonly isPage?: boolean;
}

/** Who sends a request. */
export interface Client {
  /** Its address; `undefined` where that is unknown. */
  readonly remoteAddress: string | undefined;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined;
}

/** The bounds of something that is being sent. */
export interface Sending {
  /**
   * Aborts on timeout and when the client disconnects. The response must then be cut off, so that no
   * client takes a part for the whole. It also aborts, with `OVER`, when `end()` is called.
   */
  readonly signal: Signal;
  /**
   * Must be called once, when all of the body was handed over or the response was cut off, with the
   * error if there was one. From then on the memory of the body belongs to the next scrape. If the
   * signal aborts first, that has the same effect.
   */
  end(...failure: readonly [error?: unknown]): void;
}

/** What a scrape answers. If reading the body throws, the response must be cut off. */
export interface ScrapeResponse extends Sending {
  readonly status: AnswerStatus;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/**
 * Answers one scrape; `undefined` if the client disconnected first. It never throws and never
 * rejects: a failure is counted, logged and answered. Where nothing has to be waited for, it returns
 * the response itself.
 */
export type Scrape = (request: ScrapeRequest) => MaybePromise<ScrapeResponse | undefined>;

/**
 * Reads all families, those of the application and our own, and yields an empty chunk wherever it may
 * yield to the event loop.
 */
export type Visit<T> = (
  families: readonly MetricFamily[],
  ownFamilies: readonly MetricFamily[],
) => Generator<Uint8Array, T, undefined>;

/** What a survey found. */
export interface Findings<T> {
  /** What the visit returned. */
  readonly result: T;
  /** The collectors that failed. */
  readonly failed: readonly string[];
  /** Whether a scrape with these failures is answered with an error. */
  readonly isRefused: boolean;
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly isFailing: boolean;
  /** The collectors that ran, and those that have ever failed. */
  readonly collectors: readonly CollectorReport[];
  /** The last scrapes, the newest first. */
  readonly scrapes: readonly RecentScrape[];
}

/** One of the last scrapes. */
export interface RecentScrape {
  /** When it came, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** The address of its client; `undefined` where that is unknown, as in the Fetch API. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** `undefined` as long as it has not been answered, and when the client disconnected first. */
  readonly status: AnswerStatus | undefined;
  /** How long it took until its last byte was sent; `undefined` while it is running. */
  readonly durationMs: number | undefined;
  /** The bytes of its body, as they were sent. */
  readonly bytes: number;
  /** Whether it was cut off, or its client disconnected. */
  readonly isBroken: boolean;
}

/** How a collector does. */
export interface CollectorReport {
  readonly name: string;
  /** How long it took when it last ran for a survey; `undefined` if it has not. */
  readonly durationMs: number | undefined;
  /** When it last failed, in milliseconds since the epoch; `undefined` if it never has. */
  readonly failedAtMs: number | undefined;
  /** Whether it failed when it last ran. */
  readonly isFailing: boolean;
}

/** A path that the page links to. */
export interface PageLink {
  readonly path: string;
  /** What a probe reads of its query: the page shows a form for it. Absent where the path has no probe. */
  readonly probe?: Pick<Probe, "modules" | "params">;
}

/** How a worker of a group does. */
export interface WorkerReport {
  readonly slot: number;
  readonly pid: number;
  readonly thread: number;
  /** The number that PM2 or the cluster gave it; `""` without one. */
  readonly id: string;
  readonly state: "up" | "late" | "failed";
  /** How long its last answer took, or how long it has been waited for. */
  readonly answerSeconds: number | undefined;
  readonly series: number;
}

/** How an application does that is in another thread than its server. */
export interface ApplicationState {
  /** How long its event loop has been stuck; 0 while it turns. */
  readonly stuckSeconds: number;
  /** How old the metrics are that are served; 0 unless they are served because it is stuck. */
  readonly ageSeconds: number;
}

/** Why a survey found nothing: too many at once, a timeout, or something threw. */
export type Unavailable = "busy" | "late" | "failed";

/** The outcome of a survey, and the bounds within which it may be sent. */
export interface Survey<T> extends Sending {
  readonly findings: Findings<T> | Unavailable;
  /** The collectors that took too long, if it was late. */
  readonly tooSlow?: readonly string[] | undefined;
}

/**
 * Gathers families, as a scrape does, and lets `visit` read them. It rejects only if its code cannot be
 * loaded; `undefined` if the client disconnected first.
 *
 * @param client Aborts when the client disconnects.
 * @param name Gathers only what a scrape of this name would; absent for all families.
 */
export type TakeSurvey = <T>(
  client: Signal,
  visit: Visit<T>,
  name?: string,
) => Promise<Survey<T> | undefined>;
