import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { CollectorError, FaultReporter, Gatherer } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Format } from "../exposition/formats.ts";
import { Alarm } from "./alarm.ts";
import type { Body } from "../exposition/body.ts";
import type { BodyLimit } from "../exposition/body-limit.ts";
import type { CompressionSettings } from "../exposition/compression/compressor.ts";
import { type Deadline, scrapeTimeoutMs, startDeadline, type TimeoutOptions } from "./deadline.ts";
import { createExposer } from "../exposition/expose.ts";
import { blameOn, explainFailure, type Failure, sendFailure } from "./failure.ts";
import { type ErrorHandling, GatherCycle } from "./gather-cycle.ts";
import type { Signal } from "../abort.ts";
import { createListJoiner } from "./list-joiner.ts";
import { createOnce, type Log } from "../log.ts";
import { EVERY_NAME, parseNameFilter, requestedFamilies } from "./name-filter.ts";
import type { AnswerOverview, OverviewContext } from "../page/overview.ts";
import { type ScrapeHook, withHook } from "./scrape-hook.ts";
import { SelfMetrics, type StatusCode } from "./self-metrics.ts";
import { Status } from "./status.ts";
import { UpdateGuard } from "./update-lock.ts";

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

/** The settings of a scrape handler. */
export interface ScrapeOptions extends TimeoutOptions {
  /** The formats on offer. */
  readonly formats: readonly Format[];
  readonly compression: CompressionSettings;
  readonly errorHandling: ErrorHandling;
  readonly onScrape: ScrapeHook | undefined;
  readonly bodyLimit: BodyLimit | undefined;
  readonly maxKeptBytes: number;
  readonly maxRequestsInFlight: number;
  readonly selfMetrics: boolean;
  readonly statusName: string | undefined;
}

/** The scrape handler of one gatherer. */
export interface ScrapeHandler {
  readonly scrape: Scrape;
  /**
   * Answers a person with the size of all families. It rejects with what its `respond` rejects with,
   * unless the client has gone.
   */
  readonly overview: AnswerOverview;
  /** Runs an update that no scrape sees half-done. Never rejects: a failure is counted and logged. */
  update(work: () => unknown): Promise<void>;
  /** Answers every scrape with 500 from now on. */
  setFailing(message?: string): void;
  /** Ends what `setFailing()` began. */
  setOk(): void;
  /** Drops what is kept for the next scrape, because there will be none. */
  forget(): void;
}

/**
 * Makes the scrape handler of a gatherer.
 *
 * @param connections Tells how many connections are open; absent where nobody knows.
 */
export function createScrapeHandler(
  gatherer: Gatherer,
  options: ScrapeOptions,
  log: Log,
  connections?: () => number,
): ScrapeHandler {
  const self = new SelfMetrics(connections);
  const status = new Status(options.statusName);
  const guard = new UpdateGuard();
  const alarm = new Alarm();
  const report = createReporter(self, log);
  const expose = createExposer(options, { self, guard, log, report });
  const cycle = createCycle(gatherer, options, { self, log, report });

  const joinOwn = createListJoiner<MetricFamily>();
  const joinAll = createListJoiner<MetricFamily>();
  const own = () =>
    options.selfMetrics ? joinOwn(status.families, self.families()) : status.families;

  const prepare = (request: ScrapeRequest, deadline: Deadline): MaybePromise<ScrapeResponse> => {
    const filter = parseNameFilter(request.query);
    if (request.isHead) return expose.head(status.isFailing ? 500 : 200, request);
    if (status.isFailing) {
      return expose.response(500, { families: own(), selection: FAILING }, request, deadline);
    }
    const gathered = blameOn("gathering", () => cycle.gather(deadline, filter));
    return andThen(gathered, (families) => {
      // Not before: what this gathering found out about its collectors is part of them.
      const all = joinAll(families, requestedFamilies(own(), filter));
      const exposition = { families: all, selection: filter.key };
      return blameOn("encoding", () => expose.response(200, exposition, request, deadline));
    });
  };

  const fail = (thrown: unknown, { signal }: Deadline): Failure | undefined => {
    const failure = explainFailure(thrown, signal);
    if (failure === undefined) self.events.aborted++;
    else if (failure.cause !== undefined) {
      self.errors[failure.cause]++;
      if (failure.cause === "timeout") self.events.timed_out++;
      log.error("The scrape failed", failure.error);
    }
    return failure;
  };

  const answer = async (request: ScrapeRequest, respond: Respond): Promise<void> => {
    const timeoutMs = scrapeTimeoutMs(request.timeoutSeconds, options);
    const deadline = startDeadline(timeoutMs, request.signal, alarm);
    let isAnswered = false;
    try {
      const prepared = prepare(request, deadline);
      // To wait for what is there would give it away to a later turn.
      const response = prepared instanceof Promise ? await prepared : prepared;
      deadline.throwIfOver();
      isAnswered = true;
      self.requests[response.status]++;
      await respond(response, deadline.signal);
      // It may settle without a word when it has cut the response off.
      deadline.signal.throwIfAborted();
    } catch (thrown) {
      const failure = fail(thrown, deadline);
      // Once a byte is out nothing can be taken back: `respond` has cut the response off.
      if (isAnswered || failure === undefined) return;
      self.requests[failure.status]++;
      await sendFailure(failure.status, request, respond, alarm);
    } finally {
      deadline.clear();
    }
  };

  const shed = async (request: ScrapeRequest, respond: Respond): Promise<void> => {
    self.events.shed++;
    self.requests[503]++;
    await sendFailure("busy", request, respond, alarm);
  };

  const overview: OverviewContext = {
    collect: async (deadline) => {
      const { families, errors } = status.isFailing
        ? { families: [], errors: [] }
        : await cycle.collect(deadline, EVERY_NAME);
      return { families: [...families, ...own()], errors };
    },
    isFailing: () => status.isFailing,
    isLogged: options.errorHandling === "continue",
    timeoutMs: options.timeoutMs,
    alarm,
    guard,
    log,
  };
  let answerOverview: Promise<AnswerOverview> | undefined;

  return {
    async scrape(request, respond) {
      const isBusy = self.inFlight >= options.maxRequestsInFlight;
      // To be turned away takes no slot: slow clients must not turn others away with that.
      if (!isBusy) self.inFlight++;
      try {
        await (isBusy ? shed(request, respond) : answer(request, respond));
      } catch (error) {
        log.error("The failure of a scrape could not be answered", error);
      } finally {
        if (!isBusy) self.inFlight--;
      }
    },

    async overview(client, respond) {
      answerOverview ??= loadOverview(overview);
      const answer = await answerOverview;
      return answer(client, respond);
    },

    async update(work) {
      const startedAt = performance.now();
      const failures: CollectorError[] = [];
      try {
        await guard.update(work, options.timeoutMs);
      } catch (error) {
        failures.push({ collector: UPDATE, error, durationMs: performance.now() - startedAt });
        self.errors[isInstance(error, ScrapeTimeoutError) ? "timeout" : "gathering"]++;
        log.error("An update failed", error);
      }
      self.collectors.record(failures, (collector) => collector === UPDATE);
    },

    setFailing(message = "no reason given") {
      status.isFailing = true;
      log.warn(`Scrapes are answered with 500 from now on: ${message}`);
    },

    setOk() {
      status.isFailing = false;
    },

    forget() {
      expose.forget();
      alarm.close();
    },
  };
}

/** The selection of a server that is failing; no key of a filter is like it. */
const FAILING = "failing";

/** Loads the code of overviews when it is first needed: a process may only ever be scraped. */
async function loadOverview(context: OverviewContext): Promise<AnswerOverview> {
  const { createOverview } = await import("../page/overview.ts");
  return createOverview(context);
}

/** What `update()` is called among the collectors. */
const UPDATE = "update";

/** Makes the gather cycle of a gatherer; it counts and logs what does not cost the scrape. */
export function createCycle(
  gatherer: Gatherer,
  { errorHandling, onScrape }: Pick<ScrapeOptions, "errorHandling" | "onScrape">,
  { self, log, report }: { self: SelfMetrics; log: Log; report: FaultReporter },
): GatherCycle {
  return new GatherCycle(onScrape === undefined ? gatherer : withHook(gatherer, onScrape), {
    errorHandling,
    report,
    onShared: () => {
      self.events.shared++;
    },
    onGathered: ({ errors, durationMs, isComplete }) => {
      self.gathering.count++;
      self.gathering.sumMs += durationMs;
      self.collectors.record(errors, (collector) => isComplete && collector !== UPDATE);
      // Where a failure costs the scrape, it is counted and logged as the scrape's.
      if (errorHandling === "fail") return;
      for (const { collector, error } of errors) {
        self.errors[isInstance(error, ScrapeTimeoutError) ? "timeout" : "gathering"]++;
        log.error(`The collector of "${collector}" failed, and the scrape goes on`, error);
      }
    },
  });
}

/** Makes the function that counts and logs what had to be left out. */
export function createReporter(self: SelfMetrics, log: Log): FaultReporter {
  const isNews = createOnce();
  return (family, reason) => {
    self.errors.encoding++;
    const message = `Left something out of the metric family "${family}": ${reason}`;
    if (isNews(message)) log.warn(message);
  };
}
