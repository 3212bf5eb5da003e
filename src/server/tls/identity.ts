import type { KeyObject } from "node:crypto";
import type { TlsOptions } from "node:tls";
import { nodeModule } from "../../node.ts";
import { pemOf, readCertificates } from "./certificates.ts";
import type { TlsSettings } from "./tls-settings.ts";

/** What a server shows of itself, as `tls.createServer()` takes it. */
export type Identity = Pick<TlsOptions, "cert" | "key" | "pfx" | "passphrase">;

/**
 * Reads the certificate and the key of a server, which must belong to each other.
 *
 * @param load Returns the bytes of a setting; `undefined` where it is not set.
 * @throws What `settings.fault()` makes.
 */
export function readIdentity(
  settings: TlsSettings,
  load: (setting: "cert" | "key" | "pfx") => Buffer | undefined,
): Identity {
  const { passphrase, fault } = settings;
  const secret = passphrase === undefined ? {} : { passphrase };
  const pfx = load("pfx");
  if (pfx !== undefined) return { pfx, ...secret };
  const cert = load("cert");
  if (cert === undefined) throw fault("cert", "a server needs a certificate");
  const key = load("key");
  if (key === undefined) throw fault("key", "a server needs the private key of its certificate");
  const chain = readCertificates(settings, "cert", cert);
  if (chain[0]?.checkPrivateKey(readKey(settings, key))) {
    return { cert: pemOf(chain), key, ...secret };
  }
  throw fault("key", "the private key does not match the first certificate");
}

function readKey({ passphrase, fault }: TlsSettings, pem: Buffer): KeyObject {
  const text = pem.toString("latin1");
  if (!/-----BEGIN (?:\w+ )*PRIVATE KEY-----/.test(text)) {
    throw fault("key", "there is no private key in it");
  }
  // PKCS #8 says so in its label, the older format in a header.
  const isEncrypted = /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text);
  if (isEncrypted && passphrase === undefined) throw fault("key", "the private key is encrypted");
  try {
    const { createPrivateKey } = nodeModule("node:crypto");
    return createPrivateKey({ key: pem, ...(isEncrypted && { passphrase }) });
  } catch (error) {
    if (isEncrypted) throw fault("passphrase", "it does not decrypt the private key", error);
    throw fault("key", "the private key in it cannot be read", error);
  }
}
