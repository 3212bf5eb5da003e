import { statOf } from "../../http/access/settings-change.ts";
import type { Policy } from "../../http/access.ts";
import { nodeModule } from "../../node.ts";
import type { ListenTarget } from "../../options/address.ts";
import type { PemSource } from "../../options/security.ts";
import type { TlsSettings } from "../tls/tls-settings.ts";

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

function fileOf(source: PemSource | undefined): string | undefined {
  return typeof source === "object" && "file" in source ? source.file : undefined;
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
  if (host === undefined) return false;
  return host === "localhost" || isLoopback(host);
}

function hostOf(address: ReturnType<import("node:net").Server["address"]>): string | undefined {
  return address === null || typeof address === "string" ? "localhost" : address.address;
}

function isLoopback(host: string): boolean {
  const { BlockList, isIP } = nodeModule("node:net");
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8);
  loopback.addAddress("::1", "ipv6");
  const version = isIP(host);
  return version > 0 && loopback.check(host, version === 4 ? "ipv4" : "ipv6");
}
