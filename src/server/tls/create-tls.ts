import type { X509Certificate } from "node:crypto";
import type { SecureContext, TlsOptions } from "node:tls";
import { messageOf } from "../../errors.ts";
import { nodeModule } from "../../node.ts";
import type { PemSource } from "../../options/security.ts";
import { pemOf, readCertificates, validityWarning } from "./certificates.ts";
import { readIdentity } from "./identity.ts";
import { sanFault } from "./sans.ts";
import {
  cipherListOf,
  ciphersFault,
  ciphersWarning,
  curvesFault,
  hasOldVersions,
  versionsFault,
} from "./terms.ts";
import { CLIENT_DEMANDS, fileOf, type TlsSettings } from "./tls-settings.ts";

/** TLS as it is set, with all files read: whatever can be wrong with it has been found. */
export interface Tls {
  readonly settings: TlsSettings;
  /** What `tls.createServer()` takes of it. */
  readonly context: TlsOptions;
  /** What has been made of that. */
  readonly secureContext: SecureContext;
  /** When the certificate of the server expires. */
  readonly notAfter: Date;
  /** What may not be meant, each a sentence without its full stop. */
  readonly warnings: readonly string[];
  /** Which clients it lets in; the same text for two that let in the same. */
  readonly clients: string;
}

/** The settings that may be files. */
const SOURCES = ["cert", "key", "pfx", "clientCa"] as const;

/** The files that settings name. */
export function tlsFilesOf(settings: TlsSettings): string[] {
  return SOURCES.flatMap((setting) => fileOf(settings[setting]) ?? []);
}

/**
 * Reads what settings name, and checks that it can be honoured: neither Node nor OpenSSL reports all that
 * makes every handshake fail later, or lets everybody in.
 *
 * @param read Returns the content of a file.
 * @throws What `settings.fault()` makes.
 */
export function createTls(settings: TlsSettings, read: (file: string) => Buffer): Tls {
  const load = (setting: (typeof SOURCES)[number]): Buffer | undefined => {
    const source = settings[setting];
    try {
      return source === undefined ? undefined : bytesOf(source, read);
    } catch (error) {
      throw settings.fault(setting, messageOf(error), error);
    }
  };
  checkTerms(settings);
  const authorities = readAuthorities(settings, load("clientCa"));
  const context: TlsOptions = {
    ...readIdentity(settings, load),
    // Without a list, Node would trust all authorities of the web, and read them.
    ca: authorities.length > 0 ? pemOf(authorities) : [],
    // As Go does: each certificate of the list is trusted, also one that is not a root.
    allowPartialTrustChain: true,
    minVersion: settings.minVersion,
    maxVersion: settings.maxVersion,
    ciphers: cipherListOf(settings),
    ecdhCurve: settings.curves.length > 0 ? settings.curves.join(":") : "auto",
    honorCipherOrder: settings.honorCipherOrder,
    // As `tls.Server` has them; without a name, OpenSSL resumes no session.
    sessionIdContext: "promhttp",
    sessionTimeout: 300,
    // Node would allow a client three, each of which costs as much as a handshake.
    secureOptions: nodeModule("node:crypto").constants.SSL_OP_NO_RENEGOTIATION,
  };
  const secureContext = createContext(settings, context);
  const certificate = certificateOf(secureContext);
  return {
    settings,
    context,
    secureContext,
    notAfter: new Date(certificate.validTo),
    warnings: warningsOf(settings, certificate),
    clients: JSON.stringify([
      settings.clientAuth,
      authorities.map(({ fingerprint256 }) => fingerprint256).sort(),
      [...settings.clientAllowedSans].sort(),
    ]),
  };
}

function bytesOf(source: PemSource, read: (file: string) => Buffer): Buffer {
  if (typeof source === "string") return Buffer.from(source);
  return "file" in source ? read(source.file) : Buffer.from(source);
}

/** What can be checked without a file. */
function checkTerms(settings: TlsSettings): void {
  const { clientAuth, clientAllowedSans, fault } = settings;
  if (clientAllowedSans.length > 0 && !CLIENT_DEMANDS[clientAuth].isVerified) {
    throw fault("clientAllowedSans", "client certificates are not verified");
  }
  const faults = {
    clientAllowedSans: clientAllowedSans.map(sanFault).find((reason) => reason !== undefined),
    minVersion: versionsFault(settings),
    ciphers: ciphersFault(settings.ciphers),
    curves: curvesFault(settings.curves),
  };
  for (const [setting, reason] of Object.entries(faults)) {
    // Cast: the keys of the object above.
    if (reason !== undefined) throw fault(setting as keyof typeof faults, reason);
  }
}

/** Who signs client certificates. What would let in everybody, or nobody, is a fault. */
function readAuthorities(settings: TlsSettings, pem: Buffer | undefined): X509Certificate[] {
  const { clientAuth, fault } = settings;
  if (pem !== undefined) {
    if (clientAuth === "none") throw fault("clientCa", "no client certificate is asked for");
    return readCertificates(settings, "clientCa", pem);
  }
  if (!CLIENT_DEMANDS[clientAuth].isVerified) return [];
  throw fault("clientCa", "without it, no client certificate can be verified");
}

function createContext(settings: TlsSettings, context: TlsOptions): SecureContext {
  try {
    return nodeModule("node:tls").createSecureContext(context);
  } catch (error) {
    const { pfx, fault } = settings;
    if (pfx === undefined) throw fault("cert", messageOf(error), error);
    throw fault("pfx", "it cannot be read, or the passphrase is wrong", error);
  }
}

/** The certificate that a context sends. Nothing else tells which one PKCS #12 has. */
function certificateOf({ context }: SecureContext): X509Certificate {
  const { X509Certificate: Certificate } = nodeModule("node:crypto");
  // Cast: it has this method in all versions of Node, which its type does not tell.
  return new Certificate((context as { getCertificate(): Buffer }).getCertificate());
}

function warningsOf(settings: TlsSettings, certificate: X509Certificate): string[] {
  const old = hasOldVersions(settings)
    ? `${settings.minVersion} is not safe; clients should speak TLS 1.2 or newer`
    : undefined;
  const all = [
    validityWarning(certificate, Date.now()),
    old,
    ciphersWarning(settings, certificate),
  ];
  return all.filter((warning) => warning !== undefined);
}
