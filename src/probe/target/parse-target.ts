import type { ProbeTarget } from "../../model/probe.ts";
import { QueryError } from "../../scrape/failure.ts";

/** No URL that somebody configures is longer. */
const MAX_LENGTH = 2_048;

/** RFC 3986 §2: all that a URL may have. A URL parser takes a backslash for a slash, so that is not part of it. */
const LEGAL = /^[!-[\]-~]*$/;

/** RFC 3986 §3, the authority as it stands; it matches every text. */
const PARTS = /^(?:([a-z][a-z\d+.-]*):\/\/)?([^/?#]*)(.*)$/i;

/** A host and a port: an IPv6 address in brackets, or what may be a name or an IPv4 address. */
const AUTHORITY = /^(?:\[([\da-f:.]+)\]|([\w.-]*\w)\.?)(?::([1-9]\d{0,4}))?$/i;

/** RFC 1123 §2.1, and `_`, which names in DNS have too. A label that begins with `-` would be an option of a command. */
const NAME = /^(?=.{1,253}$)\w(?:[\w-]{0,61}\w)?(?:\.\w(?:[\w-]{0,61}\w)?)*$/;

/** Schemes of URLs that name no host to connect to: a browser would open a file of this machine. */
const HOSTLESS = /^(?:blob|data|file|javascript)$/;

/** The schemes that `new URL()` completes (URL Standard, special schemes): it reads `http:80` as `http://0.0.0.80`. */
const SPECIAL = /^(?:https?|wss?|ftp|file)$/;

/**
 * Reads a target: a host, a host and a port, or a URL. It resolves nothing. A host that a URL parser or the
 * system's resolver would read as another one, such as `0x7f.1` or full-width digits, is not legal.
 *
 * @param text As the query has it, decoded once.
 * @throws {QueryError} When it is something else. The message quotes nothing secret of it.
 */
export function parseTarget(text: string): ProbeTarget {
  if (text.length > MAX_LENGTH) throw fault(`have at most ${MAX_LENGTH} characters`);
  if (!LEGAL.test(text))
    throw fault("be ASCII, without blanks, control characters and backslashes");
  const [, rawScheme, place = "", rest = ""] = PARTS.exec(text) ?? [];
  const scheme = rawScheme?.toLowerCase();
  if (place.includes("@")) throw fault("not contain a user or a password");
  if (rest.includes("#")) throw fault("not contain a fragment");
  if (scheme === undefined && rest !== "") throw fault("begin with its scheme, if it is a URL");
  if (scheme !== undefined && HOSTLESS.test(scheme)) throw fault("be a URL that names a host");
  const { host, port, authority } = readAuthority(place);
  if (scheme === undefined && port !== undefined && SPECIAL.test(host)) {
    throw fault(`not be the scheme "${host}" and a port`);
  }
  const whole = scheme === undefined ? authority : `${scheme}://${authority}${rest}`;
  return { text: whole, host, port, scheme, authority };
}

function readAuthority(place: string): Pick<ProbeTarget, "host" | "port" | "authority"> {
  const [, ipv6, name, digits] = AUTHORITY.exec(place) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  const isLegal = ipv6 !== undefined || (name !== undefined && NAME.test(name));
  if (!isLegal || (port ?? 0) > 65_535) {
    throw fault("be a host, a host and a port, or a URL, with an IPv6 address in brackets");
  }
  const bracketed = urlHostOf(ipv6 === undefined ? name : `[${ipv6}]`);
  // URL Standard §3.5: a name whose last label is a number is an address, whatever it looks like.
  if (ipv6 === undefined && bracketed !== name?.toLowerCase()) {
    throw fault("have a host that is a name, or an address in its usual form");
  }
  const host = bracketed.replace(/^\[|\]$/g, "");
  return { host, port, authority: port === undefined ? bracketed : `${bracketed}:${port}` };
}

/** The host as every URL parser sees it: an IPv6 address in its canonical form (RFC 5952). */
function urlHostOf(host: string | undefined): string {
  try {
    return new URL(`http://${host}`).hostname;
  } catch (error) {
    throw fault("have a host that is a name or an address", error);
  }
}

function fault(expected: string, cause?: unknown): QueryError {
  return new QueryError(`The parameter "target" must ${expected}`, { cause });
}
