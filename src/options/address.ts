import type { AddressInfo, Server as NetServer } from "node:net";
import { inspect, nodeModule } from "../node.ts";

/**
 * Where to listen.
 *
 * - `9464`, `":9464"`: a port on every interface
 * - `"127.0.0.1:9464"`, `"[::1]:9464"`, `"localhost:9464"`, `{ host, port }`: one interface; port 0
 *   lets the system choose
 * - `"unix:/run/app.sock"`, `{ path }`: a unix socket
 * - `{ fd }`: a file descriptor that is bound
 * - `{ systemd: true }`: all sockets that systemd passes to the process; `{ systemd: "name" }`: those of a name
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
  | { readonly kind: "tcp"; readonly host: string | undefined; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "fd"; readonly fd: number }
  | { readonly kind: "systemd"; readonly name: string | undefined }
  | { readonly kind: "server"; readonly server: NetServer };

const TEXTS = ['":9464"', '"127.0.0.1:9464"', '"[::1]:9464"', '"localhost:9464"'];
const UNIX = '"unix:/run/app.sock"';

/**
 * The forms of an address that can be written as text, for messages.
 *
 * @internal
 */
export const ADDRESS_FORMS: string = `${TEXTS.join(", ")} or ${UNIX}`;

const ALL_FORMS = `9464, ${TEXTS.join(", ")}, ${UNIX}, { host, port }, { path }, { fd }, { systemd } or a listening net.Server`;

const HOST_AND_PORT =
  /^(?:\[(?<ipv6>[0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|(?<host>[\w.-]*)):(?<port>\d+)$/;

// `sun_path` holds 104 bytes on macOS and 108 on Linux, the last of them NUL. Some versions of libuv
// truncate a longer one, and the server would listen at another path.
const MAX_PATH_BYTES = 103;

/**
 * Parses an address.
 *
 * @throws {TypeError} When `address` has none of the forms.
 * @throws {RangeError} When a port, path or file descriptor is out of range.
 *
 * @internal
 */
export function parseAddress(address: unknown): ListenTarget {
  if (typeof address === "number") return tcp(undefined, address);
  if (typeof address === "string") return parseText(address);
  if (isNetServer(address)) return parseServer(address);
  if (typeof address === "object" && address !== null) {
    const { host, port, path, fd, systemd } = address as Readonly<Record<string, unknown>>;
    if (typeof path === "string") return unix(path);
    if (typeof fd === "number") return { kind: "fd", fd: inRange("File descriptor", fd, 2 ** 31) };
    if (systemd === true) return { kind: "systemd", name: undefined };
    if (typeof systemd === "string" && systemd) return { kind: "systemd", name: systemd };
    const hasHost = host === undefined || typeof host === "string";
    if (typeof port === "number" && hasHost) return tcp(host || undefined, port);
  }
  throw notAnAddress(address);
}

/**
 * Parses an address that was written as text; a number is a port. `undefined` if it is not one.
 *
 * @internal
 */
export function readAddress(text: string): Address | undefined {
  const address = /^\d+$/.test(text) ? Number(text) : text;
  try {
    parseAddress(address);
    return address;
  } catch {
    return undefined;
  }
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
  if (target.kind === "systemd") return `{ systemd: ${show(target.name ?? true)} }`;
  return target.kind === "fd" ? `{ fd: ${target.fd} }` : `${textOf(target)}`;
}

function isNetServer(address: unknown): address is NetServer {
  return address instanceof nodeModule("node:net").Server;
}

/** Not `JSON.stringify`, which throws for some values: an address may be anything. */
function show(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 0 });
}

function notAnAddress(address: unknown): TypeError {
  const shown = typeof address === "string" ? JSON.stringify(address) : show(address);
  return new TypeError(`Address must be ${ALL_FORMS}, got ${shown}`);
}

function parseText(address: string): ListenTarget {
  if (address.startsWith("unix:")) return unix(address.slice("unix:".length));
  const { ipv6, host, port } = HOST_AND_PORT.exec(address)?.groups ?? {};
  if (port !== undefined) return tcp(ipv6 ?? (host || undefined), Number(port));
  throw notAnAddress(address);
}

function parseServer(server: NetServer): ListenTarget {
  if (!server.listening) {
    throw new TypeError("The net.Server must be listening: call listen() first");
  }
  // TLS servers and HTTP servers read the bytes of their connections themselves.
  if ("setSecureContext" in server || "setTimeout" in server) {
    throw new TypeError("The net.Server must be a plain one, not an HTTP or TLS server");
  }
  return { kind: "server", server };
}

function tcp(host: string | undefined, port: number): ListenTarget {
  return { kind: "tcp", host, port: inRange("Port", port, 65_536) };
}

function unix(path: string): ListenTarget {
  if (path === "") throw new TypeError('Address "unix:" must have a path');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) {
    throw new RangeError(
      `Path of a unix socket must be at most ${MAX_PATH_BYTES} bytes long, got "${path}"`,
    );
  }
  return { kind: "unix", path };
}

function inRange(what: string, value: number, end: number): number {
  if (Number.isInteger(value) && value >= 0 && value < end) return value;
  throw new RangeError(`${what} must be an integer from 0 to ${end - 1}, got ${value}`);
}
