import type { Labels, MetricFamily, MetricType } from "./metric-family.ts";

/** A registry of prom-client, `@prometheus-io/client` or a fork of them. */
export interface Registry {
  /** Returns the metrics of this registry, in the order of their registration. */
  getMetricsAsArray(): unknown;
  /** The content type of the registry's own exposition. Here each scraper gets what it asks for. */
  readonly contentType: string;
}

/** What can be served: a registry of a client library, or a gatherer of your own. */
export type Source = Registry | Gatherer;

/**
 * Sources by their names, as node_exporter names its collectors. A scrape may pick among them with
 * `collect[]` or `exclude[]`: the collectors of the others do not run.
 *
 * @example
 * ```ts
 * await Server.run({ disks: diskGatherer, process: register }, ":9464");
 * // GET /metrics?collect[]=disks
 * ```
 */
export type NamedSources = Readonly<Record<string, Source | readonly Source[]>>;

/** All that is served at one path: one source, several, or several with names. */
export type Sources = Source | readonly Source[] | NamedSources;

/**
 * Returns metric families: the adapter of a client library, or your own exporter.
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
   * Updates the values and returns the families. Called once for all scrapes that wait at the same
   * time. An error that it throws or rejects with fails the scrape and is logged.
   */
  gather(context: GatherContext): GatherResult | PromiseLike<GatherResult>;
  /**
   * The parameters of a scrape's query that it reads, as `context.params`. Scrapes share a gathering only if they
   * have the same values of these. It is never told any other parameter, nor `name[]`, `collect[]` and
   * `exclude[]`.
   * @default undefined: none
   */
  readonly params?: readonly string[] | undefined;
  /**
   * The names of its sources, if they have names.
   *
   * @internal
   */
  readonly sourceNames?: readonly string[] | undefined;
  /**
   * Whether it has collectors that it reports to `onCollected()`, and is not one itself.
   *
   * @internal
   */
  readonly hasCollectors?: boolean;
  /**
   * Whether it always settles in a moment when its signal aborts: a scrape then waits for it, to know which
   * collectors were too slow.
   *
   * @internal
   */
  readonly settlesOnAbort?: boolean;
}

/** What a gatherer is told about the scrape that it works for. */
export interface GatherContext {
  /** Aborts when no scrape waits for the result any longer, or when the deadline passes. */
  readonly signal: AbortSignal;
  /**
   * The same for our own code: to make a real signal and to listen to it takes 0.08 ms, as much as to gather
   * a small registry. Absent where there is only a real one.
   *
   * @internal
   */
  readonly lightSignal?: LightAbortSignal | undefined;
  /** The latest time at which the signal aborts, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /**
   * Whether the scrape asks for a family, by its full name. A scraper may ask for only a few families
   * (`name[]`); a gatherer need not update or return the others.
   */
  readonly isRequested: (name: string, type: MetricType) => boolean;
  /**
   * The path of the server at which the scrape asks; `undefined` where there is none, as for `render()`, and for a
   * handler, which may be mounted anywhere.
   */
  readonly path: string | undefined;
  /** The values of the parameters that `Gatherer.params` declares, each at most once. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /**
   * The names of the sources that the scrape picks; absent where it picks all.
   *
   * @internal
   */
  readonly pickedSources?: ReadonlySet<string> | undefined;
  /**
   * The names that the scrape asks for; absent where it asks for everything.
   *
   * @internal
   */
  readonly names?: readonly string[] | undefined;
  /**
   * Whether the process is about to end, or leaves its group: no collector runs, and nothing is waited for
   * unless `mayWait` says so.
   *
   * @internal
   */
  readonly isFinal?: boolean | undefined;
  /**
   * Whether a final gathering waits for what cannot be read at once, such as the SDK of OpenTelemetry.
   *
   * @internal
   */
  readonly mayWait?: boolean | undefined;
  /**
   * Whether a source counts in this gathering: another server of the same process may report it to the same
   * group. Absent where every source counts.
   *
   * @internal
   */
  readonly isCounted?: ((source: object) => boolean) | undefined;
  /** Reports a family, or a part of one, that has to be skipped: logged once, counted each time. */
  readonly report: FaultReporter;
  /**
   * Called for each collector that ran, with its name and how long it took, in milliseconds. Absent
   * where nobody asks, so that a scrape reads no clock for it.
   *
   * @internal
   */
  readonly onCollected?: ((collector: string, durationMs: number) => void) | undefined;
}

/**
 * The part of an `AbortSignal` that gatherers use.
 *
 * @internal
 */
export interface LightAbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Reports what has to be skipped: the name of its family, and the reason. */
export type FaultReporter = (family: string, reason: string) => void;

/** The result of gathering. */
export interface GatherResult {
  /** The families; no two share a name. Read after `gather()` has settled, while the response streams. */
  readonly families: Iterable<MetricFamily>;
  /** One entry for each collector that failed, or did not settle before the signal aborted. */
  readonly errors?: readonly CollectorError[] | undefined;
  /**
   * How each source that has a name did, if it ran.
   *
   * @internal
   */
  readonly sources?: readonly SourceHealth[] | undefined;
}

/**
 * How a source that has a name did, as `scrape/collector-health.ts` shows it.
 *
 * @internal
 */
export interface SourceHealth {
  readonly collector: string;
  readonly labels: Labels;
  /** 1 if nothing in it failed. */
  success: 0 | 1;
  /** How long it took, or until it was abandoned. */
  readonly durationSeconds: number | undefined;
  /** When it last failed, in milliseconds since the epoch; `undefined` if it never has. */
  readonly failedAtMs: number | undefined;
  readonly isSource?: true;
}

/** The failure of one collector. */
export interface CollectorError {
  /** The name of the metric that the collector belongs to. */
  readonly collector: string;
  /** What it threw or rejected with. */
  readonly error: unknown;
  /** How long it ran until it failed or was abandoned, in milliseconds. */
  readonly durationMs?: number | undefined;
  /**
   * The name of the source that it belongs to, if that has one.
   *
   * @internal
   */
  readonly source?: string | undefined;
}

/**
 * The name of a collector, with that of its source if it has one.
 *
 * @internal
 */
export function nameOf(collector: string, source: string | undefined): string {
  return source === undefined || source === collector ? collector : `${source}: ${collector}`;
}
