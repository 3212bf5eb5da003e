import type { X509Certificate } from "node:crypto";
import { nodeModule } from "../../node.ts";
import type { TlsSetting, TlsSettings } from "./tls-settings.ts";

const PEM_BEGIN = "-----BEGIN CERTIFICATE-----";

// RFC 7468 §5. OpenSSL has two more labels, which Go and we ignore.
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads every certificate of a setting in PEM, in its order: at least one.
 *
 * @throws What `settings.fault()` makes.
 */
export function readCertificates(
  { fault }: Pick<TlsSettings, "fault">,
  setting: TlsSetting,
  pem: Buffer,
): X509Certificate[] {
  const { X509Certificate: Certificate } = nodeModule("node:crypto");
  const text = pem.toString("latin1");
  const blocks = text.match(PEM_CERTIFICATE);
  if (blocks === null) throw fault(setting, "there is no certificate in it");
  // A file that is being written: what is there so far is not all that is trusted, or sent.
  if (text.split(PEM_BEGIN).length - 1 > blocks.length) {
    throw fault(setting, "a certificate in it is cut off");
  }
  try {
    return blocks.map((block) => new Certificate(block));
  } catch (error) {
    throw fault(setting, "a certificate in it cannot be read", error);
  }
}

/** Writes certificates in PEM. */
export function pemOf(certificates: readonly X509Certificate[]): string {
  return certificates.map(String).join("");
}

const DAY_MS = 86_400_000;

/** How long before its end a certificate is warned of, in days. */
const WARN_DAYS = 7;

/** What is wrong with the time in which the server's certificate is valid, in words. */
export function validityWarning(certificate: X509Certificate, now: number): string | undefined {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (now > to) return `The server certificate expired on ${showTime(to)}`;
  if (now < from) return `The server certificate is not valid before ${showTime(from)}`;
  const isSoon = to - now <= WARN_DAYS * DAY_MS;
  return isSoon ? `The server certificate expires on ${showTime(to)}` : undefined;
}

function showTime(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
