import type { ServerOptions } from "../index.ts";
import { isNetwork } from "../options/security-rules.ts";

/** Who may connect and ask, as the environment says it for both preloads. */
export type SecurityVariables = Required<
  Pick<ServerOptions, "webConfigFile" | "auth" | "allowedNetworks">
>;

/**
 * Reads who may connect and ask; an empty variable counts as unset. There is none for a password or a token:
 * whoever may list processes could read it.
 *
 * @throws {RangeError} For an invalid value; the message names its variable.
 */
export function securityIn(env: Readonly<Record<string, string | undefined>>): SecurityVariables {
  const {
    PROMHTTP_WEB_CONFIG_FILE: webConfigFile,
    PROMHTTP_BEARER_TOKEN_FILE: bearerTokenFile,
    PROMHTTP_ALLOWED_NETWORKS: networks,
  } = env;
  return {
    webConfigFile: webConfigFile || undefined,
    auth: bearerTokenFile ? { bearerTokenFile } : undefined,
    allowedNetworks: networks ? networksIn(networks) : undefined,
  };
}

function networksIn(text: string): readonly string[] {
  const networks = text.split(",").map((network) => network.trim());
  if (networks.every(isNetwork)) return networks;
  const expected = 'networks such as "10.0.0.0/8,::1"';
  throw new RangeError(
    `Environment variable PROMHTTP_ALLOWED_NETWORKS must be ${expected}, got "${text}"`,
  );
}
