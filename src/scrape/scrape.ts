import { isInstance, ScrapeTimeoutError } from "../errors.ts";
import { createExposer, type ExposerContext, type Selection } from "../exposition/expose.ts";
import { createOnce, type Log } from "../log.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { CollectorError, FaultReporter, Gatherer } from "../model/gatherer.ts";
import { createListJoiner } from "../model/identity.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import type { AnswerOverview, OverviewContext } from "../page/overview.ts";
import { Alarm } from "./alarm.ts";
import { type Deadline, scrapeTimeoutMs, startDeadline } from "./deadline.ts";
import type { Respond, Scrape, ScrapeRequest, ScrapeResponse } from "./exchange.ts";
import { blameOn, explainFailure, type Failure, sendFailure } from "./failure.ts";
import { GatherCycle } from "./gather-cycle.ts";
import { EVERY_NAME, parseNameFilter, requestedFamilies } from "./name-filter.ts";
import { withHook } from "./scrape-hook.ts";
import { SelfMetrics } from "./self-metrics.ts";
import { Status } from "./status.ts";
import { UpdateLock } from "./update-lock.ts";

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
  options: ResolvedHandlerOptions,
  log: Log,
  connections?: () => number,
): ScrapeHandler {
  const self = new SelfMetrics(connections);
  const status = new Status(options.statusName);
  const lock = new UpdateLock();
  const alarm = new Alarm();
  const report = createReporter(self, log);
  const exposer = createExposer(options, exposerContext({ self, lock, log, report }));
  const cycle = createCycle(gatherer, options, { self, log, report });

  const joinOwn = createListJoiner<MetricFamily>();
  const joinAll = createListJoiner<MetricFamily>();
  const own = () =>
    options.selfMetrics ? joinOwn(status.families, self.families()) : status.families;

  const expose = (
    code: 200 | 500,
    selection: Selection,
    request: ScrapeRequest,
    { signal }: Deadline,
  ): MaybePromise<ScrapeResponse> =>
    andThen(exposer.expose(selection, request, signal), (exposition) => ({
      status: code,
      ...exposition,
    }));

  const prepare = (request: ScrapeRequest, deadline: Deadline): MaybePromise<ScrapeResponse> => {
    const filter = parseNameFilter(request.query);
    const isFailing = status.isFailing;
    if (request.isHead) return { status: isFailing ? 500 : 200, ...exposer.headersOnly(request) };
    if (isFailing) return expose(500, { families: own(), selection: FAILING }, request, deadline);
    const gathered = blameOn("gathering", () => cycle.gather(deadline, filter));
    return andThen(gathered, (families) => {
      // Not before: what this gathering found out about its collectors is part of them.
      const all = joinAll(families, requestedFamilies(own(), filter));
      const selection = { families: all, selection: filter.key };
      return blameOn("encoding", () => expose(200, selection, request, deadline));
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
    lock,
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
        await lock.update(work, options.timeoutMs);
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
      exposer.clear();
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
  { errorHandling, onScrape }: Pick<ResolvedHandlerOptions, "errorHandling" | "onScrape">,
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

/** What an exposer works with, and how what it tells is counted. */
export function exposerContext({ self, lock, log, report }: ExposerParts): ExposerContext {
  return {
    lock,
    report,
    warn: (message) => log.warn(message),
    onEncoded(durationMs) {
      self.encoding.count++;
      self.encoding.sumMs += durationMs;
    },
    onSent: (bytes, format, encoding) => self.sent(bytes, format, encoding),
    onOversized(message) {
      self.events.oversized++;
      log.warn(message);
    },
  };
}

interface ExposerParts {
  readonly self: SelfMetrics;
  readonly lock: UpdateLock;
  readonly log: Log;
  readonly report: FaultReporter;
}
