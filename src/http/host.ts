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

/** RFC 3986 §3.2.2: an IPv6 address, or one of a future version. */
function isAddress(literal: string): boolean {
  return isIpv6(literal) || /^v[\da-f]+\.[\w\-.~!$&'()*+,;=:]+$/i.test(literal);
}

/** A hexadecimal group takes 16 bits of an address, and an IPv4 address at its end takes 32. */
function isIpv6(text: string): boolean {
  const sides = text.split("::");
  if (sides.length > 2) return false;
  const groups = sides.flatMap((side) => (side === "" ? [] : side.split(":")));
  const hasIpv4 = !text.endsWith(":") && IPV4.test(groups.at(-1) ?? "");
  const hexadecimal = hasIpv4 ? groups.slice(0, -1) : groups;
  const count = hexadecimal.length + (hasIpv4 ? 2 : 0);
  // "::" stands for at least one group.
  const isWhole = sides.length === 2 ? count < 8 : count === 8;
  return isWhole && hexadecimal.every((group) => /^[\da-f]{1,4}$/i.test(group));
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
