import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { OpenHealth } from "../../options/security.ts";
import { type Refusal, refusalFor } from "./refused-connections.ts";
import { createSanMatcher, parseSans } from "./sans.ts";
import { CLIENT_DEMANDS, type TlsSettings } from "./tls-settings.ts";

/** Judges the client of a connection whose handshake is complete; `undefined` if it may ask. */
export type ClientJudge = (socket: TLSSocket) => Refusal | undefined;

/**
 * What OpenSSL is told of clients. With `rejectUnauthorized` it tells one without a certificate why it is
 * refused; where that may ask for health, all is judged by hand.
 */
export function clientChecksOf(
  { clientAuth }: TlsSettings,
  openHealth: OpenHealth,
): { readonly requestCert: boolean; readonly rejectUnauthorized: boolean } {
  return {
    requestCert: clientAuth !== "none",
    rejectUnauthorized: clientAuth === "require-and-verify" && openHealth !== "without-certificate",
  };
}

/** Makes the function that judges clients as `client_auth_type` of the official exporters says. */
export function createClientJudge(settings: TlsSettings): ClientJudge {
  const { clientAuth, clientAllowedSans } = settings;
  const { isRequired, isVerified } = CLIENT_DEMANDS[clientAuth];
  const isAllowed = createSanMatcher(clientAllowedSans);
  return (socket) => {
    if (!isRequired && !isVerified) return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return isRequired ? MISSING : undefined;
    if (!isVerified) return undefined;
    const invalid = verificationFault(socket, certificate);
    if (invalid !== undefined) return invalid;
    if (clientAllowedSans.length === 0) return undefined;
    return isAllowed(parseSans(certificate.subjectAltName)) ? undefined : NOT_ALLOWED;
  };
}

const MISSING = refusalFor("certificate_missing");

const NOT_ALLOWED = refusalFor("certificate_san");

function verificationFault(socket: TLSSocket, certificate: X509Certificate): Refusal | undefined {
  // Cast: in spite of its type, it is the code of the error.
  if (!socket.authorized) return certificateRefusal(socket.authorizationError as unknown as string);
  // A session that is resumed was verified when it began.
  return Date.parse(certificate.validTo) < Date.now()
    ? certificateRefusal("CERT_HAS_EXPIRED")
    : undefined;
}

/** @param code What OpenSSL says of a certificate. */
export function certificateRefusal(code: string): Refusal {
  const text = `its client certificate ${FAULTS[code] ?? `cannot be verified (${code})`}`;
  return { reason: "certificate_invalid", text };
}

const UNKNOWN_AUTHORITY = "is signed by an authority that is not trusted";
const SELF_SIGNED = "is signed by itself";

const FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  INVALID_PURPOSE: "is not for clients",
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
};
