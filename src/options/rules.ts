/**
 * One row for each option: its default and its check. The compiler demands the row of an option that
 * `options.ts` declares, and refuses one that it does not.
 */
import { isLegacyMetricName } from "../model/names.ts";
import {
  type Check,
  checkEntries,
  integerFrom,
  isBoolean,
  isFunction,
  isStringList,
  listOf,
  objectOf,
  oneOf,
  outOfRange,
  show,
  textThat,
  wrongType,
} from "./checks.ts";
import {
  type BodyLimit,
  CONTENT_ENCODINGS,
  type CompressionOptions,
  type CompressionSettings,
  FORMATS,
  type HandlerOptions,
  type ResolvedHandlerOptions,
  type ResolvedOptions,
  type ServerOptions,
} from "./options.ts";
import { areHeaders, areNetworks, isAuth, isRateLimit, OPEN_HEALTH } from "./security-rules.ts";
import { isWorkers, resolveWorkers } from "./workers-rule.ts";

/** What an option may be, and what it is by default. */
interface Rule<T> {
  readonly default: T;
  readonly check: Check;
  /** Fills in the defaults within a value; absent where it has none. */
  readonly resolve?: (value: never) => T;
}

/** The rules of some options, by their names. */
export type Rules<Resolved> = { readonly [Name in keyof Resolved]: Rule<Resolved[Name]> };

/** The bounds of `maxHeaderBytes`. */
export const MIN_HEADER_BYTES = 1_024;
export const MAX_HEADER_BYTES: number = 2 ** 24;

/** The longest time that a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** How long something may take, in milliseconds, and how long something waits. */
const isTimeout = integerFrom(1, MAX_TIMEOUT_MS);
const isDelay = integerFrom(0, MAX_TIMEOUT_MS);

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
 * The mix is text and OpenMetrics, each whole and as a half that `name[]` selects. A budget that is
 * too small loses only what it cannot hold: at half of what two formats of 100,000 lines need, 44 %
 * of the gain remains. A budget of 0 adds no cost to a scrape.
 */
const DEFAULT_KEPT_BYTES = 64 * 1_024 * 1_024;

const DEFAULT_COMPRESSION: CompressionSettings = { encodings: CONTENT_ENCODINGS };

/** The rules of a handler's options. */
export const HANDLER_RULES: Rules<ResolvedHandlerOptions> = {
  logger: { default: console, check: isLogger },
  timeoutMs: { default: 30_000, check: isTimeout },
  timeoutOffsetMs: { default: 500, check: isDelay },
  errorHandling: { default: "fail", check: oneOf(["fail", "continue"]) },
  onScrape: { default: undefined, check: isFunction },
  statusName: {
    default: undefined,
    check: textThat("the start of a metric name", isLegacyMetricName),
  },
  bodyLimit: { default: undefined, check: isBodyLimit },
  maxKeptBytes: { default: DEFAULT_KEPT_BYTES, check: integerFrom(0, Number.MAX_SAFE_INTEGER) },
  maxRequestsInFlight: { default: 16, check: integerFrom(1, Number.MAX_SAFE_INTEGER) },
  allowedHosts: { default: undefined, check: isStringList },
  formats: { default: FORMATS, check: listOf(FORMATS) },
  compression: { default: DEFAULT_COMPRESSION, check: isCompression, resolve: resolveCompression },
  selfMetrics: { default: true, check: isBoolean },
  workers: { default: undefined, check: isWorkers, resolve: resolveWorkers },
  auth: { default: undefined, check: isAuth },
  headers: { default: undefined, check: areHeaders },
  rateLimit: { default: undefined, check: isRateLimit },
  allowedNetworks: { default: undefined, check: areNetworks },
  trustedProxies: { default: undefined, check: areNetworks },
};

const SERVER_RULES: Rules<ResolvedOptions> = {
  ...HANDLER_RULES,
  path: {
    default: "/metrics",
    check: textThat("the path of a URL", isUrlPath),
  },
  paths: { default: undefined, check: isCheckedLater },
  shutdownDelayMs: { default: 0, check: isDelay },
  drainTimeoutMs: { default: 5_000, check: isDelay },
  keepAliveTimeoutMs: { default: 75_000, check: isTimeout },
  headersTimeoutMs: { default: 5_000, check: isTimeout },
  maxHeaderBytes: { default: 16_384, check: integerFrom(MIN_HEADER_BYTES, MAX_HEADER_BYTES) },
  maxConnections: { default: undefined, check: integerFrom(1, Number.MAX_SAFE_INTEGER) },
  landingPage: { default: true, check: isBoolean },
  unref: { default: false, check: isBoolean },
  webConfigFile: { default: undefined, check: textThat("the path of a file", Boolean) },
  tls: { default: undefined, check: isCheckedLater },
  openHealth: { default: "without-credentials", check: oneOf(OPEN_HEALTH) },
  healthAddress: { default: undefined, check: isCheckedLater },
  socketMode: { default: 0o660, check: isSocketMode },
  socketGroup: { default: undefined, check: integerFrom(0, 2 ** 32 - 2) },
  // Off is as good as absent, so nothing is loaded for it.
  thread: {
    default: undefined,
    check: isCheckedLater,
    resolve: (thread: ServerOptions["thread"]) => (thread === false ? undefined : thread),
  },
};

/**
 * Checks the options of a server and fills in the defaults.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
 * @throws {RangeError} For an option that is out of range.
 */
export function resolveOptions(options: ServerOptions = {}): ResolvedOptions {
  return resolve(options, SERVER_RULES, "a server");
}

/** Does what `resolveOptions()` does for the options of a handler. */
export function resolveHandlerOptions(options: HandlerOptions = {}): ResolvedHandlerOptions {
  return resolve(options, HANDLER_RULES, "createHandler()");
}

/**
 * Checks options by their rules, and fills in the defaults.
 *
 * @param taker Who takes these options, in words.
 * @throws {TypeError} For one of a wrong type, and for one that does not exist or belongs to another taker.
 * @throws {RangeError} For one that is out of range.
 */
export function resolve<Resolved extends object>(
  options: unknown,
  rules: Rules<Resolved>,
  taker: string,
): Resolved {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Options must be an object, got ${show(options)}`);
  }
  for (const name of Object.keys(options)) {
    const owner = Object.hasOwn(rules, name) ? undefined : ownerOf(name);
    if (owner === undefined) continue;
    throw new TypeError(`Option "${name}" belongs to ${owner}, not to ${taker}`);
  }
  const rows: [string, Rule<unknown>][] = Object.entries(rules);
  checkEntries(options, Object.fromEntries(rows.map(([name, { check }]) => [name, check])));
  // Own entries, because inherited ones have not been checked.
  const given = new Map<string, unknown>(Object.entries(options));
  const resolved = rows.map(([name, rule]) => {
    const value = given.get(name);
    if (value === undefined) return [name, rule.default];
    return [name, rule.resolve === undefined ? value : rule.resolve(value as never)];
  });
  // Cast: `Rules` has a row for each option, and each row resolves its own.
  return Object.fromEntries(resolved) as Resolved;
}

/** Who takes an option, in words; `undefined` if there is no such option. */
function ownerOf(name: string): string | undefined {
  if (Object.hasOwn(HANDLER_RULES, name)) return "a server and createHandler()";
  if (Object.hasOwn(SERVER_RULES, name)) return "a server";
  return name === "accept" || name === "acceptEncoding" ? "render()" : undefined;
}

/** RFC 3986 §3.3: anything else in a path is percent-encoded. A path is compared as it is sent. */
export function isUrlPath(path: string): boolean {
  return /^\/[\w\-.~!$&'()*+,;=:@%/]*$/.test(path);
}

/** A server checks it when it opens: `late-rules.ts`. */
function isCheckedLater(): void {}

/** Its message names the bounds in octal, as permissions are written. */
function isSocketMode(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (Number.isInteger(value) && value >= 0 && value <= 0o777) return;
  throw outOfRange(name, "from 0o0 to 0o777", value);
}

function isLogger(name: string, value: unknown): void {
  if (value === false) return;
  const { error, warn } = (value ?? {}) as { error?: unknown; warn?: unknown };
  if (typeof error === "function" && typeof warn === "function") return;
  throw wrongType(name, "false or an object with error() and warn()", value);
}

const BODY_LIMIT_CHECKS = {
  bytes: integerFrom(1, Number.MAX_SAFE_INTEGER),
  action: oneOf(["warn", "fail"]),
} satisfies Record<keyof BodyLimit, Check>;

function isBodyLimit(name: string, value: unknown): void {
  objectOf(BODY_LIMIT_CHECKS)(name, value);
  const { bytes, action } = value as Partial<BodyLimit>;
  if (bytes === undefined || action === undefined) {
    throw new TypeError(`Option "${name}" must have both bytes and action`);
  }
}

const COMPRESSION_CHECKS = {
  encodings: listOf(CONTENT_ENCODINGS),
  gzipLevel: integerFrom(1, 9),
  zstdLevel: integerFrom(1, 19),
} satisfies Record<keyof CompressionOptions, Check>;

function isCompression(name: string, value: unknown): void {
  if (value === false) return;
  if (typeof value !== "object") throw wrongType(name, "an object or false", value);
  objectOf(COMPRESSION_CHECKS)(name, value);
}

function resolveCompression(compression: false | CompressionOptions): CompressionSettings {
  if (compression === false) return { encodings: [] };
  const given = Object.entries(compression).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_COMPRESSION, ...Object.fromEntries(given) };
}
