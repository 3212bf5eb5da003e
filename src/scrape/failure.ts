import type { Signal } from "../abort.ts";
import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { Alarm } from "./alarm.ts";
import { startDeadline } from "./deadline.ts";
import type { Respond, ScrapeRequest, StatusCode } from "./exchange.ts";
import { QueryError } from "./name-filter.ts";
import type { ErrorStage } from "./self-metrics.ts";

/** An error with the stage of the scrape that it happened in. */
class StageFailure extends Error {
  readonly stage: ErrorStage;

  constructor(stage: ErrorStage, cause: unknown) {
    super(`The ${stage} failed`, { cause });
    this.stage = stage;
  }
}

/** Runs one stage of a scrape, so that its failure is known to be of that stage. */
export function blameOn<T>(stage: ErrorStage, work: () => MaybePromise<T>): MaybePromise<T> {
  const blame = (error: unknown): never => {
    throw new StageFailure(stage, error);
  };
  try {
    const result = work();
    return result instanceof Promise ? result.catch(blame) : result;
  } catch (error) {
    return blame(error);
  }
}

/** What a failed scrape means for the client and for the log. */
export interface Failure {
  readonly status: Exclude<StatusCode, 200>;
  /** What to count it as; absent when it is the client's own mistake, which nobody needs to hear. */
  readonly cause?: ErrorStage | "timeout";
  readonly error: unknown;
}

/**
 * Explains what a scrape has thrown; `undefined` when the client has left and nobody waits.
 *
 * @param signal The deadline of the scrape.
 */
export function explainFailure(thrown: unknown, signal: Signal): Failure | undefined {
  if (signal.aborted) {
    const isTimeout = signal.reason instanceof ScrapeTimeoutError;
    return isTimeout ? { status: 503, cause: "timeout", error: signal.reason } : undefined;
  }
  if (isInstance(thrown, QueryError)) return { status: 400, error: thrown };
  return isInstance(thrown, StageFailure)
    ? { status: 500, cause: thrown.stage, error: thrown.cause }
    : { status: 500, cause: "encoding", error: thrown };
}

// Fixed texts: what a collector threw may hold secrets, and belongs to the log alone.
const ANSWERS: Readonly<Record<Failure["status"] | "busy", readonly [StatusCode, string]>> = {
  400: [400, "The query cannot be read.\n"],
  500: [500, "The metrics could not be gathered. See the log of the process.\n"],
  503: [503, "The metrics could not be gathered in time. See the log of the process.\n"],
  busy: [503, "Too many scrapes at once. Try again.\n"],
};

/** How long a failure may take to be sent: the deadline of its scrape may have passed. */
export const FAILURE_TIMEOUT_MS = 1_000;

/** Answers a scrape that failed before its first byte was sent, or that was not begun. */
export async function sendFailure(
  reason: Failure["status"] | "busy",
  request: ScrapeRequest,
  respond: Respond,
  alarm: Alarm,
): Promise<void> {
  const deadline = startDeadline(FAILURE_TIMEOUT_MS, request.signal, alarm);
  const [status, text] = ANSWERS[reason];
  const body = new TextEncoder().encode(text);
  const headers = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    ...(reason === "busy" && { "Retry-After": "1" }),
  };
  try {
    await respond({ status, headers, body }, deadline.signal);
  } finally {
    deadline.clear();
  }
}
