import { NO_ALLOW, type Probe } from "../model/probe.ts";
import {
  type Check,
  checkEntries,
  integerFrom,
  isFunction,
  isObject,
  listThat,
  objectOf,
  oneOf,
} from "./checks.ts";

/** The parameters that every path, or every probe, reads itself. */
const RESERVED: readonly unknown[] = ["target", "module", "name[]", "collect[]", "exclude[]"];

/** The longest time that a timer of Node can wait. */
const isTime = integerFrom(1, 2 ** 31 - 1);

const isCount = integerFrom(1, Number.MAX_SAFE_INTEGER);

const areRules = listThat(
  "one or more rules",
  (item) => isText(item) || typeof item === "function",
);

const PROBE_CHECKS = {
  probe: isFunction,
  allow: isAllow,
  modules: listThat("one or more names", isText),
  params: listThat(
    `one or more names other than ${RESERVED.join(", ")}`,
    (item) => isText(item) && !RESERVED.includes(item),
  ),
  maxPerTarget: isCount,
  maxInFlight: isCount,
  timeoutMs: isTime,
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
  const names = Object.keys(isLiteral ? value : PROBE_CHECKS);
  const given = Object.fromEntries(names.map((key) => [key, value[key as never]]));
  const { probe, allow, modules, timeoutMs } = given as Partial<Probe>;
  isFunction(`${name}.probe`, probe);
  if (allow === undefined) throw new TypeError(`Option "${name}.allow" ${NO_ALLOW}`);
  const byModule = typeof timeoutMs === "object" &&
    Array.isArray(modules) && {
      timeoutMs: objectOf(Object.fromEntries(modules.map((module) => [module, isTime]))),
    };
  checkEntries(given, { ...PROBE_CHECKS, ...byModule }, `${name}.`);
}

/** An empty list is a mistake: nothing could be asked. */
function isAllow(name: string, value: unknown): void {
  areRules(name, Array.isArray(value) ? value : [value]);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
