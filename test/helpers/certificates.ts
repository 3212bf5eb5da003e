import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import {
  bitString,
  boolean,
  der,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
} from "./der.ts";

// Certificates are made when a test runs, so that none expires, and any system can do it.

/** A certificate and its private key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /**
   * The common name.
   * @default "test"
   */
  readonly name?: string;
  /**
   * The subject alternative names, such as "DNS:localhost", "IP:127.0.0.1", "email:a@b.c" or "URI:x:y".
   * @default [], which is none
   */
  readonly sans?: readonly string[];
  /** @default "ec" */
  readonly keyType?: "ec" | "rsa" | "ed25519";
  /**
   * What it may be used for, as its extended key usage says; an empty list is no such extension.
   * @default ["server", "client"]
   */
  readonly usage?: readonly ("server" | "client")[];
  /** @default an hour ago */
  readonly notBefore?: Date;
  /** @default in 30 days */
  readonly notAfter?: Date;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

/** An authority that issues certificates. */
export interface Authority extends Identity {
  issue(options?: CertificateOptions): Identity;
  /** Issues an authority below this one. */
  issueAuthority(options?: CertificateOptions): Authority;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A moment this many days from now. */
export function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** Makes an authority that signs itself. */
export function createAuthority(options: CertificateOptions = {}): Authority {
  const name = options.name ?? "Test CA";
  return authorityOf(make({ ...options, name }, { isAuthority: true }));
}

/** Makes a certificate that signs itself. */
export function selfSigned(options: CertificateOptions = {}): Identity {
  return pemOf(make(options, { isAuthority: false }), options);
}

function authorityOf(made: Made): Authority {
  return {
    ...pemOf(made, {}),
    issue: (options = {}) => pemOf(make(options, { isAuthority: false, issuer: made }), options),
    issueAuthority: (options = {}) =>
      authorityOf(make(options, { isAuthority: true, issuer: made })),
  };
}

/** A certificate of our own make. */
interface Made {
  readonly bytes: Buffer;
  readonly key: KeyObject;
  readonly subject: Buffer;
  readonly keyId: Buffer;
}

function make(
  options: CertificateOptions,
  { isAuthority, issuer }: { readonly isAuthority: boolean; readonly issuer?: Made },
): Made {
  const { name = "test", keyType = "ec", sans = [], usage = ["server", "client"] } = options;
  const { notBefore = new Date(Date.now() - HOUR_MS), notAfter = inDays(30) } = options;
  const { publicKey, privateKey } = KEY_MAKERS[keyType]();
  const subject = sequence(setOf(sequence(objectIdentifier("2.5.4.3"), utf8String(name))));
  const publicBytes = publicKey.export({ type: "spki", format: "der" });
  const keyId = createHash("sha256").update(publicBytes).digest().subarray(0, 20);
  const signer = issuer?.key ?? privateKey;
  const algorithm = algorithmOf(signer);
  const extensions = [
    ...(isAuthority ? [extension("2.5.29.19", sequence(boolean(true)))] : []),
    // RFC 5280 §4.2.1.1: what tells authorities of the same name apart.
    extension("2.5.29.14", octetString(keyId)),
    extension("2.5.29.35", sequence(der(0x80, issuer?.keyId ?? keyId))),
    ...(sans.length > 0 ? [extension("2.5.29.17", sequence(...sans.map(generalName)))] : []),
    ...(usage.length > 0 && !isAuthority
      ? [extension("2.5.29.37", sequence(...usage.map((use) => objectIdentifier(USAGES[use]))))]
      : []),
  ];
  // RFC 5280 §4.1.
  const content = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    issuer?.subject ?? subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicBytes,
    der(0xa3, sequence(...extensions)),
  );
  const digest = signer.asymmetricKeyType === "ed25519" ? null : "sha256";
  const bytes = sequence(content, algorithm, bitString(sign(digest, content, signer)));
  return { bytes, key: privateKey, subject, keyId };
}

const KEY_MAKERS = {
  ec: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2_048 }),
  ed25519: () => generateKeyPairSync("ed25519"),
};

const USAGES = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), octetString(value));
}

/** RFC 5280 §4.2.1.6. */
function generalName(san: string): Buffer {
  const colon = san.indexOf(":");
  const kind = san.slice(0, colon);
  const value = san.slice(colon + 1);
  if (kind === "email") return der(0x81, Buffer.from(value));
  if (kind === "DNS") return der(0x82, Buffer.from(value));
  if (kind === "URI") return der(0x86, Buffer.from(value));
  if (kind === "IP") return der(0x87, bytesOfAddress(value));
  throw new TypeError(`Unknown kind of name: ${san}`);
}

function bytesOfAddress(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = [], tail] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const missing = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function algorithmOf(signer: KeyObject): Buffer {
  switch (signer.asymmetricKeyType) {
    case "ed25519":
      return sequence(objectIdentifier("1.3.101.112"));
    case "rsa":
      return sequence(objectIdentifier("1.2.840.113549.1.1.11"), der(0x05));
    default:
      return sequence(objectIdentifier("1.2.840.10045.4.3.2"));
  }
}

function pemOf({ bytes, key }: Made, { passphrase }: CertificateOptions): Identity {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return {
    cert: new X509Certificate(bytes).toString(),
    key: key.export({ type: "pkcs8", format: "pem", ...encryption }).toString(),
  };
}
