import type { X509Certificate } from "node:crypto";
import { nodeModule } from "../../node.ts";
import type { TlsSettings } from "./tls-settings.ts";

// Versions, cipher suites and curves: what client and server agree on in a handshake.

/** In ascending order. */
const VERSIONS: readonly TlsSettings["minVersion"][] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/** Whether TLS 1.0 or 1.1 is spoken, which RFC 8996 forbids. */
export function hasOldVersions({ minVersion }: Pick<TlsSettings, "minVersion">): boolean {
  return VERSIONS.indexOf(minVersion) < VERSIONS.indexOf("TLSv1.2");
}

/** What is wrong with the range of versions, in words; `undefined` if nothing is. */
export function versionsFault({ minVersion, maxVersion }: TlsSettings): string | undefined {
  const isEmpty = VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(maxVersion);
  return isEmpty ? `${minVersion} is newer than ${maxVersion}, the newest allowed` : undefined;
}

/** What is wrong with a list of cipher suites, in words; `undefined` if nothing is. */
export function ciphersFault(ciphers: readonly string[]): string | undefined {
  const known = new Set(nodeModule("node:tls").getCiphers());
  // OpenSSL ignores a suite that it does not know, as long as it knows one.
  const unknown = ciphers.find((name) => !known.has(name.toLowerCase()));
  return unknown === undefined ? undefined : `unknown cipher suite ${JSON.stringify(unknown)}`;
}

/** What is wrong with a list of curves, in words; `undefined` if nothing is. */
export function curvesFault(curves: readonly string[]): string | undefined {
  return curves.map(curveFault).find((fault) => fault !== undefined);
}

function curveFault(curve: string): string | undefined {
  try {
    // What else OpenSSL takes: a list in one text, and marks of its own.
    if (/^[\w-]+$/.test(curve)) {
      nodeModule("node:tls").createSecureContext({ ca: [], ecdhCurve: curve });
      return undefined;
    }
  } catch {
    // This version of Node does not have it.
  }
  return `unknown curve ${JSON.stringify(curve)}`;
}

/**
 * The list of cipher suites, as Node takes it; `undefined` for its own.
 *
 * The suites of TLS 1.2 leave those of TLS 1.3 as they are.
 */
export function cipherListOf(settings: TlsSettings): string | undefined {
  const { ciphers } = settings;
  if (!hasOldVersions(settings)) return ciphers.length > 0 ? ciphers.join(":") : undefined;
  const list = ciphers.length > 0 ? ciphers.join(":") : nodeModule("node:tls").DEFAULT_CIPHERS;
  // Otherwise OpenSSL 3 does not speak these versions, without a word.
  return `${list}:@SECLEVEL=0`;
}

/** Why no client below TLS 1.3 can connect with these cipher suites, in words; `undefined` if some can. */
export function ciphersWarning(
  { ciphers, minVersion }: TlsSettings,
  certificate: X509Certificate,
): string | undefined {
  if (ciphers.length === 0 || minVersion === "TLSv1.3") return undefined;
  const type = certificate.publicKey.asymmetricKeyType ?? "unknown";
  const isUsable = (name: string) =>
    // RFC 8422 §5.1: the suites of ECDSA are those of EdDSA, too.
    !name.startsWith("TLS_") && name.includes("ECDSA") !== type.startsWith("rsa");
  if (ciphers.some(isUsable)) return undefined;
  return `None of the cipher suites below TLS 1.3 works with the server's key, which is of type ${type}`;
}
