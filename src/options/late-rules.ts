/**
 * Checks of what few servers have, and no handler: a server can wait until they are loaded.
 */
import { type Check, integerFrom, isStringList, objectOf, oneOf, wrongType } from "./checks.ts";
import type { ServerOptions, ThreadOptions, ThreadSettings } from "./options.ts";
import { parseAddress } from "./parse-address.ts";
import type { TlsOptions } from "./security.ts";

export { parseAddress };

/**
 * Checks the options `tls` and `healthAddress`.
 *
 * @throws {TypeError} For a value of a wrong type.
 * @throws {RangeError} For one that is out of range.
 */
export function checkServerSecurity({
  tls,
  healthAddress,
}: Pick<ServerOptions, "tls" | "healthAddress">): void {
  if (tls !== undefined) isTls("tls", tls);
  if (healthAddress !== undefined) isAddress("healthAddress", healthAddress);
}

/** Its message does not show it. */
function isPassphrase(name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  throw new TypeError(`Option "${name}" must be a string that is not empty`);
}

/** Whether a text may be the path of a file: messages show that, and a key in its place would be in them. */
export function isPath(text: string): boolean {
  return !/[\0\r\n]|-----BEGIN/.test(text);
}

/** Checks a text or bytes in PEM, or the path of a file. */
function isSource(name: string, value: unknown): void {
  const { file } = (value ?? {}) as { readonly file?: unknown };
  if (typeof value === "string" || ArrayBuffer.isView(value)) return;
  if (typeof file === "string" && isPath(file)) return;
  throw new TypeError(`Option "${name}" must be a string, bytes or { file }`);
}

/** The types of what the option `tls` has. Whether it can be honoured is seen when it is used. */
const TLS_CHECKS = {
  cert: isSource,
  key: isSource,
  passphrase: isPassphrase,
  pfx: isSource,
  clientAuth: oneOf(["none", "request", "require", "verify-if-given", "require-and-verify"]),
  clientCa: isSource,
  clientAllowedSans: isStringList,
  minVersion: oneOf(["TLSv1.2", "TLSv1.3"]),
  ciphers: isStringList,
  curves: isStringList,
} satisfies Record<keyof TlsOptions, Check>;

const isTls: Check = objectOf(TLS_CHECKS);

function isAddress(name: string, value: unknown): void {
  try {
    parseAddress(value);
  } catch (error) {
    throw Object.assign(error as Error, {
      message: `Option "${name}": ${(error as Error).message}`,
    });
  }
}

/** The longest time that a timer of Node can wait. */
const MAX_MS = 2 ** 31 - 1;

const THREAD_CHECKS = {
  maxAgeMs: integerFrom(1, Number.MAX_SAFE_INTEGER),
  stuckAfterMs: integerFrom(0, MAX_MS),
} satisfies Record<keyof ThreadOptions, unknown>;

/**
 * Checks the option `thread`, and fills in the defaults; `undefined` where it is off.
 *
 * @throws {TypeError} For a value of a wrong type.
 * @throws {RangeError} For one that is out of range.
 */
export function readThread(thread: unknown): ThreadSettings | undefined {
  if (thread === undefined || thread === false) return undefined;
  if (thread !== true && (typeof thread !== "object" || thread === null)) {
    throw wrongType("thread", "true, false or an object", thread);
  }
  const given: ThreadOptions = thread === true ? {} : thread;
  objectOf(THREAD_CHECKS)("thread", given);
  return {
    maxAgeMs: given.maxAgeMs ?? Number.POSITIVE_INFINITY,
    stuckAfterMs: given.stuckAfterMs ?? 30_000,
  };
}
