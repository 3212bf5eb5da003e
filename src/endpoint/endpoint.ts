/**
 * What requests are answered with, wherever they come in: the scrapes of a gatherer, the page, and
 * what the application may call.
 *
 * A handler has one endpoint, and a server one for each path: `endpoints.ts` and `probes.ts` make those
 * of the option `paths`. `group-endpoint.ts` makes that of a process whose scrapes are answered for all
 * workers of a group; `late-endpoint.ts` lets requests wait until it has joined them. All of these are
 * loaded on use, for a handler by `handler-endpoint.ts`. This room reads no request and sends no response.
 */
import type { FixedAnswer } from "../http/fixed-answers.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { FurtherPaths } from "../http/routes.ts";
import type { OwnPlace } from "../http/targets.ts";
import type { Log } from "../log.ts";
import type { MaybePromise } from "../maybe-promise.ts";
import type { Gatherer } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { ProcessReading } from "../node.ts";
import type { Controls, ResolvedHandlerOptions } from "../options/options.ts";
import { createPage } from "../page/open-page.ts";
import type { ApplicationState, PageLink, Scrape, WorkerReport } from "../scrape/exchange.ts";
import {
  createScrapeHandler,
  type ScrapeHandler,
  type ScrapeHandlerContext,
} from "../scrape/scrape.ts";
import type { SelfMetrics } from "../scrape/self-metrics.ts";
import type { UpdateLock } from "../scrape/update-lock.ts";

/** The application of an endpoint that is in a thread of its own, as far as it is known here. */
export interface Application {
  /** Keeps numbers that arrive and reading apart. */
  readonly lock: UpdateLock;
  /**
   * Returns what is known of it at a path, as metrics, behind what else is counted there; the same list as long as
   * that is the same.
   */
  readonly familiesAt: (
    path: string,
    others?: () => readonly MetricFamily[],
  ) => () => readonly MetricFamily[];
  /** The answer of `/-/healthy`. */
  readonly health: () => FixedAnswer;
  /** Its process, as its own thread sees it. */
  readonly process: ProcessReading;
  /** Whether its event loop is stuck, so that it is not worth waiting for. */
  readonly isStuck: () => boolean;
  /** How it does, for the page. */
  readonly state: () => ApplicationState;
}

/** What an endpoint is made of. */
export interface EndpointParts extends ScrapeHandlerContext {
  readonly gatherer: Gatherer;
  readonly options: ResolvedHandlerOptions;
  readonly log: Log;
  /** The paths that the page links to; a mount knows none. */
  readonly paths: readonly PageLink[];
  /** The application, where that is in another thread. */
  readonly application?: Application | undefined;
  /** The workers of the group, for the page; absent without one. */
  readonly workers?: () => readonly WorkerReport[];
}

/** What requests are answered with. */
export interface Endpoint extends Controls {
  /** @param startedAt When it began, by `performance.now()`, unless it begins now. */
  update(work: () => unknown, startedAt?: number): Promise<void>;
  readonly scrape: Scrape;
  readonly page: Scrape;
  /** Whether the application is ready for work, as it has declared. */
  readonly isReady: () => boolean;
  /**
   * Answers with the workers, for service discovery; absent without the option `workers`.
   *
   * @param own Where this server is; `undefined` for a mount, which only its requests can tell.
   */
  readonly targets?: (head: RequestHead, own: OwnPlace | undefined) => MaybePromise<FixedAnswer>;
  /** What the paths of the option `paths` are answered with; absent without the option. */
  readonly further?: FurtherPaths | undefined;
  /** Drops what is kept for the next scrape, because there will be none. It never rejects. */
  close(): MaybePromise<void>;
}

/** The log line of a process that cannot join its group. */
export const CANNOT_JOIN = "Cannot join the other workers; this one is a target of its own";

/** The endpoint of a gatherer of this process. */
export interface OwnEndpoint extends Endpoint {
  /** What its scrapes count. */
  readonly selfMetrics: SelfMetrics;
  /** What its scrapes share. */
  readonly parts: ScrapeHandler["parts"];
}

/**
 * Checks that a gatherer can be served by several workers.
 *
 * @throws {TypeError} When it declares parameters: the hub passes none on to the workers.
 */
export function checkGrouped({ gatherer: { params = [] } }: Pick<EndpointParts, "gatherer">): void {
  if (params.length === 0) return;
  throw new TypeError('A gatherer with params cannot be served with the option "workers"');
}

/** Makes the endpoint of a gatherer of this process. */
export function createEndpoint(parts: EndpointParts): OwnEndpoint {
  const { application, path = "", furtherFamilies } = parts;
  const families = application?.familiesAt(path, furtherFamilies);
  return createSharedEndpoint(families ? { ...parts, furtherFamilies: families } : parts);
}

/** Makes the endpoint of a gatherer of all workers: what is known of one application is not served there. */
export function createSharedEndpoint(parts: EndpointParts): OwnEndpoint {
  const { gatherer, options, log, paths, workers, application, ...context } = parts;
  const scrapeHandler = createScrapeHandler(gatherer, options, log, context);
  const page = createPage({ scrapeHandler, options, paths, log, workers, application });
  return { ...scrapeHandler, page };
}
