import { FORMATS, type Format } from "../exposition/formats.ts";
import { checkHandlerOptions, checkOptions, checkRenderOptions } from "./checks.ts";
import type { BodyLimit } from "../exposition/body-limit.ts";
import type { CompressionSettings } from "../exposition/compression/compressor.ts";
import type { ErrorHandling } from "../scrape/gather-cycle.ts";
import type { Logger } from "../log.ts";
import type { ScrapeHook } from "../scrape/scrape-hook.ts";

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

/** The options that may stay open: without them something does not happen. */
type OpenOptions = "onScrape" | "statusName" | "bodyLimit" | "allowedHosts";

/** The options of a handler with every default filled in. */
export type ResolvedHandlerOptions = Required<
  Omit<Defined<HandlerOptions>, "compression" | OpenOptions>
> &
  Pick<Required<HandlerOptions>, OpenOptions> & { readonly compression: CompressionSettings };

/** The options of a server with every default filled in. */
export type ResolvedOptions = ResolvedHandlerOptions & ListenerDefaults;

type ListenerDefaults = Required<Defined<Omit<ServerOptions, keyof HandlerOptions>>>;

type Defined<T> = { readonly [Name in keyof T]: Exclude<T[Name], undefined> };

const DEFAULT_COMPRESSION: CompressionSettings = { encodings: ["gzip", "zstd"] };

/**
 * Enough for 100,000 lines twice as long as those of the benchmark, in two formats. Measured, in MB:
 *
 * | lines     | body | one format | mix | RSS grows by, mix (nothing kept) |
 * | --------- | ---- | ---------- | --- | -------------------------------- |
 * | 1,000     | 0.08 | 0.13       | 0.4 | 2 (1)                            |
 * | 10,000    | 0.8  | 1.2        | 3.5 | 11 (9)                           |
 * | 100,000   | 8    | 12         | 35  | 42 (2)                           |
 * | 1,000,000 | 81   | 116        | 348 | 380 (14)                         |
 *
 * The mix is text and OpenMetrics, and of each a half that is asked for by `name[]`.
 * Too small a budget costs what it does not hold: at half of what two formats of 100,000 lines need,
 * 44 % of the gain is left; at none of it a scrape costs what it costs when nothing is kept.
 */
const DEFAULT_KEPT_BYTES = 64 * 1_024 * 1_024;

const HANDLER_DEFAULTS: ResolvedHandlerOptions = {
  formats: FORMATS,
  compression: DEFAULT_COMPRESSION,
  logger: console,
  timeoutMs: 30_000,
  timeoutOffsetMs: 500,
  errorHandling: "fail",
  onScrape: undefined,
  statusName: undefined,
  bodyLimit: undefined,
  maxKeptBytes: DEFAULT_KEPT_BYTES,
  maxRequestsInFlight: 16,
  allowedHosts: undefined,
  selfMetrics: true,
};

const LISTENER_DEFAULTS: ListenerDefaults = {
  path: "/metrics",
  drainTimeoutMs: 5_000,
  keepAliveTimeoutMs: 75_000,
  headersTimeoutMs: 5_000,
  maxHeaderBytes: 8_192,
  maxConnections: 256,
  landingPage: true,
  unref: false,
};

/**
 * Checks the options of a server and fills in the defaults.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  checkOptions(options);
  return { ...HANDLER_DEFAULTS, ...LISTENER_DEFAULTS, ...given(options) };
}

/**
 * Checks the options of a handler and fills in the defaults.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that a handler does not have.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveHandlerOptions(options: HandlerOptions = {}): ResolvedHandlerOptions {
  checkHandlerOptions(options);
  return { ...HANDLER_DEFAULTS, ...given(options) };
}

/** The options of a rendering with every default filled in. */
export type ResolvedRenderOptions = ResolvedHandlerOptions &
  Pick<Required<RenderOptions>, "accept" | "acceptEncoding">;

/**
 * Checks the options of a rendering and fills in the defaults.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that a rendering does not have.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveRenderOptions(options: RenderOptions = {}): ResolvedRenderOptions {
  checkRenderOptions(options);
  return { ...HANDLER_DEFAULTS, accept: undefined, acceptEncoding: undefined, ...given(options) };
}

function given<T extends Pick<HandlerOptions, "compression">>(options: T) {
  return { ...defined(options), compression: resolveCompression(options.compression) };
}

/** The entries that are there: `{ path: undefined }` means the default, too. */
function defined<T extends object>(options: T): Defined<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  // The entries that were left out were all that `Defined` leaves out.
  return Object.fromEntries(entries) as Defined<T>;
}

function resolveCompression(compression: HandlerOptions["compression"]): CompressionSettings {
  return compression === false
    ? { encodings: [] }
    : { ...DEFAULT_COMPRESSION, ...defined(compression ?? {}) };
}
