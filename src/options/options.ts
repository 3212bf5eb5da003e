/**
 * What a user may say: every option with its meaning, unit and default. `rules.ts` holds the defaults
 * and the checks; a room takes the options that it needs as `Pick<ResolvedOptions, …>`.
 */
import type { Logger } from "../log.ts";

/** An exposition format, with its version. */
export type Format =
  | "text-0.0.4"
  | "text-1.0.0"
  | "openmetrics-1.0.0"
  | "openmetrics-0.0.1"
  | "protobuf";

/**
 * The exposition formats, in the order in which they are offered.
 *
 * @internal
 */
export const FORMATS: readonly Format[] = [
  "text-0.0.4",
  "text-1.0.0",
  "openmetrics-1.0.0",
  "openmetrics-0.0.1",
  "protobuf",
];

/**
 * The content encodings, in the order in which they are offered.
 *
 * @internal
 */
export const CONTENT_ENCODINGS = ["gzip", "zstd"] as const;

/**
 * What becomes of a scrape when a collector fails: `"fail"` answers with an error, so that data is
 * complete or absent; `"continue"` serves what the other collectors returned.
 */
export type ErrorHandling = "fail" | "continue";

/** A bound on the size of one scrape. */
export interface BodyLimit {
  /** The size of a body before compression, in bytes. */
  readonly bytes: number;
  /** `"warn"` logs and counts a larger body, `"fail"` fails its scrape. */
  readonly action: "warn" | "fail";
}

/** What a hook may know of the scrape that it runs for. */
export interface ScrapeHookContext {
  /** Aborts when nobody waits for the scrape any more, or the deadline passes. */
  readonly signal: AbortSignal;
}

/** Brings values up to date before they are read, as a collector does, but once for all metrics. */
export type ScrapeHook = (context: ScrapeHookContext) => unknown;

/** The options of everything that answers scrapes. */
export interface HandlerOptions {
  /**
   * Where to say what went wrong: any object with `error` and `warn`, such as a pino or winston
   * logger. `false` silences it.
   * @default console
   */
  readonly logger?: Logger | false | undefined;
  /**
   * How long a scrape may take at the most, in milliseconds. A scraper that says how long it waits
   * (`X-Prometheus-Scrape-Timeout-Seconds`) is answered before that.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long before the scraper's own time-out the answer must be ready, in milliseconds.
   * @default 500
   */
  readonly timeoutOffsetMs?: number | undefined;
  /**
   * What becomes of a scrape when a collector fails or is not done in time. `"fail"` answers with
   * an error: data is complete or not there. `"continue"` serves what the other collectors gave, and
   * says in `promhttp_scrape_collector_success` which one is missing.
   * @default "fail"
   */
  readonly errorHandling?: ErrorHandling | undefined;
  /**
   * Called when a scrape has arrived, before the collectors; it may return a promise. Several
   * scrapes that arrive together share one call. What it throws is handled like a collector's error.
   * @default undefined
   */
  readonly onScrape?: ScrapeHook | undefined;
  /**
   * Serves `<statusName>_up`: 1, or 0 while `setFailing()` is in force.
   * @default undefined
   */
  readonly statusName?: string | undefined;
  /**
   * A bound on the size of a scrape, to notice a metric whose label sets grow without end.
   * @default undefined
   */
  readonly bodyLimit?: BodyLimit | undefined;
  /**
   * How much memory the bytes of the last scrape may take, so that the next one of the same format
   * only rewrites the numbers that have changed: several times cheaper, for about 1.45 times the size
   * of the exposition. What is over it is encoded anew. It is dropped when nobody has scraped for five
   * to ten minutes, and first of all when the process is short of memory. `0` keeps nothing.
   * @default 67_108_864, which is 64 MiB
   */
  readonly maxKeptBytes?: number | undefined;
  /**
   * How many scrapes may be under way at once. The next one is answered with 503 and `Retry-After`.
   * @default 16
   */
  readonly maxRequestsInFlight?: number | undefined;
  /**
   * The hosts that a request may name in its `Host` header, without port; others get 403. It keeps
   * a web page in somebody's browser from reading the metrics (DNS rebinding).
   * @default undefined, which allows all
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The formats on offer. A shorter list narrows the offer, and its order decides between formats
   * that a scraper likes equally. What a scraper gets that accepts none of them: text 0.0.4, or the
   * first of the list where that is not in it. Prometheus 2 stores the `le` and `quantile` labels
   * as they are printed, and OpenMetrics prints `1.0` where text prints `1`: to keep the series of
   * a Prometheus 2 that has scraped text so far, offer `["text-0.0.4"]`.
   * @default every format
   */
  readonly formats?: readonly Format[] | undefined;
  /**
   * How responses are compressed; `false` turns it off.
   * @default gzip and, where Node has it (22.15 and later), zstd
   */
  readonly compression?: false | CompressionOptions | undefined;
  /**
   * Whether there are metrics of the scrapes themselves, as in Go's promhttp: `promhttp_metric_handler_*`.
   * @default true
   */
  readonly selfMetrics?: boolean | undefined;
}

/** The options of a server: those of its scrapes, and those of its listener. */
export interface ServerOptions extends HandlerOptions {
  /**
   * The path of the metrics. The query of a request is no part of it.
   * @default "/metrics"
   */
  readonly path?: string | undefined;
  /**
   * How long running scrapes may go on after a shutdown has begun, in milliseconds. What is left
   * then is cut off. `0` cuts at once.
   * @default 5_000
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How long a connection may stay open between two scrapes, in milliseconds. It should be longer
   * than the scrape interval: some scrapers lose a scrape when a connection is closed under them.
   * @default 75_000
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  /**
   * How long a client may take to send the head of a request, in milliseconds; checked every second.
   * @default 5_000
   */
  readonly headersTimeoutMs?: number | undefined;
  /**
   * The size of the head of a request, in bytes. A larger one is answered with 431.
   * @default 8_192
   */
  readonly maxHeaderBytes?: number | undefined;
  /**
   * How many connections may be open at once. The next one is closed.
   * @default 256
   */
  readonly maxConnections?: number | undefined;
  /**
   * Whether `/` is a page for a person: where the metrics are, and which families there are, the
   * largest first. To show it runs the collectors, as a scrape does.
   * @default true
   */
  readonly landingPage?: boolean | undefined;
  /**
   * Whether the process may exit while the server listens. Note that `await Server.run(…)` at the
   * top level of a module then ends the process with status 13, as any promise does that is awaited
   * when nothing else is left to do.
   * @default false
   */
  readonly unref?: boolean | undefined;
}

/** The options of one rendering. */
export interface RenderOptions
  extends Pick<
    HandlerOptions,
    "logger" | "timeoutMs" | "errorHandling" | "formats" | "compression"
  > {
  /**
   * Which format is wanted, as an `Accept` header says it.
   * @default undefined: text 0.0.4, or the first of `formats` where that is not in it
   */
  readonly accept?: string | undefined;
  /**
   * Which content encoding is wanted, as an `Accept-Encoding` header says it.
   * @default undefined: none
   */
  readonly acceptEncoding?: string | undefined;
}

/** How responses are compressed. */
export interface CompressionOptions {
  /**
   * The content encodings on offer; the first of those that a scraper likes equally is used.
   * @default ["gzip", "zstd"]
   */
  readonly encodings?: readonly ("gzip" | "zstd")[] | undefined;
  /**
   * From 1, the fastest, to 9, the smallest.
   * @default 2
   */
  readonly gzipLevel?: number | undefined;
  /**
   * From 1, the fastest, to 19, the smallest.
   * @default 1
   */
  readonly zstdLevel?: number | undefined;
}

/**
 * How responses are compressed, with the defaults of `CompressionOptions` filled in.
 *
 * @internal
 */
export interface CompressionSettings {
  /** The content encodings on offer; empty where compression is off. */
  readonly encodings: readonly ("gzip" | "zstd")[];
  readonly gzipLevel?: number | undefined;
  readonly zstdLevel?: number | undefined;
}

/** Options without a default; leaving one out turns its feature off. */
type OptionalFeatures = "onScrape" | "statusName" | "bodyLimit" | "allowedHosts";

type Defined<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> };

/**
 * The options of a handler with every default filled in.
 *
 * @internal
 */
export type ResolvedHandlerOptions = Omit<
  Defined<HandlerOptions>,
  "compression" | OptionalFeatures
> &
  Pick<Required<HandlerOptions>, OptionalFeatures> & { readonly compression: CompressionSettings };

/**
 * The options of a server with every default filled in.
 *
 * @internal
 */
export type ResolvedOptions = ResolvedHandlerOptions &
  Defined<Omit<ServerOptions, keyof HandlerOptions>>;

/**
 * The options of a rendering with every default filled in.
 *
 * @internal
 */
export type ResolvedRenderOptions = ResolvedHandlerOptions &
  Pick<Required<RenderOptions>, "accept" | "acceptEncoding">;
