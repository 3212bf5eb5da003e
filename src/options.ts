import type { Logger } from "./scrape/log.ts";

/** The options of a server. */
export interface ServerOptions {
  /**
   * The path of the metrics. The query of a request is no part of it.
   * @default "/metrics"
   */
  readonly path?: string | undefined;
  /**
   * Where to say what went wrong: any object with `error` and `warn`, such as a pino or winston
   * logger. `false` silences the server.
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
   * Whether the server says of itself what Go's promhttp does: `promhttp_metric_handler_*`.
   * @default true
   */
  readonly selfMetrics?: boolean | undefined;
  /**
   * Whether `/` is a page with a link to the metrics.
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

/** The options of a server with nothing left open. */
export type ResolvedOptions = {
  readonly [Name in keyof ServerOptions]-?: Exclude<ServerOptions[Name], undefined>;
};

const DEFAULTS: ResolvedOptions = {
  path: "/metrics",
  logger: console,
  timeoutMs: 30_000,
  timeoutOffsetMs: 500,
  drainTimeoutMs: 5_000,
  keepAliveTimeoutMs: 75_000,
  headersTimeoutMs: 5_000,
  maxHeaderBytes: 8_192,
  maxConnections: 256,
  selfMetrics: true,
  landingPage: true,
  unref: false,
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`The options are no object: ${String(options)}`);
  }
  const resolved: Record<string, unknown> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    if (check === undefined) throw new TypeError(`Unknown option "${name}"`);
    if (value === undefined) continue;
    check(name, value);
    resolved[name] = value;
  }
  // Every entry has passed the check of its name, and the others are defaults.
  return resolved as unknown as ResolvedOptions;
}

type Check = (name: string, value: unknown) => void;

/** The longest time that a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const CHECKS: Readonly<Record<string, Check>> = {
  path: checkPath,
  logger: checkLogger,
  timeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  timeoutOffsetMs: integerFrom(0, MAX_TIMEOUT_MS),
  drainTimeoutMs: integerFrom(0, MAX_TIMEOUT_MS),
  keepAliveTimeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  headersTimeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  maxHeaderBytes: integerFrom(1_024, 2 ** 24),
  maxConnections: integerFrom(1, Number.MAX_SAFE_INTEGER),
  selfMetrics: checkBoolean,
  landingPage: checkBoolean,
  unref: checkBoolean,
} satisfies Record<keyof ServerOptions, Check>;

function integerFrom(min: number, max: number): Check {
  return (name, value) => {
    if (typeof value !== "number") throw wrongType(name, "a number", value);
    if (Number.isInteger(value) && value >= min && value <= max) return;
    throw new RangeError(`The option "${name}" is not an integer from ${min} to ${max}: ${value}`);
  };
}

function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
}

const LEGAL_PATH = /^\/[\w\-.~!$&'()*+,;=:@%/]*$/;

function checkPath(name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  // RFC 3986 §3.3: what else a path may hold is percent-encoded. It is compared as it is sent.
  if (!LEGAL_PATH.test(value)) {
    throw new RangeError(`The option "${name}" is not the path of a URL: "${value}"`);
  }
}

function checkLogger(name: string, value: unknown): void {
  if (value === false) return;
  const { error, warn } = (value ?? {}) as Partial<Record<keyof Logger, unknown>>;
  if (typeof error === "function" && typeof warn === "function") return;
  throw wrongType(name, "false or an object with error() and warn()", value);
}

function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`The option "${name}" is not ${expected}: ${String(value)}`);
}
