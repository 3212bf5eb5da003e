import { inspect } from "../node.ts";
import { isLegacyMetricName } from "../model/names.ts";
import { FORMATS } from "../exposition/formats.ts";
import type {
  CompressionOptions,
  HandlerOptions,
  RenderOptions,
  ServerOptions,
} from "./options.ts";
import type { BodyLimit } from "../exposition/body-limit.ts";
import type { Logger } from "../log.ts";

/** Throws when the value of an option is not what it should be. */
type Check = (name: string, value: unknown) => void;

/** The longest time that a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const HANDLER_CHECKS = {
  logger: checkLogger,
  timeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  timeoutOffsetMs: integerFrom(0, MAX_TIMEOUT_MS),
  errorHandling: oneOf(["fail", "continue"]),
  onScrape: checkFunction,
  statusName: checkStatusName,
  bodyLimit: checkBodyLimit,
  maxKeptBytes: integerFrom(0, Number.MAX_SAFE_INTEGER),
  maxRequestsInFlight: integerFrom(1, Number.MAX_SAFE_INTEGER),
  allowedHosts: checkHosts,
  formats: listOf(FORMATS),
  compression: checkCompression,
  selfMetrics: checkBoolean,
} satisfies Record<keyof HandlerOptions, Check>;

const SERVER_CHECKS = {
  ...HANDLER_CHECKS,
  path: checkPath,
  drainTimeoutMs: integerFrom(0, MAX_TIMEOUT_MS),
  keepAliveTimeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  headersTimeoutMs: integerFrom(1, MAX_TIMEOUT_MS),
  maxHeaderBytes: integerFrom(1_024, 2 ** 24),
  maxConnections: integerFrom(1, Number.MAX_SAFE_INTEGER),
  landingPage: checkBoolean,
  unref: checkBoolean,
} satisfies Record<keyof ServerOptions, Check>;

const RENDER_CHECKS = {
  accept: checkString,
  acceptEncoding: checkString,
  logger: HANDLER_CHECKS.logger,
  timeoutMs: HANDLER_CHECKS.timeoutMs,
  errorHandling: HANDLER_CHECKS.errorHandling,
  formats: HANDLER_CHECKS.formats,
  compression: HANDLER_CHECKS.compression,
} satisfies Record<keyof RenderOptions, Check>;

/**
 * Checks that options of a server exist and have legal values; `undefined` is one for each of them.
 *
 * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
 * @throws {RangeError} For an option that is out of range.
 */
export function checkOptions(options: unknown): asserts options is ServerOptions {
  checkObject(options, SERVER_CHECKS);
}

/** Does what `checkOptions()` does for the options of a handler. */
export function checkHandlerOptions(options: unknown): asserts options is HandlerOptions {
  checkObject(options, HANDLER_CHECKS);
}

/** Does what `checkOptions()` does for the options of a rendering. */
export function checkRenderOptions(options: unknown): asserts options is RenderOptions {
  checkObject(options, RENDER_CHECKS);
}

function checkObject(options: unknown, checks: Readonly<Record<string, Check>>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`The options are no object: ${String(options)}`);
  }
  checkAll(options, checks);
}

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

function checkString(name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw wrongType(name, "a function", value);
}

function oneOf(known: readonly string[]): Check {
  return (name, value) => {
    if (typeof value !== "string") throw wrongType(name, "a string", value);
    if (known.includes(value)) return;
    throw new RangeError(`The option "${name}" is none of ${known.join(", ")}: "${value}"`);
  };
}

function checkStatusName(name: string, value: unknown): void {
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  if (isLegacyMetricName(value)) return;
  throw new RangeError(`The option "${name}" cannot begin the name of a metric: "${value}"`);
}

const BODY_LIMIT_CHECKS: Readonly<Record<string, Check>> = {
  bytes: integerFrom(1, Number.MAX_SAFE_INTEGER),
  action: oneOf(["warn", "fail"]),
} satisfies Record<keyof BodyLimit, Check>;

function checkBodyLimit(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw wrongType(name, "an object", value);
  checkAll(value, BODY_LIMIT_CHECKS, `${name}.`);
  const { bytes, action } = value as Partial<BodyLimit>;
  if (bytes === undefined || action === undefined) {
    throw new TypeError(`The option "${name}" needs both bytes and action`);
  }
}

function checkHosts(name: string, value: unknown): void {
  const isList = Array.isArray(value) && value.every((host) => typeof host === "string");
  if (!isList) throw wrongType(name, "an array of strings", value);
}

/** A list without repetitions, of some of `known`, and not empty. */
function listOf(known: readonly unknown[]): Check {
  return (name, value) => {
    if (!Array.isArray(value)) throw wrongType(name, "an array", value);
    // Unlike the methods of an array, a set does not pass over holes.
    const items = new Set<unknown>(value);
    const isLegal = items.size > 0 && [...items].every((item) => known.includes(item));
    if (isLegal && items.size === value.length) return;
    throw new RangeError(
      `The option "${name}" does not list some of ${known.join(", ")}: ${inspect(value)}`,
    );
  };
}

const COMPRESSION_CHECKS: Readonly<Record<string, Check>> = {
  encodings: listOf(["gzip", "zstd"]),
  gzipLevel: integerFrom(1, 9),
  zstdLevel: integerFrom(1, 19),
} satisfies Record<keyof CompressionOptions, Check>;

function checkCompression(name: string, value: unknown): void {
  if (value === false) return;
  if (typeof value !== "object" || value === null)
    throw wrongType(name, "an object or false", value);
  checkAll(value, COMPRESSION_CHECKS, `${name}.`);
}

/** Checks every entry of `options` that is defined. */
function checkAll(options: object, checks: Readonly<Record<string, Check>>, prefix = ""): void {
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) throw new TypeError(`Unknown option "${prefix}${name}"`);
    if (value !== undefined) check(`${prefix}${name}`, value);
  }
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
  // Not every object can be made a string, and a string of digits must not look like a number.
  return new TypeError(`The option "${name}" is not ${expected}: ${inspect(value, { depth: 0 })}`);
}
