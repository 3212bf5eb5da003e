import type { Signal } from "../abort.ts";
import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import { type MaybePromise, orElse } from "../maybe-promise.ts";
import type { StatusCode } from "./exchange.ts";
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

/** Runs one stage of a scrape, and marks its failure with that stage. */
export function blameOn<T>(stage: ErrorStage, work: () => MaybePromise<T>): MaybePromise<T> {
  return orElse(work, (error) => {
    throw new StageFailure(stage, error);
  });
}

/** What a failed scrape means for the client and for the log. */
export interface Failure {
  readonly status: Exclude<StatusCode, 200>;
  /** What to count it as; absent for a mistake of the client, which is not logged either. */
  readonly cause?: ErrorStage | "timeout";
  readonly error: unknown;
}

/**
 * Explains what a scrape has thrown; `undefined` when the client has disconnected.
 *
 * @param signal The signal of the scrape's deadline.
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

/** How long sending the answer of a failure may take: the deadline of its scrape may have passed. */
export const FAILURE_TIMEOUT_MS = 1_000;
