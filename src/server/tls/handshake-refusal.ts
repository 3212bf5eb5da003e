import type { TLSSocket } from "node:tls";
import { certificateRefusal } from "./judge-client.ts";
import { type Refusal, refusalFor } from "./refused-connections.ts";

/** What OpenSSL reports; its codes differ between versions, so each row is what they have in common. */
const REFUSALS: readonly (readonly [code: RegExp, refusal: Refusal])[] = [
  [/HANDSHAKE_TIMEOUT/, refusalFor("tls_timeout")],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/, refusalFor("tls_version")],
  [/DID_NOT_RETURN_A_CERTIFICATE/, refusalFor("certificate_missing")],
  [/CERTIFICATE_VERIFY_FAILED/, refusalFor("certificate_invalid")],
  [
    /NO_SHARED_CIPHER|NO_SUITABLE|SHARED_GROUP/,
    other("it shares no cipher suite or curve with us"),
  ],
  [/APPLICATION_PROTOCOL/, other("it does not speak HTTP/1.1")],
  [/ALERT_(UNKNOWN_CA|.*CERTIFICATE)/, other("it does not accept the certificate of this server")],
  [/ECONNRESET|EPIPE/, other("it left during its TLS handshake")],
];

function other(text: string): Refusal {
  return { reason: "tls_other", text };
}

/** Why a handshake has failed. */
export function handshakeRefusal({ code = "" }: NodeJS.ErrnoException, socket: TLSSocket): Refusal {
  // Node cuts off a client whose certificate is wrong, and reports a reset; why, only this tells. Cast: in
  // spite of its type, it is a code.
  const certificate = socket.authorizationError as unknown as string | null | undefined;
  if (certificate) return certificateRefusal(certificate);
  const [, refusal] = REFUSALS.find(([pattern]) => pattern.test(code)) ?? [];
  return refusal ?? other(`its TLS handshake failed (${code})`);
}
