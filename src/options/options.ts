/**
 * What a user may configure: every option with its meaning, unit and default, and the methods of a
 * running server or handler (`Controls`). `rules.ts` holds the defaults and the checks; a room takes the
 * options that it needs as `Pick<ResolvedOptions, …>`.
 */
import type { Logger } from "../log.ts";
import type { Sources } from "../model/gatherer.ts";
import type { Probe } from "../model/probe.ts";
import type { Address } from "./address.ts";
import type { AuthOptions, OpenHealth, RateLimit, TlsOptions } from "./security.ts";
import type { WorkersOptions, WorkersSettings } from "./workers.ts";

/** An exposition format, with its version. */
export type Format =
  | "text-0.0.4"
  | "text-1.0.0"
  | "openmetrics-1.0.0"
  | "openmetrics-0.0.1"
  | "protobuf";

/**
 * All formats, in the order in which they are offered.
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
 * All content encodings, in the order in which they are offered.
 *
 * @internal
 */
export const CONTENT_ENCODINGS: readonly ("gzip" | "zstd")[] = ["gzip", "zstd"];

/**
 * What happens to a scrape when a collector fails: `"fail"` answers with an error, so that data is
 * complete or absent; `"continue"` serves what the other collectors returned.
 */
export type ErrorHandling = "fail" | "continue";

/** A limit on the size of one scrape. */
export interface BodyLimit {
  /** The size of a body before compression, in bytes. */
  readonly bytes: number;
  /** `"warn"` logs and counts a larger body, `"fail"` fails its scrape. */
  readonly action: "warn" | "fail";
}

/** What a hook is told about the scrape that it runs for. */
export interface ScrapeHookContext {
  /** Aborts when no scrape waits for the hook any longer, or when the deadline passes. */
  readonly signal: AbortSignal;
}

/** Updates values before they are read: like a collector, for all metrics at once. */
export type ScrapeHook = (context: ScrapeHookContext) => unknown;

/** The options of everything that answers scrapes: a server, or a handler in another server. */
export interface HandlerOptions {
  /**
   * Where errors and warnings go: any object with `error()` and `warn()`, such as a pino or winston
   * logger. A fault that repeats is logged when it begins, at most once a minute, and when it is over.
   * `false` turns logging off.
   * @default console
   */
  readonly logger?: Logger | false | undefined;
  /**
   * The longest that a scrape may take, in milliseconds. A scraper that states a shorter timeout of its
   * own (`X-Prometheus-Scrape-Timeout-Seconds`) is answered before that.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long before the scraper's timeout, or `timeoutMs` if that is shorter, its answer must begin, in
   * milliseconds; never more than a tenth of that time. A body that has begun has all of it.
   * @default 500
   */
  readonly timeoutOffsetMs?: number | undefined;
  /**
   * What happens to a scrape when a collector fails or misses the deadline. `"fail"` answers with an
   * error: data is complete or absent. `"continue"` serves what the other collectors returned, and
   * `promhttp_scrape_collector_success` shows which one is missing.
   * @default "fail"
   */
  readonly errorHandling?: ErrorHandling | undefined;
  /**
   * Called when a scrape arrives, before the collectors; it may return a promise. Scrapes that arrive
   * together share one call. An error that it throws is handled like a collector's.
   * @default undefined
   */
  readonly onScrape?: ScrapeHook | undefined;
  /**
   * Serves `<statusName>_up`: 1, or 0 between `setFailing()` and `setOk()`.
   * @default undefined
   */
  readonly statusName?: string | undefined;
  /**
   * A limit on the size of a scrape, to notice a metric whose label sets grow without bound.
   * @default undefined
   */
  readonly bodyLimit?: BodyLimit | undefined;
  /**
   * How much memory the bytes of the last scrape may take, in bytes. With them, the next scrape of the
   * same format rewrites only the numbers that have changed: several times cheaper, for about 1.45
   * times the size of the exposition. Whatever exceeds the limit is encoded again. The memory is
   * released after five to ten minutes without a scrape, and as soon as the process runs short of
   * memory. `0` keeps nothing.
   * @default 67_108_864, which is 64 MiB
   */
  readonly maxKeptBytes?: number | undefined;
  /**
   * How many scrapes may run at once. The next one is answered with 503 and `Retry-After`.
   * @default 16
   */
  readonly maxRequestsInFlight?: number | undefined;
  /**
   * The hosts that a request may name in its `Host` header, without the port; others get 403. This
   * keeps a web page in a browser from reading the metrics (DNS rebinding).
   * @default undefined, which allows all
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * The formats on offer. A shorter list narrows the offer, and its order decides between formats
   * that a scraper prefers equally. A scraper that accepts none of them gets text 0.0.4, or the first
   * of the list if text 0.0.4 is not on it. OpenMetrics prints the `le` and `quantile` labels as
   * `1.0` where text prints `1`, and Prometheus 2 stores them as they are printed. If a Prometheus 2
   * has scraped text so far, keep its series with `["text-0.0.4"]`.
   * @default every format
   */
  readonly formats?: readonly Format[] | undefined;
  /**
   * How responses are compressed; `false` turns it off.
   * @default gzip and, where Node has it (22.15 and later), zstd
   */
  readonly compression?: false | CompressionOptions | undefined;
  /**
   * Whether to serve metrics about the scrapes themselves, `promhttp_*`, as Go's promhttp does.
   * @default true
   */
  readonly selfMetrics?: boolean | undefined;
  /**
   * Whether the processes and threads of one application are one target: workers of `node:cluster` and
   * PM2, children of `fork()`, worker threads. Each gives this option; one of them answers for all.
   * `"label"` is `{ mode: "label" }`.
   * @default false
   */
  readonly workers?: boolean | "label" | WorkersOptions | undefined;
  /**
   * The credentials that a client needs. Without them it gets 401 on every path, except for the
   * health of the process.
   * @default undefined, which lets everybody in
   */
  readonly auth?: AuthOptions | undefined;
  /**
   * Headers that every answer has: `Strict-Transport-Security`, `X-Content-Type-Options`,
   * `X-Frame-Options`, `X-XSS-Protection`, `Content-Security-Policy`. The page has a policy of its own.
   * @default undefined
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How often clients with credentials may ask. The others get 429.
   * @default undefined
   */
  readonly rateLimit?: RateLimit | undefined;
  /**
   * The networks that clients may be in, such as `"10.0.0.0/8"`; others get 403, or no TLS. What counts
   * is the address of the connection. A unix socket has none, and is allowed.
   * @default undefined, which allows all
   */
  readonly allowedNetworks?: readonly string[] | undefined;
  /**
   * The networks of proxies whose `X-Forwarded-For` is believed: the client is the last address in it that
   * is not one of theirs.
   * @default undefined, which believes nobody
   */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** The options of a server: those of a handler, and those of its listener. */
export interface ServerOptions extends HandlerOptions {
  /**
   * The path of the metrics, without a query.
   * @default "/metrics"
   */
  readonly path?: string | undefined;
  /**
   * What else is served, by its path: registries, gatherers, or probes. Each path is a target of its own: it
   * gathers on its own, and has its own `maxRequestsInFlight`; `maxKeptBytes` is one budget for all. A probe
   * has limits of its own, and with one `maxConnections` is 1,024 by default.
   * @default undefined
   *
   * @example
   * ```ts
   * await Server.run(register, ":9464", shutdown.signal, {
   *   paths: { "/metrics/db": dbRegistry, "/probe": probe },
   * });
   * ```
   */
  readonly paths?: Readonly<Record<string, Sources | Probe>> | undefined;
  /**
   * How long everything goes on after a shutdown has begun, in milliseconds: only `/-/ready` answers
   * 503. In this time a load balancer or Kubernetes looks elsewhere, before the port closes. `close()`,
   * called again, ends it.
   * @default 0
   */
  readonly shutdownDelayMs?: number | undefined;
  /**
   * How long running scrapes may continue when the port has closed, in milliseconds. Those left then
   * are cut off. `0` cuts them off immediately.
   * @default 5_000
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * How long an idle connection stays open, in milliseconds. It should be longer than the scrape
   * interval: some scrapers lose a scrape when their connection is closed in between.
   * @default 75_000
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  /**
   * How long a client may take to send the headers of a request, in milliseconds; checked every second.
   * @default 5_000
   */
  readonly headersTimeoutMs?: number | undefined;
  /**
   * The largest size of a request's target and headers together, in bytes. A larger target is answered
   * with 414, larger headers with 431.
   * @default 16_384
   */
  readonly maxHeaderBytes?: number | undefined;
  /**
   * How many connections may be open at once. The next one is closed.
   * @default 256, or 1_024 with a probe: Prometheus keeps a connection open for each that it runs at once
   */
  readonly maxConnections?: number | undefined;
  /**
   * Whether `/` shows a page for people: the metric families, the last scrapes, and how the collectors
   * do. Showing it runs the collectors, as a scrape does.
   * @default true
   */
  readonly landingPage?: boolean | undefined;
  /**
   * Whether the process may exit while the server listens. Note that a top-level `await Server.run(…)`
   * then ends the process with status 13, as any pending top-level `await` does when nothing else keeps
   * the process alive.
   * @default false
   */
  readonly unref?: boolean | undefined;
  /**
   * A web configuration file, as the official exporters of Prometheus have it: TLS, users, headers, rate
   * limit. It is read again when it changes. Not together with `tls`, `auth.users`, `headers` or
   * `rateLimit`, which it has itself.
   * @default undefined
   */
  readonly webConfigFile?: string | undefined;
  /**
   * Speaks TLS, and asks for client certificates. Files are read again when they change.
   * @default undefined, which speaks plain HTTP
   */
  readonly tls?: TlsOptions | undefined;
  /**
   * Whether `/-/healthy` and `/-/ready` answer a client without credentials, or without a certificate.
   * @default "without-credentials"
   */
  readonly openHealth?: OpenHealth | undefined;
  /**
   * A second address, without TLS, that answers `/-/healthy` and `/-/ready` to everybody, and nothing else.
   * With the option `workers`, it is open where the first one is.
   * @default undefined
   */
  readonly healthAddress?: Address | undefined;
  /**
   * The permissions of a unix socket that the server makes: who may connect is who may write.
   * @default 0o660
   */
  readonly socketMode?: number | undefined;
  /**
   * The id of the group that a unix socket belongs to, if the server makes it.
   * @default undefined, which is the group of the process
   */
  readonly socketGroup?: number | undefined;
  /**
   * Whether the server runs in a thread of its own. The application only collects and copies numbers; while
   * its event loop is stuck, scrapes get the last metrics, their age, and how long it has been stuck. It
   * takes 12 to 17 MB of memory. Where no thread can be started, the server runs without one, and logs that.
   * @default false
   */
  readonly thread?: boolean | ThreadOptions | undefined;
}

/** How a server in a thread of its own answers while the event loop of the application is stuck. */
export interface ThreadOptions {
  /**
   * The oldest metrics that are served while the event loop is stuck, in milliseconds. Instead of older ones
   * a scrape gets 503 and `Retry-After`.
   * @default undefined, which serves them whatever their age
   */
  readonly maxAgeMs?: number | undefined;
  /**
   * How long the event loop must be stuck before `/-/healthy` answers 503, in milliseconds; with `0` it
   * always answers 200.
   * @default 30_000
   */
  readonly stuckAfterMs?: number | undefined;
}

/**
 * The same with every default filled in.
 *
 * @internal
 */
export interface ThreadSettings {
  /** `Infinity` where any age is served. */
  readonly maxAgeMs: number;
  readonly stuckAfterMs: number;
}

/** What an application can call on a server or a handler while it serves. */
export interface Controls {
  /**
   * Runs an update of metrics that no scrape sees half-done. A scrape that arrives meanwhile waits for
   * it; one that is being sent has read its values before the update begins. Updates run one after the
   * other. This covers what is read while a scrape is encoded, as all metrics of the client libraries
   * are, but not what a `Gatherer` computes in `gather()`.
   *
   * It resolves when `work` is done and never rejects: an error is counted and logged. So is an update
   * that takes longer than the option `timeoutMs`; scrapes then stop waiting for it.
   *
   * @example
   * ```ts
   * setInterval(() => server.update(async () => {
   *   const { free, used } = await readPool();
   *   connections.set({ state: "free" }, free);
   *   connections.set({ state: "used" }, used);
   * }), 10_000);
   * ```
   */
  update(work: () => unknown): Promise<void>;
  /**
   * Declares that the metrics cannot be trusted: from now on every scrape gets a 500, so that
   * Prometheus writes `up 0` for the target. With the option `statusName` the answer says
   * `<statusName>_up 0`.
   *
   * @param message Why; it is only logged.
   */
  setFailing(message?: string): void;
  /** Ends what `setFailing()` began. */
  setOk(): void;
  /**
   * Declares whether the application is ready for work, for probes: after `setReady(false)`,
   * `/-/ready` of a server and `handler.ready` answer 503. Scrapes are answered as before.
   */
  setReady(isReady: boolean): void;
}

/** The options of one rendering. */
export interface RenderOptions
  extends Pick<
    HandlerOptions,
    "logger" | "timeoutMs" | "errorHandling" | "formats" | "compression"
  > {
  /**
   * The wanted formats, as the value of an `Accept` header.
   * @default undefined: text 0.0.4, or the first of `formats` if text 0.0.4 is not on it
   */
  readonly accept?: string | undefined;
  /**
   * The wanted content encodings, as the value of an `Accept-Encoding` header.
   * @default undefined: none
   */
  readonly acceptEncoding?: string | undefined;
}

/** An exposition in memory. */
export interface Rendered {
  // Newer types of `fetch` take only `Uint8Array<ArrayBuffer>`, which TypeScript cannot write before
  // 5.7; this names the same type in every version.
  /** The bytes of the exposition. */
  readonly body: ReturnType<Uint8ArrayConstructor["of"]>;
  /** The `Content-Type` of the body. */
  readonly contentType: string;
  /** The `Content-Encoding` of the body; `undefined` when it is not compressed. */
  readonly contentEncoding: string | undefined;
  /**
   * The exposition as a string, decoded when it is first read.
   *
   * @throws {TypeError} When the body is not text: protobuf, or compressed.
   */
  readonly text: string;
}

/** How responses are compressed. */
export interface CompressionOptions {
  /**
   * The content encodings on offer. Their order decides between those that a scraper prefers equally.
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
type OptionalFeatures =
  | "onScrape"
  | "statusName"
  | "bodyLimit"
  | "allowedHosts"
  | "auth"
  | "headers"
  | "rateLimit"
  | "allowedNetworks"
  | "trustedProxies";

/** The same for what only a server has; how many connections it takes depends on what it serves. */
type OptionalServerFeatures =
  | "paths"
  | "maxConnections"
  | "webConfigFile"
  | "tls"
  | "healthAddress"
  | "socketGroup"
  | "thread";

type Defined<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> };

/**
 * The options of a handler with every default filled in.
 *
 * @internal
 */
export type ResolvedHandlerOptions = Omit<
  Defined<HandlerOptions>,
  "compression" | "workers" | OptionalFeatures
> &
  Pick<Required<HandlerOptions>, OptionalFeatures> & {
    readonly compression: CompressionSettings;
    /** `undefined` where each process is a target. */
    readonly workers: WorkersSettings | undefined;
  };

/**
 * The options of a server with every default filled in.
 *
 * @internal
 */
export type ResolvedOptions = ResolvedHandlerOptions &
  Defined<Omit<ServerOptions, keyof HandlerOptions | OptionalServerFeatures>> &
  Pick<Required<ServerOptions>, OptionalServerFeatures>;

/**
 * The options of a rendering with every default filled in.
 *
 * @internal
 */
export type ResolvedRenderOptions = ResolvedHandlerOptions &
  Pick<Required<RenderOptions>, "accept" | "acceptEncoding">;
