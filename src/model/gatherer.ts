import type { MetricFamily, MetricType } from "./metric-family.ts";

/** A registry of prom-client, `@prometheus-io/client` or a fork of them. */
export interface Registry {
  /** Returns the metrics of this registry, in the order of their registration. */
  getMetricsAsArray(): unknown;
  /** The content type of the registry's own exposition. Here each scraper gets what it asks for. */
  readonly contentType: string;
}

/**
 * Anything that yields metric families: the adapter of a client library, or your own exporter.
 *
 * @example
 * ```ts
 * const gatherer: Gatherer = {
 *   gather: () => ({
 *     families: [{ name: "queue_length", help: "Jobs waiting.", type: "gauge",
 *                  metrics: [{ labels: { queue: "mail" }, value: 3 }] }],
 *   }),
 * };
 * await Server.run(gatherer, ":9464");
 * ```
 */
export interface Gatherer {
  /**
   * Brings the values up to date and returns the families. Called once for all scrapes that wait
   * for it. What it throws, or rejects with, fails the scrape and is logged.
   */
  gather(context: GatherContext): GatherResult | PromiseLike<GatherResult>;
}

/** What a gatherer may know of the scrape that it works for. */
export interface GatherContext {
  /** Aborts when nobody waits for the result any more, or the deadline passes. */
  readonly signal: AbortSignal;
  /** When the signal aborts at the latest, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /**
   * Tells whether the scrape wants a family, by its full name. A scraper may ask for a few families
   * alone (`name[]`); a gatherer need not bring the others up to date, nor return them.
   */
  readonly isRequested: (name: string, type: MetricType) => boolean;
  /** Takes note of a family, or a part of one, that has to be left out: logged once, and counted. */
  readonly report: FaultReporter;
}

/** Takes note of something that has to be left out: the name of its family, and why. */
export type FaultReporter = (family: string, reason: string) => void;

/** What a gathering gave. */
export interface GatherResult {
  /** The families, each name once. Read after `gather` has settled, while the response streams. */
  readonly families: Iterable<MetricFamily>;
  /** What went wrong, for each collector that failed or did not settle before the signal aborted. */
  readonly errors?: readonly CollectorError[] | undefined;
}

/** The failure of one collector. */
export interface CollectorError {
  /** The metric whose collector it is. */
  readonly collector: string;
  /** What it threw, or rejected with. */
  readonly error: unknown;
  /** How long it took to fail, or until it was given up, in milliseconds. */
  readonly durationMs?: number | undefined;
}
