import { nodeModule } from "../../node.ts";

/** A subject alternative name of a certificate. */
export interface San {
  /** In the words of Node: `DNS`, `IP Address`, `email`, `URI`, and others that never match. */
  readonly kind: string;
  readonly value: string;
}

/**
 * Reads the names of a certificate from the text that Node makes of them.
 *
 * Node writes a value that could be taken for more than one as a string of JSON (CVE-2021-44532), so a
 * comma outside of one ends a name.
 *
 * @param text `X509Certificate.subjectAltName`.
 */
export function parseSans(text: string | undefined): San[] {
  const names = (text ?? "").matchAll(/(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g);
  return Array.from(names, ([, kind = "", value = ""]) => ({
    kind,
    value: value.startsWith('"') ? (JSON.parse(value) as string) : value,
  }));
}

/** What is wrong with a name that may be allowed, in words; `undefined` if nothing is. */
export function sanFault(name: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(name) ? undefined : "each name must be ASCII without blanks";
}

/**
 * Makes the function that tells whether a certificate has one of the allowed names. The common name never
 * counts: RFC 9525 §2.
 *
 * @param allowed Names of DNS, email addresses and URIs as they stand in a certificate; IP addresses in any
 *   notation; `spiffe://domain/*` for every identity of a trust domain.
 */
export function createSanMatcher(allowed: readonly string[]): (names: readonly San[]) => boolean {
  const matchers = allowed.map(matcherOf);
  return (names) => matchers.some((matches) => matches(names));
}

/** What an allowed name looks like decides which kind of name it may match. */
function matcherOf(allowed: string): (names: readonly San[]) => boolean {
  const address = canonicalAddress(allowed);
  if (address !== undefined) {
    return (names) =>
      names.some(({ kind, value }) => kind === "IP Address" && canonicalAddress(value) === address);
  }
  if (allowed.startsWith("spiffe://")) {
    return (names) => {
      const ids = names.filter(({ kind }) => kind === "URI");
      // X.509-SVID §2: one with several URIs must be rejected.
      return ids.length === 1 && ids.every(({ value }) => matchesSpiffe(allowed, value));
    };
  }
  const isUri = /^[a-z][a-z0-9+.-]*:/i.test(allowed);
  const wanted = isUri ? "URI" : allowed.includes("@") ? "email" : "DNS";
  return (names) => names.some(({ kind, value }) => kind === wanted && value === allowed);
}

/** SPIFFE-ID §2: the domain is lower-case, and no segment of the path is empty, `.` or `..`. */
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

const TRUST_DOMAIN = /^spiffe:\/\/[^/*]+\/\*$/;

function matchesSpiffe(allowed: string, id: string): boolean {
  if (!TRUST_DOMAIN.test(allowed)) return id === allowed;
  return id.startsWith(allowed.slice(0, -1)) && SPIFFE_ID.test(id);
}

/** RFC 5952 for IPv6; `undefined` for what is not an address. */
function canonicalAddress(text: string): string | undefined {
  const { SocketAddress, isIP } = nodeModule("node:net");
  const version = text.includes("%") ? 0 : isIP(text);
  if (version === 0) return undefined;
  return new SocketAddress({ address: text, family: version === 6 ? "ipv6" : "ipv4" }).address;
}
