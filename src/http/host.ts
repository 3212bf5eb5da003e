import { nodeModule } from "../node.ts";

/** The last host that was valid: a scraper sends the same each time. */
let lastValid = "";

/**
 * Whether a text is a host and perhaps a port, as RFC 9110 §7.2 has them in the `Host` header. It may
 * be empty, and is never parsed as a URL.
 */
export function isValidHost(host: string): boolean {
  if (host === lastValid) return true;
  const [, literal] = HOST.exec(host) ?? [];
  const isValid = literal === undefined ? HOST.test(host) : isAddress(literal);
  if (isValid) lastValid = host;
  return isValid;
}

/** RFC 3986 §3.2.2: an address in brackets or a registered name, which an IPv4 address is, too. */
const HOST = /^(?:\[([^\]]*)\]|(?:[\w\-.~!$&'()*+,;=]|%[\da-f]{2})*)(?::\d*)?$/i;

/** RFC 3986 §3.2.2: an IPv6 address, without a zone, or one of a future version. */
function isAddress(literal: string): boolean {
  if (literal.includes("%")) return false;
  return nodeModule("node:net").isIPv6(literal) || FUTURE_ADDRESS.test(literal);
}

const FUTURE_ADDRESS = /^v[\da-f]+\.[\w\-.~!$&'()*+,;=:]+$/i;

/** Compares a `Host` header as text; never parses it as a URL. */
export function isAllowedHost(header: string, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined) return true;
  // RFC 9110 §7.2: a host, and a port if it is not the default one.
  const host = header.replace(/:\d*$/, "").toLowerCase();
  return allowed.some((name) => name.toLowerCase() === host);
}
