import { createNetworks } from "../../http/access/networks.ts";
import { statOf } from "../../http/access/settings-change.ts";
import type { Policy } from "../../http/access.ts";
import { nodeModule } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import { fileOf, type TlsSettings } from "../tls/tls-settings.ts";

/** What a server's settings are judged by. */
interface Judged {
  readonly tls: Pick<TlsSettings, "key" | "pfx"> | undefined;
  readonly policy: Pick<Policy, "users" | "tokens">;
  readonly target: ListenTarget | undefined;
}

/** Says which settings work, but may be a mistake. */
export async function warningsOf({ tls, policy, target }: Judged): Promise<string[]> {
  const warnings: string[] = [];
  for (const source of [tls?.key, tls?.pfx]) {
    const file = fileOf(source);
    if (file !== undefined && (await isReadByAll(file))) {
      warnings.push(`Every user of this system can read the private key in ${file}`);
    }
  }
  const hasSecrets = policy.users.size > 0 || policy.tokens.length > 0;
  if (hasSecrets && tls === undefined && !isLocal(target)) {
    warnings.push("Passwords and tokens cross the network in the clear: there is no TLS");
  }
  return warnings;
}

/** Windows has no such bits; Node makes them up. */
async function isReadByAll(file: string): Promise<boolean> {
  const stats = await statOf(file);
  return (
    !(stats instanceof Error) && nodeModule("node:path").sep === "/" && (stats.mode & 0o004n) !== 0n
  );
}

/** Whether nobody on another host can connect, as far as is known. */
function isLocal(target: ListenTarget | undefined): boolean {
  if (target?.kind !== "tcp" && target?.kind !== "server") return true;
  const host = target.kind === "tcp" ? target.host : hostOf(target.server.address());
  return host === "localhost" || createNetworks(LOOPBACK).has(host);
}

function hostOf(address: ReturnType<import("node:net").Server["address"]>): string | undefined {
  return address === null || typeof address === "string" ? "localhost" : address.address;
}

const LOOPBACK = ["127.0.0.0/8", "::1"];
