/**
 * Decides what a probe may connect to: whoever reaches the port of an exporter chooses its targets, so without
 * a policy the exporter is a relay into its network, with the rights of its machine.
 *
 * A target is judged twice. `isAllowed()` judges it as it is written, before anything runs. `lookup()` judges
 * the addresses that its name resolves to, as the connection is made, so that no other answer of DNS can come
 * between. Whatever is not a plain yes is refused.
 */
import { createNetworks, numberOf } from "../../http/access/networks.ts";
import type { LookupFunction, Probe, ProbeTarget, TargetRule } from "../../model/probe.ts";
import { outOfRange, show } from "../../options/checks.ts";
import { isNetwork } from "../../options/security-rules.ts";
import { createLookup } from "./lookup.ts";
import { parseTarget } from "./parse-target.ts";
import { addressesOfName, ipv4Within, loopback, protectedNetworks } from "./protected.ts";
import { createResolver } from "./resolver.ts";

/** What a probe may connect to. */
export interface TargetPolicy {
  /**
   * Whether a target may be asked, as it is written.
   *
   * @throws What a function of the user throws; a `TypeError` when it does not return a boolean.
   */
  isAllowed(target: ProbeTarget): boolean;
  /** Makes the `lookup` of a run: see `ProbeContext.lookup`. */
  lookup(target: ProbeTarget): LookupFunction;
}

/**
 * Makes the policy of a probe.
 *
 * @param name What its user calls the rules, for the message of an error.
 * @throws {RangeError} When a rule is not one that `TargetRule` describes.
 */
export function createPolicy(allow: Probe["allow"], name: string): TargetPolicy {
  const rules: readonly TargetRule[] = typeof allow === "object" ? allow : [allow];
  const wrong = rules.findIndex((rule) => !isRule(rule));
  if (wrong >= 0) {
    throw outOfRange(name, RULE_FORMS, rules[wrong]);
  }
  const texts = rules.filter((rule) => typeof rule === "string");
  const functions = rules.filter((rule) => typeof rule === "function");
  const isNamed = matcherOf(texts);
  const { mayName, mayConnect } = createExceptions(texts);
  const isAllowed = (target: ProbeTarget) =>
    mayName(target.host) &&
    (isNamed(target.host) || functions.some((rule) => verdictOf(rule, target)));
  const judges = { isAllowed, mayConnect, resolve: createResolver() };
  return { isAllowed, lookup: (target) => createLookup({ ...judges, target }) };
}

const RULE_FORMS =
  'a host, a domain such as "*.example.com", an address, a network, "any" or a function';

function isRule(rule: unknown): boolean {
  if (typeof rule !== "string") return typeof rule === "function";
  return rule === "any" || isNetwork(rule) || nameOf(rule) !== undefined;
}

/** What the rules that are texts say of a host. */
function matcherOf(rules: readonly string[]): (host: string) => boolean {
  if (rules.includes("any")) return () => true;
  const { networks, names, domains } = sortRules(rules);
  const addresses = createNetworks(networks);
  return (host) =>
    names.has(host) ||
    domains.some((domain) => host.endsWith(`.${domain}`)) ||
    addresses.has(host) ||
    addresses.has(ipv4Within(host));
}

function sortRules(rules: readonly string[]) {
  const networks = rules.filter(isNetwork);
  const others = rules.filter((rule) => !isNetwork(rule));
  const domains = others.filter((rule) => rule.startsWith("*."));
  const names = others.filter((rule) => !rule.startsWith("*."));
  return { networks, domains: domains.map(nameOf), names: new Set(names.map(nameOf)) };
}

/** The name in a rule, as targets have it: `*.Example.com` is about `example.com`. */
function nameOf(rule: string): string | undefined {
  try {
    const { text, host } = parseTarget(rule.replace(/^\*\./, ""));
    return text === host && numberOf(host) === undefined ? host : undefined;
  } catch {
    return undefined;
  }
}

/** An `async` function would return a promise, which is not a yes. */
function verdictOf(rule: (target: ProbeTarget) => unknown, target: ProbeTarget): boolean {
  const verdict = rule(target);
  if (typeof verdict === "boolean") return verdict;
  // A rejection that nobody handles would end the process.
  Promise.resolve(verdict).catch(() => {});
  throw new TypeError(`A function of option "allow" must return a boolean, got ${show(verdict)}`);
}

/** What of the protected addresses and names the rules list. */
function createExceptions(rules: readonly string[]) {
  const { networks, names } = sortRules(rules);
  // Only a network that is protected as a whole says that it means these addresses: `0.0.0.0/0` means "any".
  const listed = createNetworks(networks.filter(protectedNetworks.holds));

  const mayConnect = (address: string, host: string): boolean => {
    const isLocal = names.has(host) && addressesOfName(host).some(loopback.has);
    return [address, ipv4Within(address)].every(
      (form) => !protectedNetworks.has(form) || listed.has(form) || (isLocal && loopback.has(form)),
    );
  };
  const mayName = (host: string): boolean => {
    if (numberOf(host) !== undefined) return mayConnect(host, host);
    const addresses = addressesOfName(host);
    return addresses.length === 0 || names.has(host) || addresses.some(listed.has);
  };
  return { mayConnect, mayName };
}
