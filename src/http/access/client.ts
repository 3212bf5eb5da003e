import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { nodeModule } from "../../node.ts";
import type { Visit } from "./guard.ts";
import { type Networks, plainAddress } from "./networks.ts";

/** Where a request comes from. */
export interface Client {
  /** Its address; `undefined` where it has none, and where nobody knows it. */
  readonly address: string | undefined;
  /** Whether it came over a unix socket, which has no address. */
  readonly isLocal: boolean;
}

/** What is known of the TLS of a connection. */
export interface ClientCertificate {
  readonly certificate: X509Certificate | undefined;
  /** Why the connection may not ask, in words; `undefined` if it may. */
  readonly fault: string | undefined;
}

/**
 * Finds out where a request comes from: the address of its connection. Only a proxy that the user has
 * named may say otherwise, in a header.
 *
 * @param proxies The networks of the proxies.
 */
export function clientOf({ head, request }: Visit, proxies: Networks | undefined): Client {
  const { remoteAddress } = head;
  if (remoteAddress === undefined) {
    return { address: undefined, isLocal: isUnixSocket(request) };
  }
  const address = plainAddress(remoteAddress);
  if (!proxies?.has(address)) return { address, isLocal: false };
  const forwarded = head.header("x-forwarded-for");
  return { address: originOf(address, forwarded, proxies), isLocal: false };
}

/**
 * Returns the last address that is not a proxy's. Each proxy appends the address of its client, so anybody
 * may have written what stands before the last one that we do not trust.
 */
function originOf(
  proxy: string,
  forwarded: string | undefined,
  proxies: Networks,
): string | undefined {
  let origin: string | undefined = proxy;
  for (const entry of forwarded?.split(",").reverse() ?? []) {
    origin = addressIn(entry.trim());
    if (!proxies.has(origin)) return origin;
  }
  return origin;
}

/** Some proxies add the port of their client. `undefined` for what is not an address, such as `unknown`. */
function addressIn(entry: string): string | undefined {
  const [, ipv6, ipv4] = /^\[([^\]]*)\](?::\d+)?$|^([^:]*):\d+$/.exec(entry) ?? [];
  const address = ipv6 ?? ipv4 ?? entry;
  // A zone may be any text.
  const isAddress = nodeModule("node:net").isIP(address) > 0 && !address.includes("%");
  return isAddress ? plainAddress(address) : undefined;
}

/**
 * Whether a socket without a remote address is a unix socket. One of TCP has none, either, when its client
 * has reset it.
 */
function isUnixSocket(request: IncomingMessage | undefined): boolean {
  try {
    const socket = request?.socket;
    return (
      socket instanceof nodeModule("node:net").Socket &&
      !socket.destroyed &&
      socket.localAddress === undefined
    );
  } catch {
    // HTTP/2 throws when the session is closed.
    return false;
  }
}
