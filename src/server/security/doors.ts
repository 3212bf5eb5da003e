import type { Policy } from "../../http/access.ts";
import { CLIENT_DEMANDS, type TlsSettings } from "../tls/tls-settings.ts";

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
  if (users.size > 0 && next.policy.users.size === 0)
    return "the new ones would remove the last user";
  if (tokens.length > 0 && next.policy.tokens.length === 0)
    return "the new ones would remove the last token";
  if (previous.tls === undefined) return undefined;
  if (next.tls === undefined) return "the new ones would turn TLS off";
  const [was, is] = [previous.tls.settings, next.tls.settings];
  const [before, after] = [CLIENT_DEMANDS[was.clientAuth], CLIENT_DEMANDS[is.clientAuth]];
  if (before.isRequired && !after.isRequired) {
    return "the new ones would let clients in that have no certificate";
  }
  if (before.isVerified && !after.isVerified) {
    return "the new ones would let clients in whose certificate is not verified";
  }
  return was.clientAllowedSans.length > 0 && is.clientAllowedSans.length === 0
    ? "the new ones would let clients in whatever the names in their certificates"
    : undefined;
}
