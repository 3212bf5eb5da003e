import type { Signal } from "../abort.ts";
import { GatherError, isInstance, ScrapeTimeoutError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type MaybePromise, orElse } from "../maybe-promise.ts";
import type { Alarm } from "./alarm.ts";
import { startDeadline, startSending } from "./deadline.ts";
import type { ScrapeResponse, StatusCode } from "./exchange.ts";
import type { ErrorStage } from "./self-metrics.ts";

/** An error with the stage of the scrape that it happened in. */
class StageFailure extends Error {
  readonly stage: ErrorStage;

  constructor(stage: ErrorStage, cause: unknown) {
    super(`The ${stage} failed`, { cause });
    this.stage = stage;
  }
}

/** A query that cannot be read. Its message is the answer, so a client's text is in it only quoted. */
export class QueryError extends Error {}

/** Something that a scrape must have cannot be had at the moment: it is answered with 503. */
export class UnavailableError extends Error {}

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
  /** Whether the gathering logs it: a collector's failure and its scrape's are one. */
  readonly isLogged?: true;
}

/**
 * Explains what a scrape has thrown; `undefined` when the client has disconnected.
 *
 * @param signal The signal of the scrape's deadline.
 */
export function explainFailure(thrown: unknown, signal: Signal): Failure | undefined {
  if (signal.aborted) {
    if (!(signal.reason instanceof ScrapeTimeoutError)) return undefined;
    const failure = { status: 503, cause: "timeout", error: signal.reason } as const;
    const isGathering = isInstance(thrown, StageFailure) && thrown.stage === "gathering";
    return isGathering ? { ...failure, isLogged: true } : failure;
  }
  if (isInstance(thrown, QueryError)) return { status: 400, error: thrown };
  if (!isInstance(thrown, StageFailure)) return { status: 500, cause: "encoding", error: thrown };
  const status = isInstance(thrown.cause, UnavailableError) ? 503 : 500;
  const failure = { status, cause: thrown.stage, error: thrown.cause } as const;
  return isInstance(failure.error, GatherError) ? { ...failure, isLogged: true } : failure;
}

/** How long sending the answer of a failure may take: the deadline of its scrape may have passed. */
export const FAILURE_TIMEOUT_MS = 1_000;

const PLAIN_TEXT = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };

/** A text to answer with instead of metrics. */
export interface TextAnswer extends Pick<ScrapeResponse, "status"> {
  readonly text: string;
  /** Beside those of every text. */
  readonly headers?: ScrapeResponse["headers"];
}

/**
 * Answers with a text instead of metrics, before any byte was sent.
 *
 * @param client Aborts when the client disconnects.
 * @param onEnd Called once, when the text was sent or cut off.
 */
export function textResponse(
  { status, text, headers }: TextAnswer,
  client: Signal,
  { alarm, log }: { readonly alarm: Alarm; readonly log: Log },
  onEnd: () => void,
): ScrapeResponse {
  const deadline = startDeadline(FAILURE_TIMEOUT_MS, client, alarm);
  const { signal, end } = startSending(deadline, (broken) => {
    onEnd();
    if (broken === undefined || deadline.signal.aborted) return;
    log.error("Cannot send an error response", broken.error);
  });
  return { status, headers: { ...PLAIN_TEXT, ...headers }, body: Buffer.from(text), signal, end };
}
