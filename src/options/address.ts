import type { AddressInfo, Server as NetServer } from "node:net";
import { nodeModule } from "../node.ts";

/**
 * Where to listen.
 *
 * - `9464`, `":9464"`: a port on every interface
 * - `"127.0.0.1:9464"`, `"[::1]:9464"`, `"localhost:9464"`, `{ host, port }`: one interface; port 0
 *   lets the system choose
 * - `"unix:/run/app.sock"`, `{ path }`: a unix socket
 * - `{ fd }`: a file descriptor that is bound
 * - `{ systemd: true }`: all sockets that systemd has passed to the process; `{ systemd: "name" }`: those of
 *   a name
 * - a listening `net.Server`, which is closed with ours
 */
export type Address =
  | number
  | string
  | {
      /** A name or an IP address; absent means every interface. */
      readonly host?: string;
      /** From 0, which lets the system choose, to 65,535. */
      readonly port: number;
    }
  | {
      /** The path of a unix socket; a stale one is replaced. */
      readonly path: string;
    }
  | {
      /** The number of a file descriptor that is bound. */
      readonly fd: number;
    }
  | {
      /** The `FileDescriptorName` of the sockets; `true` means all that nothing else has used. */
      readonly systemd: true | string;
    }
  | NetServer;

/**
 * A parsed address.
 *
 * @internal
 */
export type ListenTarget =
  | TcpTarget
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "systemd"; readonly name: string | undefined }
  | { readonly kind: "server"; readonly server: NetServer };

interface TcpTarget {
  readonly kind: "tcp";
  readonly host: string | undefined;
  readonly port: number;
}

const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|((?!unix:)[\w.-]*)):(\d+)$/;

/**
 * Reads an address that is a port, or a text with one, whose number may be out of range.
 *
 * @internal
 */
export function readPort(address: unknown): TcpTarget | undefined {
  if (typeof address === "number") return { kind: "tcp", host: undefined, port: address };
  const [, ipv6, host, port] = (typeof address === "string" && HOST_AND_PORT.exec(address)) || [];
  if (port === undefined) return undefined;
  return { kind: "tcp", host: ipv6 ?? (host || undefined), port: Number(port) };
}

/**
 * Reads what most servers have for an address: a port. And a `net.Server`, which accepts connections already.
 *
 * @returns `undefined` for any other, which `parse-address.ts` parses or refuses.
 *
 * @internal
 */
export function ordinaryTarget(address: unknown): ListenTarget | undefined {
  if (isPlainServer(address)) return { kind: "server", server: address };
  const target = readPort(address);
  const port = target?.port ?? -1;
  return Number.isInteger(port) && port >= 0 && port < 65_536 ? target : undefined;
}

/** TLS servers and HTTP servers read the bytes of their connections themselves. */
function isPlainServer(address: unknown): address is NetServer {
  if (!(address instanceof nodeModule("node:net").Server)) return false;
  return address.listening && !("setSecureContext" in address) && !("setTimeout" in address);
}

/**
 * Writes an address that has several forms in one, for the processes that are to agree on it;
 * `undefined` for what names no address.
 *
 * @internal
 */
export function textOf(target: ListenTarget): string | undefined {
  if (target.kind === "tcp") {
    const { host = "", port } = target;
    return `${host.includes(":") ? `[${host}]` : host}:${port}`;
  }
  return target.kind === "unix" ? `unix:${target.path}` : undefined;
}

/**
 * Writes the URL of the metrics for a person to open, or a scraper to scrape.
 *
 * @internal
 */
export function urlOf(
  address: AddressInfo | string,
  path: string,
  scheme: "http" | "https" = "http",
): string {
  if (typeof address === "string") return `unix:${address}`;
  return `${scheme}://${hostOf(address)}:${address.port}${path}`;
}

function hostOf({ address, family }: AddressInfo): string {
  // Not every client can connect to "every interface".
  if (address === "::" || address === "0.0.0.0") return "localhost";
  return family === "IPv6" ? `[${address}]` : address;
}

/**
 * Writes an address as a person would, for messages.
 *
 * @internal
 */
export function describeAddress(target: ListenTarget): string {
  if (target.kind === "server") return "a net.Server";
  if (target.kind === "systemd") return `{ systemd: ${JSON.stringify(target.name ?? true)} }`;
  return target.kind === "fd" ? `{ fd: ${target.fd} }` : `${textOf(target)}`;
}
