/**
 * The way of one scrape, from its request to its response.
 *
 * `answer()` takes a slot, starts the clock and prepares the response: query, gathering,
 * encoding. Until then nothing has been sent, so a failure still gets a status and a fixed text of its
 * own. Where nothing has to be waited for, all of it happens in one turn of the event loop. The slot,
 * the clock and the memory of the body are released by `end()` of the response, which the sender calls,
 * or the deadline.
 */
import type { Signal } from "../abort.ts";
import { messageOf } from "../errors.ts";
import type { Exposer } from "../exposition/expose.ts";
import type { About, Log } from "../log.ts";
import { andThen, isPromise, type MaybePromise } from "../maybe-promise.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Alarm } from "./alarm.ts";
import { type Deadline, startScraperDeadline, startSending } from "./deadline.ts";
import type { ScrapeRequest, ScrapeResponse, StatusCode } from "./exchange.ts";
import { blameOn, explainFailure, type Failure, type TextAnswer, textResponse } from "./failure.ts";
import type { GatherCycle } from "./gather-cycle.ts";
import { NO_PARAMS, requestedFamilies, type Select, type Selection } from "./query/selection.ts";
import type { ScrapeCounts, Status } from "./self-metrics.ts";
import type { UpdateLock } from "./update-lock.ts";

/** What all scrapes of one handler share. */
export interface ScrapeParts {
  readonly options: Pick<
    ResolvedOptions,
    "timeoutMs" | "timeoutOffsetMs" | "maxRequestsInFlight" | "errorHandling"
  >;
  readonly log: Log;
  readonly selfMetrics: ScrapeCounts;
  readonly status: Status;
  readonly lock: UpdateLock;
  readonly alarm: Alarm;
  readonly select: Select;
  readonly cycle: GatherCycle;
  readonly exposer: Exposer;
  /** What answers with metrics have beside the headers of their exposition. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The families of the handler itself: the status of the application, and the self metrics.
   *
   * @param picked The sources that its scrape picks; absent for all.
   */
  readonly ownFamilies: (picked?: ReadonlySet<string>) => readonly MetricFamily[];
  /** Puts the handler's own families behind those that were gathered. */
  readonly joinFamilies: (
    gathered: readonly MetricFamily[],
    ownFamilies: readonly MetricFamily[],
  ) => readonly MetricFamily[];
}

/** Answers one scrape; the rules of `Scrape` hold. */
export function answer(
  parts: ScrapeParts,
  request: ScrapeRequest,
): MaybePromise<ScrapeResponse | undefined> {
  const { selfMetrics, options } = parts;
  if (selfMetrics.inFlight >= options.maxRequestsInFlight) return shed(parts, request);
  selfMetrics.inFlight++;
  const { timeoutSeconds, signal: client } = request;
  const deadline = startScraperDeadline(timeoutSeconds, options, client, parts.alarm);
  try {
    const prepared = prepare(parts, request, deadline);
    if (!isPromise(prepared)) return succeed(parts, request, prepared, deadline);
    return prepared
      .then((given) => succeed(parts, request, given, deadline))
      .catch((thrown: unknown) => refuse(parts, request, thrown, deadline));
  } catch (thrown) {
    return refuse(parts, request, thrown, deadline);
  }
}

/** A response before anybody sends it. */
type Prepared = Pick<ScrapeResponse, "headers" | "body"> & { readonly status: StatusCode };

/**
 * Makes the response of a scrape.
 *
 * @throws What failed, as it was thrown.
 */
export function prepare(
  parts: ScrapeParts,
  request: ScrapeRequest,
  deadline: Deadline,
): MaybePromise<Prepared> {
  return andThen(parts.select(request.query), (selection) =>
    prepareSelected(parts, request, deadline, selection),
  );
}

function prepareSelected(
  parts: ScrapeParts,
  request: ScrapeRequest,
  deadline: Deadline,
  selection: Selection,
): MaybePromise<Prepared> {
  const { cycle, exposer, ownFamilies, joinFamilies } = parts;
  const status = parts.status.isFailing ? 500 : 200;
  if (request.isHead) return { status, ...exposer.headersOnly(request) };
  const exposeAs = (families: readonly MetricFamily[], key: string | undefined) =>
    andThen(
      exposer.expose({ families, selection: key }, request, deadline.signal),
      (exposition): Prepared => ({ status, ...exposition }),
    );
  if (status === 500) return exposeAs(ownFamilies(), FAILING);
  return andThen(
    blameOn("gathering", () => cycle.gather(deadline, selection)),
    (families) => {
      // Read after gathering, so that this scrape's own collector health is included.
      const all = joinFamilies(
        families,
        requestedFamilies(ownFamilies(selection.pickedSources), selection),
      );
      return blameOn("encoding", () => exposeAs(all, keptAs(selection)));
    },
  );
}

/** Values of parameters are the client's: nothing is kept for each of them. */
function keptAs({ key, params }: Selection): string | undefined {
  return params === NO_PARAMS ? key : undefined;
}

/** The selection of a handler that is failing; that of a query is never the same. */
const FAILING = "failing";

function succeed(
  parts: ScrapeParts,
  { isHead }: ScrapeRequest,
  { status, headers, body }: Prepared,
  deadline: Deadline,
): ScrapeResponse {
  deadline.throwIfOver();
  deadline.startBody();
  const { selfMetrics } = parts;
  selfMetrics.requests[status]++;
  const { signal, end } = startSending(deadline, (broken) => {
    selfMetrics.inFlight--;
    if (broken !== undefined) fail(parts, broken.error, deadline.signal);
    else if (status === 200 && !isHead) parts.log.settled(SCRAPE);
  });
  const all = status === 200 ? { ...headers, ...parts.headers } : headers;
  return { status, headers: all, body, signal, end };
}

function refuse(
  parts: ScrapeParts,
  request: ScrapeRequest,
  thrown: unknown,
  deadline: Deadline,
): ScrapeResponse | undefined {
  const failure = fail(parts, thrown, deadline.signal);
  deadline.clear();
  const release = () => {
    parts.selfMetrics.inFlight--;
  };
  if (failure === undefined) {
    release();
    return undefined;
  }
  const { status, error } = failure;
  const answer = status === 400 ? { status, text: `${messageOf(error)}.\n` } : ANSWERS[status];
  return failureResponse(parts, answer, request, release);
}

/** The kind of a scrape's faults in the log. */
const SCRAPE = "scrape";

const again = "Scrapes succeed again";

const SCRAPES = {
  gathering: { kind: SCRAPE, name: "gathering", again },
  encoding: { kind: SCRAPE, name: "encoding", again },
  timeout: { kind: SCRAPE, name: "timeout", again },
} as const satisfies Record<string, About>;

/** Logs scrapes that collectors were too slow for, although none of them failed. */
export function logLate(log: Log, error: unknown): void {
  log.error("The scrape failed", error, SCRAPES.timeout);
}

/** Counts and logs a failure; `undefined` when the client has disconnected. */
function fail(parts: ScrapeParts, thrown: unknown, signal: Signal): Failure | undefined {
  const { selfMetrics, log } = parts;
  const failure = explainFailure(thrown, signal);
  if (failure === undefined) selfMetrics.events.aborted++;
  else if (failure.cause !== undefined) {
    selfMetrics.errors[failure.cause]++;
    if (failure.cause === "timeout") selfMetrics.events.timed_out++;
    if (!failure.isLogged) log.error("The scrape failed", failure.error, SCRAPES[failure.cause]);
  }
  return failure;
}

/** A rejected scrape takes no slot; otherwise clients that read the 503 slowly would lock others out. */
function shed(parts: ScrapeParts, request: ScrapeRequest): ScrapeResponse {
  parts.selfMetrics.events.shed++;
  return failureResponse(parts, ANSWERS.busy, request, () => {});
}

const SOON = { "Retry-After": "1" };

// Fixed texts: what a collector threw may hold secrets, and belongs only in the log.
const ANSWERS = {
  500: { status: 500, text: "The metrics could not be gathered. See the process log.\n" },
  503: {
    status: 503,
    text: "The metrics could not be gathered in time. See the process log.\n",
    headers: SOON,
  },
  busy: {
    status: 503,
    text: "Too many scrapes at once. Try again in a moment.\n",
    headers: SOON,
  },
} as const;

/** Answers a scrape that failed before its first byte was sent, or that did not begin. */
function failureResponse(
  parts: ScrapeParts,
  answer: TextAnswer & Pick<Failure, "status">,
  { signal }: ScrapeRequest,
  onEnd: () => void,
): ScrapeResponse {
  parts.selfMetrics.requests[answer.status]++;
  return textResponse(answer, signal, parts, onEnd);
}
