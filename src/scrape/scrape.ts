/**
 * One scrape without HTTP: who waits, how long, and what a failure means.
 *
 * `answer.ts` takes a scrape from its request to its response. On that way `query/` reads
 * what it asks for, a gather cycle runs the collectors for all scrapes that wait for the same, and
 * `exposition/` encodes. A deadline bounds all of it: it has one signal, which aborts on timeout, on
 * disconnect and at the end, and everything the scrape holds is released then. A lock keeps updates
 * and the reading of values apart. Each failure is counted, logged and answered here, in one place.
 * This room opens no socket, and does not depend on the kind of server.
 */
import { createExposer, type Exposer, type ExposerContext } from "../exposition/expose.ts";
import type { About, Log } from "../log.ts";
import { andThen, loadOnce } from "../maybe-promise.ts";
import {
  type CollectorError,
  type FaultReporter,
  type Gatherer,
  nameOf,
} from "../model/gatherer.ts";
import { createListJoiner } from "../model/identity.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Controls, ResolvedHandlerOptions, ScrapeHook } from "../options/options.ts";
import { Alarm } from "./alarm.ts";
import { answer, logLate, type ScrapeParts } from "./answer.ts";
import type { Scrape, ScrapeRequest, TakeSurvey } from "./exchange.ts";
import { GatherCycle } from "./gather-cycle.ts";
import { EVERYTHING, type Select, type Selectable } from "./query/selection.ts";
import { countsOfPage, SelfMetrics, Status } from "./self-metrics.ts";
import { RecentScrapes } from "./survey/recent-scrapes.ts";
import type { SurveyParts } from "./survey/survey.ts";
import { UPDATE, UpdateLock } from "./update-lock.ts";

/** The scrape handler of one gatherer. */
export interface ScrapeHandler extends Controls {
  /** @param startedAt When it began, by `performance.now()`, unless it begins now. */
  update(work: () => unknown, startedAt?: number): Promise<void>;
  readonly scrape: Scrape;
  /** What its scrapes share, for `expose()`. */
  readonly parts: ScrapeParts;
  /** Lets a visitor read all families; it is not counted as a scrape. */
  readonly survey: TakeSurvey;
  /** What the scrapes of this handler count. */
  readonly selfMetrics: SelfMetrics;
  /** Whether the application is ready for work, as it has declared. */
  readonly isReady: () => boolean;
  /** Drops what is kept for the next scrape, because there will be none. */
  close(): void;
}

/** What a scrape handler is told of the server that it is in. */
export interface ScrapeHandlerContext {
  /** Returns how many connections are open; absent where that is unknown. */
  readonly connections?: () => number;
  /** Whether a page may show the last scrapes. */
  readonly hasPage?: boolean;
  /** Returns what else is counted there; the same list as long as it has the same families. */
  readonly furtherFamilies?: (() => readonly MetricFamily[]) | undefined;
  /** Keeps updates and reading apart, where something else reads the same metrics. */
  readonly lock?: UpdateLock | undefined;
  /** The path at which its scrapes ask; `undefined` for a handler, which may be mounted anywhere. */
  readonly path?: string | undefined;
  /** What the application has declared, where it holds for other handlers, too. */
  readonly status?: Status | undefined;
  /** Where bytes are kept, if that is one budget with other handlers. */
  readonly store?: Exposer["store"] | undefined;
}

/** Makes the scrape handler of a gatherer. */
export function createScrapeHandler(
  gatherer: Gatherer,
  options: ResolvedHandlerOptions,
  log: Log,
  { connections, hasPage = false, furtherFamilies, ...shared }: ScrapeHandlerContext = {},
): ScrapeHandler {
  const selfMetrics = new SelfMetrics(connections, furtherFamilies);
  const parts = createParts(gatherer, options, { log, selfMetrics, ...shared });
  const recentScrapes = hasPage ? new RecentScrapes() : undefined;
  const { status, exposer, alarm } = parts;
  let reason = "";
  return {
    scrape: createScrape(parts, recentScrapes),
    parts,
    survey: createLazySurvey({ ...parts, health: selfMetrics.collectors, recentScrapes }),
    selfMetrics,
    update: (work, startedAt) => update(work, parts, startedAt),
    setFailing(message = "no reason given") {
      // Some applications say so again and again.
      if (status.isFailing && reason === message) return;
      status.isFailing = true;
      reason = message;
      log.note(`Metrics marked as failing; scrapes get 500: ${message}`);
    },
    setOk() {
      status.isFailing = false;
    },
    setReady(isReady) {
      status.isReady = isReady;
    },
    isReady: () => status.isReady,
    close() {
      exposer.clear();
      alarm.close();
    },
  };
}

/** Makes the function that answers scrapes, and counts those of a page as such and as nothing else. */
function createScrape(parts: Parts, recentScrapes: RecentScrapes | undefined): Scrape {
  const { selfMetrics } = parts;
  // A page that succeeds with one family does not mean that a scraper would.
  const log: Log = { ...parts.log, settled() {} };
  const partsOfPage = { ...parts, log, headers: {}, selfMetrics: countsOfPage(selfMetrics) };
  const answerScraper = (request: ScrapeRequest) => answer(parts, request);
  return (request) => {
    if (request.isPage) {
      selfMetrics.events.page++;
      return answer(partsOfPage, request);
    }
    return recentScrapes === undefined
      ? answer(parts, request)
      : recentScrapes.watch(request, answerScraper);
  };
}

/** Most applications never update. What arrives meanwhile waits from the moment of this call. */
async function update(
  work: () => unknown,
  parts: Parts,
  startedAt = performance.now(),
): Promise<void> {
  const running = parts.lock.update(work, parts.options.timeoutMs);
  // Its failure is reported below.
  running.catch(() => {});
  const { reportUpdate } = await import("./application.ts");
  await reportUpdate(running, startedAt, parts);
}

/** Only a page takes surveys, and most processes never show one. */
function createLazySurvey(parts: SurveyParts): TakeSurvey {
  const load = loadOnce(() =>
    import("./survey/survey.ts").then(({ createSurvey }) => createSurvey(parts)),
  );
  return async (client, visit, name) => (await load())(client, visit, name);
}

/** Makes the function that reads queries: most scrapers send none. */
function createLazySelect(selectable: Selectable): Select {
  const load = loadOnce(() => import("./query/query.ts"));
  return (query) =>
    query === ""
      ? EVERYTHING
      : andThen(load(), ({ readSelection }) => readSelection(query, selectable));
}

type Parts = ScrapeParts & Pick<Accounts, "selfMetrics">;

function createParts(
  gatherer: Gatherer,
  options: ResolvedHandlerOptions,
  {
    log,
    selfMetrics,
    path,
    lock = new UpdateLock(),
    status = new Status(options.statusName),
    store,
  }: Pick<Parts, "log" | "selfMetrics"> &
    Pick<ScrapeHandlerContext, "path" | "lock" | "status" | "store">,
): Parts {
  const report = createReporter(selfMetrics, log);
  const joinOwn = createListJoiner<MetricFamily>();
  return {
    options,
    log,
    selfMetrics,
    status,
    lock,
    alarm: new Alarm(),
    select: createLazySelect(gatherer),
    cycle: createCycle(gatherer, options, { selfMetrics, log, report, path }),
    headers: options.workers === undefined ? { [START_TIME]: startSeconds() } : {},
    exposer: createCountedExposer(options, { selfMetrics, log, report, lock, store }),
    ownFamilies: (picked) =>
      options.selfMetrics
        ? joinOwn(status.families, selfMetrics.families(picked))
        : status.families,
    joinFamilies: createListJoiner<MetricFamily>(),
  };
}

/**
 * The header by which a receiver can date counters, as client_golang has it. In a group it would say nothing
 * about those of other processes.
 */
const START_TIME = "Process-Start-Time-Unix";

/** When this process began, in whole seconds since the epoch. */
function startSeconds(): string {
  return String(Math.floor(performance.timeOrigin / 1_000));
}

/** Where failures and figures of a scrape go. */
interface Accounts {
  readonly selfMetrics: SelfMetrics;
  readonly log: Log;
  readonly report: FaultReporter;
}

/** Makes the function that counts and logs what had to be skipped. */
function createReporter(selfMetrics: SelfMetrics, log: Log): FaultReporter {
  return (family, reason) => {
    selfMetrics.errors.encoding++;
    log.warn(`Skipped part of metric family "${family}": ${reason}`);
  };
}

function isAmong(errors: readonly CollectorError[]): (collector: string) => boolean {
  const names = new Set(errors.map(({ collector, source }) => nameOf(collector, source)));
  return (collector) => names.has(collector);
}

/** The kind of collectors' faults in the log. */
const COLLECTOR = "collector";

const OVERSIZED: About = { kind: "size", again: "Scrapes are within the body limit again" };

function aboutCollector({ collector, source }: CollectorError): About {
  const name = nameOf(collector, source);
  const fields = source === undefined ? { collector } : { collector, source };
  return { kind: COLLECTOR, name, fields, again: `Collector "${name}" works again` };
}

/** Most gatherers have no hook. */
function withLazyHook(gatherer: Gatherer, hook: ScrapeHook): Gatherer {
  return {
    async gather(context) {
      const { withHook } = await import("./application.ts");
      return withHook(gatherer, hook).gather(context);
    },
  };
}

/**
 * Makes the gather cycle of a gatherer. It logs the failures of collectors, and counts those that do not
 * fail the scrape.
 */
function createCycle(
  gatherer: Gatherer,
  { errorHandling, onScrape }: Pick<ResolvedHandlerOptions, "errorHandling" | "onScrape">,
  { selfMetrics, log, report, path }: Accounts & Pick<ScrapeHandlerContext, "path">,
): GatherCycle {
  const consequence =
    errorHandling === "fail"
      ? "scrapes are answered with an error"
      : "its metrics are missing from the scrape";
  return new GatherCycle(onScrape === undefined ? gatherer : withLazyHook(gatherer, onScrape), {
    errorHandling,
    report,
    path,
    onShared: () => {
      selfMetrics.events.shared++;
    },
    onGathered: ({ errors, durationMs, isComplete, hasParams, sources = [] }) => {
      selfMetrics.gathering.count++;
      selfMetrics.gathering.sumMs += durationMs;
      selfMetrics.collectors.record(errors, (name) => isComplete && name !== UPDATE);
      selfMetrics.collectors.recordSources(sources);
      for (const failed of errors) {
        // Where a failure fails the scrape, it is counted as the scrape's.
        if (errorHandling !== "fail") selfMetrics.gatheringFailed(failed.error);
        const about = aboutCollector(failed);
        log.error(`Collector "${about.name}" failed; ${consequence}`, failed.error, about);
      }
      if (isComplete && !hasParams)
        log.settled(COLLECTOR, errors.length === 0 ? undefined : isAmong(errors));
    },
    onLate: (error) => logLate(log, error),
  });
}

function createCountedExposer(
  options: ResolvedHandlerOptions,
  { selfMetrics, log, report, lock, store }: Accounts & Pick<ExposerContext, "lock" | "store">,
): Exposer {
  return createExposer(options, {
    lock,
    store,
    report,
    warn: (message) => log.warn(message),
    onEncoded(durationMs) {
      selfMetrics.encoding.count++;
      selfMetrics.encoding.sumMs += durationMs;
    },
    onSent: (bytes, format, encoding) => selfMetrics.sent(bytes, format, encoding),
    onOversized(message) {
      selfMetrics.events.oversized++;
      // Otherwise the scrape's failure is logged.
      if (options.bodyLimit?.action === "warn") log.warn(message, OVERSIZED);
    },
    onWithinLimit: () => log.settled(OVERSIZED.kind),
  });
}
