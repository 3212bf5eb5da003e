import type { Encoder } from "../encoders/encoder.ts";
import { createTextEncoder } from "../encoders/text.ts";
import { ScrapeTimeoutError } from "../errors.ts";
import type { FaultReporter, Gatherer } from "../model/gatherer.ts";
import { type Body, startBody } from "./body.ts";
import { type Deadline, scrapeTimeoutMs, startDeadline, type TimeoutOptions } from "./deadline.ts";
import { GatherCycle } from "./gather-cycle.ts";
import { createOnce, type Log } from "./log.ts";
import { type ErrorStage, SelfMetrics, type StatusCode } from "./self-metrics.ts";

/** What a scrape needs to know of its request. */
export interface ScrapeRequest {
  readonly isHead: boolean;
  /** The value of `X-Prometheus-Scrape-Timeout-Seconds`. */
  readonly timeoutSeconds: string | undefined;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** What a scrape answers. */
export interface ScrapeResponse {
  readonly status: StatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/**
 * Sends a response, and settles when all of it has been handed over or the client has gone. When
 * the body throws, or the signal aborts, the response must be cut off, so that no client can take
 * a part for the whole.
 */
export type Respond = (response: ScrapeResponse, signal: AbortSignal) => Promise<void>;

/** Answers one scrape. It never rejects: what goes wrong is answered, counted and logged. */
export type Scrape = (request: ScrapeRequest, respond: Respond) => Promise<void>;

/** The settings of a scrape handler. */
export interface ScrapeOptions extends TimeoutOptions {
  readonly selfMetrics: boolean;
}

const TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Makes the function that answers the scrapes of one gatherer. */
export function createScrape(gatherer: Gatherer, options: ScrapeOptions, log: Log): Scrape {
  const self = new SelfMetrics();
  const encoder: Encoder = createTextEncoder("underscores");
  const report = createFaultReporter(self, log);
  const cycle = new GatherCycle(gatherer, report);

  const prepare = async (deadline: Deadline): Promise<Body> => {
    const families = await blameOn("gathering", cycle.gather(deadline));
    const all = options.selfMetrics ? [...families, ...self.families] : families;
    return blameOn("encoding", startBody(encoder.encode(all, report), deadline.signal));
  };

  /** Counts and logs a failure; returns the status that says so, or none for a client that left. */
  const explain = (error: unknown, signal: AbortSignal): StatusCode | undefined => {
    const failure = error instanceof StageFailure ? error : new StageFailure("encoding", error);
    if (signal.aborted && !(signal.reason instanceof ScrapeTimeoutError)) return undefined;
    const cause = signal.aborted ? "timeout" : failure.stage;
    self.errors[cause]++;
    log.error("The scrape failed", failure.cause);
    return cause === "timeout" ? 503 : 500;
  };

  const answer = async (request: ScrapeRequest, respond: Respond): Promise<void> => {
    const timeoutMs = scrapeTimeoutMs(request.timeoutSeconds, options);
    const deadline = startDeadline(timeoutMs, request.signal);
    let isAnswered = false;
    try {
      const body = request.isHead ? EMPTY_BODY : await prepare(deadline);
      isAnswered = true;
      self.requests[200]++;
      await respond(success(body), deadline.signal);
    } catch (error) {
      const status = explain(error, deadline.signal);
      // Once a byte is out nothing can be taken back: `respond` has cut the response off.
      if (isAnswered || status === undefined) return;
      self.requests[status]++;
      await sendFailure(status, request, respond);
    } finally {
      deadline.clear();
    }
  };

  return async (request, respond) => {
    self.inFlight++;
    try {
      await answer(request, respond);
    } catch (error) {
      log.error("The failure of a scrape could not be answered", error);
    } finally {
      self.inFlight--;
    }
  };
}

const EMPTY_BODY = new Uint8Array();

function success(body: Body): ScrapeResponse {
  return { status: 200, headers: { "Content-Type": TEXT_CONTENT_TYPE }, body };
}

// Fixed texts: what a collector threw may hold secrets, and belongs to the log alone.
const FAILURES: Readonly<Record<StatusCode, string>> = {
  200: "",
  500: "The metrics could not be gathered. See the log of the process.\n",
  503: "The metrics could not be gathered in time. See the log of the process.\n",
};

/** How long a failure may take to be sent: the deadline of its scrape may have passed. */
const FAILURE_TIMEOUT_MS = 1_000;

async function sendFailure(
  status: StatusCode,
  request: ScrapeRequest,
  respond: Respond,
): Promise<void> {
  const deadline = startDeadline(FAILURE_TIMEOUT_MS, request.signal);
  const body = new TextEncoder().encode(FAILURES[status]);
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  try {
    await respond({ status, headers, body }, deadline.signal);
  } finally {
    deadline.clear();
  }
}

/** An error with the stage of the scrape that it happened in. */
class StageFailure extends Error {
  readonly stage: ErrorStage;

  constructor(stage: ErrorStage, cause: unknown) {
    super(`The ${stage} failed`, { cause });
    this.stage = stage;
  }
}

async function blameOn<T>(stage: ErrorStage, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new StageFailure(stage, error);
  }
}

function createFaultReporter(self: SelfMetrics, log: Log): FaultReporter {
  const isNews = createOnce();
  return (family, reason) => {
    self.errors.encoding++;
    const message = `Left something out of the metric family "${family}": ${reason}`;
    if (isNews(message)) log.warn(message);
  };
}
