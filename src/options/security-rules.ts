/** Checks of who may ask: credentials, networks, limits. No message shows a hash, a token or a password. */
import { nodeModule } from "../node.ts";
import {
  type Check,
  integerFrom,
  isFunction,
  isObject,
  objectOf,
  outOfRange,
  textThat,
  wrongType,
} from "./checks.ts";
import type { AuthOptions, OpenHealth, RateLimit } from "./security.ts";

/** The most expensive hash that is taken: each step doubles the time, and 16 takes 6 seconds. */
const MAX_BCRYPT_COST = 16;

const BCRYPT_HASH = /^\$2[aby]?\$(\d\d)\$[./A-Za-z0-9]{53}$/;

const MIN_TOKEN_LENGTH = 16;

/** All that the option `openHealth` may be. */
export const OPEN_HEALTH: readonly OpenHealth[] = [
  "never",
  "without-credentials",
  "without-certificate",
];

/** What the name of a user must be, in words; `undefined` if it is that. */
export function userFault(name: string): string | undefined {
  // RFC 7617 §2: the first colon ends the name.
  return name === "" || name.includes(":") ? "a user name without a colon" : undefined;
}

/** What a hash must be, in words; `undefined` if it is that. */
export function hashFault(hash: unknown): string | undefined {
  const [, cost] = (typeof hash === "string" && BCRYPT_HASH.exec(hash)) || [];
  const isLegal = Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST;
  return isLegal ? undefined : `a bcrypt hash ($2y$) of a cost from 4 to ${MAX_BCRYPT_COST}`;
}

/** What a bearer token must be, in words; `undefined` if it is that. */
export function tokenFault(token: unknown): string | undefined {
  // RFC 6750 §2.1.
  const isLegal = typeof token === "string" && /^[\w\-.~+/]+=*$/.test(token);
  return isLegal && token.length >= MIN_TOKEN_LENGTH
    ? undefined
    : `a token of at least ${MIN_TOKEN_LENGTH} letters, digits or characters of -._~+/`;
}

/** The headers that can be configured, as the official exporters allow them, and their values. */
const HEADER_VALUES: Readonly<Record<string, RegExp>> = {
  "Strict-Transport-Security": /^[\x20-\x7e\t]*$/,
  "X-Content-Type-Options": /^nosniff$/,
  "X-Frame-Options": /^(?:deny|sameorigin)$/,
  "X-XSS-Protection": /^[\x20-\x7e\t]*$/,
  "Content-Security-Policy": /^[\x20-\x7e\t]*$/,
};

/** What a header must be, in words: one of those that are known, or its value; `undefined` if it is that. */
export function headerFault(name: string, value: unknown): string | undefined {
  const legal = Object.hasOwn(HEADER_VALUES, name) ? HEADER_VALUES[name] : undefined;
  if (legal === undefined) return `one of ${Object.keys(HEADER_VALUES).join(", ")}`;
  if (typeof value === "string" && legal.test(value)) return undefined;
  if (name === "X-Content-Type-Options") return '"nosniff"';
  return name === "X-Frame-Options" ? '"deny" or "sameorigin"' : "one line of ASCII";
}

const AUTH_CHECKS = {
  users: isUsers,
  bearerTokens: isTokens,
  bearerTokenFile: textThat("the path of a file", (path) => path !== ""),
  authorize: isFunction,
} satisfies Record<keyof AuthOptions, Check>;

/** Checks the option `auth`. Nothing in it is a mistake, not an open door. */
export function isAuth(name: string, value: unknown): void {
  objectOf(AUTH_CHECKS)(name, value);
  if (Object.values(value as object).every((entry) => entry === undefined)) {
    throw new TypeError(`Option "${name}" must have ${Object.keys(AUTH_CHECKS).join(", or ")}`);
  }
}

function isUsers(name: string, value: unknown): void {
  isObject(name, value);
  const users = Object.entries(value);
  if (users.length === 0) throw wrongType(name, "an object with at least one user", value);
  for (const [user, hash] of users) {
    const fault = userFault(user);
    if (fault !== undefined) throw new RangeError(`Each key of option "${name}" must be ${fault}`);
    const wrong = hashFault(hash);
    if (wrong !== undefined) throw new RangeError(`Option "${name}.${user}" must be ${wrong}`);
  }
}

function isTokens(name: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) {
    throw new TypeError(`Option "${name}" must be an array of at least one token`);
  }
  // Unlike the methods of an array, this does not skip holes.
  for (const token of [...value]) {
    const fault = tokenFault(token);
    if (fault !== undefined) throw new RangeError(`Each of option "${name}" must be ${fault}`);
  }
}

/** Checks the option `headers`. */
export function areHeaders(name: string, value: unknown): void {
  isObject(name, value);
  for (const [header, text] of Object.entries(value)) {
    const fault = headerFault(header, text);
    if (fault === undefined) continue;
    if (!Object.hasOwn(HEADER_VALUES, header)) throw outOfRange(name, fault, header);
    throw outOfRange(`${name}.${header}`, fault, text);
  }
}

const RATE_LIMIT_CHECKS = {
  intervalMs: isPositive,
  burst: integerFrom(1, Number.MAX_SAFE_INTEGER),
} satisfies Record<keyof RateLimit, Check>;

/** Checks the option `rateLimit`. */
export function isRateLimit(name: string, value: unknown): void {
  objectOf(RATE_LIMIT_CHECKS)(name, value);
  const { intervalMs, burst } = value as Partial<RateLimit>;
  if (intervalMs === undefined || burst === undefined) {
    throw new TypeError(`Option "${name}" must have both intervalMs and burst`);
  }
}

function isPositive(name: string, value: unknown): void {
  if (typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw outOfRange(name, "a number greater than 0", value);
}

/** Checks a list of networks. An empty one is a mistake: it would let nobody in. */
export function areNetworks(name: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0) {
    throw wrongType(name, "an array of at least one network", value);
  }
  for (const network of [...value]) {
    if (typeof network === "string" && isNetwork(network)) continue;
    throw outOfRange(name, 'networks such as "10.0.0.0/8" or "::1"', network);
  }
}

/**
 * Checks that proxies are named for something: what they say of a client matters only to who may ask.
 *
 * @throws {TypeError} When they are not.
 */
export function checkProxies(options: {
  readonly trustedProxies?: unknown;
  readonly auth?: unknown;
  readonly allowedNetworks?: unknown;
  readonly webConfigFile?: unknown;
}): void {
  if (options.trustedProxies === undefined) return;
  if (options.auth ?? options.allowedNetworks ?? options.webConfigFile) return;
  throw new TypeError('Option "trustedProxies" needs the option "auth" or "allowedNetworks"');
}

/** Whether a text is an IP address, or one with the length of a prefix. */
export function isNetwork(text: string): boolean {
  const [address = "", prefix = "0", ...rest] = text.split("/");
  const version = address.includes("%") ? 0 : nodeModule("node:net").isIP(address);
  const bits = version === 4 ? 32 : 128;
  return version > 0 && rest.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
}

/** The options that decide who may connect and ask. */
const SECURITY_OPTIONS = [
  "webConfigFile",
  "tls",
  "auth",
  "headers",
  "rateLimit",
  "allowedNetworks",
  "trustedProxies",
];

/** Whether an option decides who may connect and ask. */
export function isSecured(options: object): boolean {
  return SECURITY_OPTIONS.some((name) => (options as Record<string, unknown>)[name] !== undefined);
}
