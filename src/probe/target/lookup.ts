import { MetricsError, messageOf } from "../../errors.ts";
import { numberOf } from "../../http/access/networks.ts";
import type { LookupFunction, ProbeTarget } from "../../model/probe.ts";
import { isFunction, show } from "../../options/checks.ts";
import { parseTarget } from "./parse-target.ts";
import type { Resolve } from "./resolver.ts";

/** What a lookup judges by, and asks. */
interface LookupParts {
  /** The target of the run, which is allowed. */
  readonly target: ProbeTarget;
  /** Whether another host may be asked, to which an answer of the target may have led. */
  isAllowed(target: ProbeTarget): boolean;
  /** Whether a host may be asked at an address that it resolves to. */
  mayConnect(address: string, host: string): boolean;
  /** Asks the system. */
  readonly resolve: Resolve;
}

/**
 * Makes a `lookup` for `net`, `tls`, `http` and `https`. It resolves as `dns.lookup()` does, and drops the
 * addresses that may not be asked. An error with the code `ERR_PROMHTTP_TARGET` says that none is left, or that
 * the host is not allowed.
 */
export function createLookup(parts: LookupParts): LookupFunction {
  const { target, isAllowed, mayConnect, resolve } = parts;
  const allowedHost = (hostname: string): string => {
    const asked = readHost(hostname);
    if (asked.host === target.host || isAllowed(asked)) return asked.host;
    throw refusal(hostname, 'option "allow" does not allow it');
  };
  return (hostname, options, callback) => {
    // Later it would be thrown where nobody can catch it, which ends the process.
    isFunction("callback", callback);
    const fail = (error: NodeJS.ErrnoException) => callback(error, "");
    let host: string;
    try {
      host = allowedHost(hostname);
    } catch (error) {
      // Like `dns.lookup()`, which never calls back before it returns: a socket has no listeners yet.
      const known = error instanceof Error ? error : refusal(hostname, messageOf(error));
      queueMicrotask(() => fail(known));
      return;
    }
    resolve(host, options, (error, addresses) => {
      if (error) return fail(error);
      const open = addresses.filter(({ address }) => mayConnect(address, host));
      const [first] = open;
      if (first === undefined) {
        const refused = addresses.map(({ address }) => address).join(" and ");
        return fail(refusal(host, `it is ${refused}, which option "allow" would have to list`));
      }
      if (options.all) return callback(null, open);
      callback(null, first.address, first.family);
    });
  };
}

/** Reads a host as a target: a probe may have taken it from a URL that it was answered with. */
function readHost(hostname: string): ProbeTarget {
  try {
    const isIpv6 = hostname.includes(":") && numberOf(hostname) !== undefined;
    const asked = parseTarget(isIpv6 ? `[${hostname}]` : hostname);
    if (asked.text === asked.authority && asked.port === undefined) return asked;
  } catch {
    // It is not a host.
  }
  throw refusal(hostname, "it is not a host");
}

function refusal(host: string, reason: string): MetricsError {
  return new MetricsError("ERR_PROMHTTP_TARGET", `Cannot connect to ${show(host)}: ${reason}`);
}
