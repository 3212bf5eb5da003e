import type { Policy } from "../../http/access.ts";
import type { ClientAuth } from "../../options/security.ts";
import type { TlsSettings } from "../tls/tls-settings.ts";

/** What keeps people out. */
export interface Doors {
  readonly policy: Pick<Policy, "users" | "tokens">;
  readonly tls:
    | { readonly settings: Pick<TlsSettings, "clientAuth" | "clientAllowedSans"> }
    | undefined;
}

/**
 * Says which door a reload would open, in words; `undefined` if none. A file that is half written is often
 * legal, and asks for less than the whole: only a restart may take away what keeps people out.
 */
export function openedDoor(previous: Doors, next: Doors): string | undefined {
  const door = findDoor(previous, next);
  return door && `${door}; restart to do that`;
}

function findDoor(previous: Doors, next: Doors): string | undefined {
  const { users, tokens } = previous.policy;
  if (users.size > 0 && next.policy.users.size === 0) return "it would remove the last user";
  if (tokens.length > 0 && next.policy.tokens.length === 0) return "it would remove the last token";
  if (previous.tls === undefined) return undefined;
  if (next.tls === undefined) return "it would turn TLS off";
  const [was, is] = [previous.tls.settings, next.tls.settings];
  const [wasAsked, isAsked] = [CLIENT_AUTH[was.clientAuth], CLIENT_AUTH[is.clientAuth]];
  if (wasAsked.isRequired && !isAsked.isRequired) {
    return "it would let clients in that have no certificate";
  }
  if (wasAsked.isVerified && !isAsked.isVerified) {
    return "it would let clients in whose certificate is not verified";
  }
  return was.clientAllowedSans.length > 0 && is.clientAllowedSans.length === 0
    ? "it would let clients in whatever the names in their certificates"
    : undefined;
}

/** What a client must have: a reload may ask for more of it, but not for less. */
const CLIENT_AUTH: Readonly<
  Record<ClientAuth, { readonly isRequired: boolean; readonly isVerified: boolean }>
> = {
  none: { isRequired: false, isVerified: false },
  request: { isRequired: false, isVerified: false },
  require: { isRequired: true, isVerified: false },
  "verify-if-given": { isRequired: false, isVerified: true },
  "require-and-verify": { isRequired: true, isVerified: true },
};
