import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import type { Exposer, Exposition } from "../exposition/expose.ts";
import type { About, Log } from "../log.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Probe } from "../model/probe.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { Alarm } from "../scrape/alarm.ts";
import {
  type Deadline,
  startDeadline,
  startScraperDeadline,
  startSending,
} from "../scrape/deadline.ts";
import type { ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";
import {
  explainFailure,
  FAILURE_TIMEOUT_MS,
  type TextAnswer,
  textResponse,
  UnavailableError,
} from "../scrape/failure.ts";
import { requestedFamilies } from "../scrape/query/selection.ts";
import { type Ask, labelOf, shownTarget } from "./ask.ts";
import type { ProbeCounts } from "./probe-counts.ts";
import { saysFailure, withProbeFamilies } from "./probe-families.ts";
import { moduleTimeoutMs, type Run } from "./run.ts";
import type { Runs } from "./runs.ts";
import type { TargetPolicy } from "./target/policy.ts";

/** What all requests for a probe share. */
export interface AnswerParts {
  readonly probe: Probe;
  readonly options: Pick<ResolvedHandlerOptions, "timeoutMs" | "timeoutOffsetMs">;
  readonly log: Log;
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly status: { readonly isFailing: boolean };
  readonly counts: ProbeCounts;
  readonly alarm: Alarm;
  readonly policy: Pick<TargetPolicy, "isAllowed">;
  readonly runs: Runs;
  readonly exposer: Exposer;
}

export const PROBE_FAILED: TextAnswer = {
  status: 500,
  text: "The probe failed. See the process log.\n",
};

const STOPPED: TextAnswer = { status: 503, text: "The probe was stopped.\n" };

const LATE: TextAnswer = {
  status: 503,
  text: "The probe could not be answered in time. See the process log.\n",
};

/** A request that waits for its run. */
interface Waiting {
  readonly request: ScrapeRequest;
  readonly ask: Ask;
  readonly run: Run;
  /** That of the scraper. */
  readonly deadline: Deadline;
}

/**
 * Waits for a run within the time of the scraper, and answers whatever becomes of it; `undefined` if the
 * client disconnected first.
 *
 * A run that fails or is late has an answer, too: its `probe_success 0` tells a target that is down from an
 * exporter that is. A late one is answered on a clock of its own, because that of the scraper has run out.
 */
export async function answerRun(
  parts: AnswerParts,
  request: ScrapeRequest,
  ask: Ask,
): Promise<ScrapeResponse | undefined> {
  const { options, alarm, counts, runs } = parts;
  if (request.signal.aborted) return undefined;
  counts.inFlight++;
  const deadline = startScraperDeadline(request.timeoutSeconds, options, request.signal, alarm);
  const waiting: Waiting = { request, ask, run: runs.join(ask, deadline), deadline };
  try {
    const families = await waiting.run.families(deadline);
    const hasFailed = saysFailure(families);
    const exposition = await expose(parts, waiting, families, deadline);
    deadline.throwIfOver();
    deadline.startBody();
    const sending = startSending(deadline, (broken) => {
      counts.inFlight--;
      if (broken !== undefined) fail(parts, waiting, broken.error, CUT_OFF);
      else succeed(parts, ask, hasFailed);
    });
    return { status: 200, ...exposition, ...sending };
  } catch (thrown) {
    const failure = fail(parts, waiting, thrown, consequenceOf(parts.probe));
    deadline.clear();
    if (failure !== undefined) return answerFailure(parts, waiting, failure.error);
    counts.inFlight--;
    return undefined;
  }
}

/** Answers a request whose run has failed or is late. */
async function answerFailure(
  parts: AnswerParts,
  waiting: Waiting,
  error: unknown,
): Promise<ScrapeResponse | undefined> {
  const { probe, alarm, counts } = parts;
  const { signal } = waiting.request;
  const release = () => {
    counts.inFlight--;
  };
  if (isInstance(error, UnavailableError)) return textResponse(STOPPED, signal, parts, release);
  if (probe.onFailure === "error") return textResponse(PROBE_FAILED, signal, parts, release);
  const leftMs = waiting.deadline.deadlineMs - Date.now();
  const deadline = startDeadline(Math.max(leftMs, FAILURE_TIMEOUT_MS), signal, alarm);
  try {
    const exposition = await expose(parts, waiting, undefined, deadline);
    return { status: 200, ...exposition, ...startSending(deadline, release) };
  } catch (thrown) {
    const isGone = explainFailure(thrown, deadline.signal) === undefined;
    deadline.clear();
    // An update of the application may have kept it waiting for too long.
    if (!isGone) return textResponse(LATE, signal, parts, release);
    release();
    return undefined;
  }
}

/** @param families What the run has found; `undefined` if it has failed. */
function expose(
  { exposer, probe }: AnswerParts,
  { request, ask, run, deadline: { timeoutMs } }: Waiting,
  families: readonly MetricFamily[] | undefined,
  { signal }: Deadline,
): MaybePromise<Exposition> {
  const all = withProbeFamilies(families ?? [], {
    isSuccess: families !== undefined,
    durationMs: run.durationMs,
    timeoutMs: Math.min(timeoutMs, moduleTimeoutMs(probe, ask.module)),
  });
  // Targets are the client's: nothing is kept for each of them.
  const selected = { families: requestedFamilies(all, ask.selection), selection: undefined };
  return exposer.expose(selected, request, signal);
}

/** The kind of the faults of probes in the log. */
const PROBE = "probe";

const CUT_OFF = "its answer was cut off";

function consequenceOf({ onFailure }: Probe): string {
  return `it is answered with ${onFailure === "error" ? "an error" : "probe_success 0"}`;
}

/** @param hasFailed Whether the probe has said so itself. */
function succeed({ counts, log }: AnswerParts, ask: Ask, hasFailed: boolean): void {
  counts.count(hasFailed ? "failure" : "success", labelOf(ask));
  if (hasFailed) return;
  const works = nameOf(ask);
  log.settled(PROBE, (name) => name !== works);
}

/** Counts and logs a failure; `undefined` when the client has disconnected. */
function fail(
  { counts, log }: AnswerParts,
  { ask, deadline }: Waiting,
  thrown: unknown,
  consequence: string,
): { readonly error: unknown } | undefined {
  const failure = explainFailure(thrown, deadline.signal);
  if (failure === undefined) return undefined;
  const { error } = failure;
  if (isInstance(error, UnavailableError)) {
    counts.count("refused", labelOf(ask));
    return failure;
  }
  counts.count(isInstance(error, ScrapeTimeoutError) ? "timeout" : "failure", labelOf(ask));
  const name = nameOf(ask);
  const about: About = {
    kind: PROBE,
    name,
    fields: { target: shownTarget(ask.target), ...(ask.module !== "" && { module: ask.module }) },
    again: `Probe of ${name} works again`,
  };
  log.error(`Probe of ${name} failed; ${consequence}`, error, about);
  return failure;
}

/** What a log calls the runs that fail and work again together. */
function nameOf({ target, module }: Ask): string {
  return module === "" ? shownTarget(target) : `${shownTarget(target)} (module "${module}")`;
}
