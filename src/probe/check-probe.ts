import type { Probe } from "../model/probe.ts";
import {
  type Check,
  checkEntries,
  integerFrom,
  isFunction,
  isObject,
  oneOf,
  outOfRange,
  wrongType,
} from "../options/checks.ts";
import { checkAllow } from "../options/probe-rules.ts";

/** The parameters that every path, or every probe, reads itself. */
const RESERVED = new Set(["target", "module", "name[]", "collect[]", "exclude[]"]);

/** The longest time that a timer of Node can wait. */
const isTime = integerFrom(1, 2 ** 31 - 1);

const isCount = integerFrom(1, Number.MAX_SAFE_INTEGER);

const PROBE_CHECKS = {
  probe: isFunction,
  allow: isAllow,
  modules: isNames,
  params: areParams,
  maxPerTarget: isCount,
  maxInFlight: isCount,
  timeoutMs: isTimeout,
  onFailure: oneOf(["report", "error"]),
} satisfies Record<keyof Probe, Check>;

/**
 * Checks a probe. Whether the rules of `allow` can be read is seen when it is served.
 *
 * @param name What its user calls it, such as `paths./probe`.
 * @throws {TypeError} For an entry of a wrong type, without `allow`, and for an object literal with an entry
 *   that a probe does not have.
 * @throws {RangeError} For an entry that is out of range.
 */
export function checkProbe(name: string, value: unknown): asserts value is Probe {
  isObject(name, value);
  // A class may have more than a probe needs, and has its methods from its prototype.
  const isLiteral = Object.getPrototypeOf(value) === Object.prototype;
  const names = isLiteral ? Object.keys(value) : Object.keys(PROBE_CHECKS);
  const given = Object.fromEntries(names.map((key) => [key, (value as Probe)[key as keyof Probe]]));
  checkEntries(given, PROBE_CHECKS, `${name}.`);
  const { probe, modules = [], timeoutMs } = given as Partial<Probe>;
  isFunction(`${name}.probe`, probe);
  checkAllow(name, value as Probe);
  if (typeof timeoutMs !== "object") return;
  const stranger = Object.keys(timeoutMs).find((module) => !modules.includes(module));
  if (stranger !== undefined)
    throw outOfRange(`${name}.timeoutMs`, "by names of modules", stranger);
}

/** An empty list is a mistake: nothing could be asked. */
function isAllow(name: string, value: unknown): void {
  const rules: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isLegal = rules.every((rule) => typeof rule === "string" || typeof rule === "function");
  if (rules.length === 0 || !isLegal) throw wrongType(name, "a rule or an array of rules", value);
}

function isNames(name: string, value: unknown): void {
  const names = new Set<unknown>(Array.isArray(value) ? value : []);
  const isLegal = [...names].every((item) => typeof item === "string" && item !== "");
  if (names.size > 0 && isLegal && names.size === (value as unknown[]).length) return;
  throw wrongType(name, "an array of names, each once", value);
}

function areParams(name: string, value: unknown): void {
  isNames(name, value);
  const reserved = (value as string[]).find((param) => RESERVED.has(param));
  if (reserved !== undefined) throw outOfRange(name, "names of its own", reserved);
}

function isTimeout(name: string, value: unknown): void {
  if (typeof value !== "object") isTime(name, value);
  else {
    isObject(name, value);
    for (const [module, timeoutMs] of Object.entries(value)) isTime(`${name}.${module}`, timeoutMs);
  }
}
