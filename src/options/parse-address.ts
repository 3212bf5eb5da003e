import type { Server as NetServer } from "node:net";
import { inspect, nodeModule } from "../node.ts";
import { type Address, type ListenTarget, ordinaryTarget, readPort } from "./address.ts";

const TEXTS = ['":9464"', '"127.0.0.1:9464"', '"[::1]:9464"', '"localhost:9464"'];
const UNIX = '"unix:/run/app.sock"';

/**
 * The forms of an address that can be written as text, for messages.
 *
 * @internal
 */
export const ADDRESS_FORMS: string = `${TEXTS.join(", ")} or ${UNIX}`;

const ALL_FORMS = `9464, ${TEXTS.join(", ")}, ${UNIX}, { host, port }, { path }, { fd }, { systemd } or a listening net.Server`;

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
  return ordinaryTarget(address) ?? parseOther(address);
}

function parseOther(address: unknown): ListenTarget {
  const { host, port } = readPort(address) ?? {};
  if (port !== undefined) return tcp(host, port);
  if (typeof address === "string" && address.startsWith("unix:")) {
    return unix(address.slice("unix:".length));
  }
  if (typeof address === "string" && address.startsWith("vsock:")) {
    throw new TypeError(`Address must not be a vsock, which Node cannot open, got "${address}"`);
  }
  if (address instanceof nodeModule("node:net").Server) throw unusable(address);
  if (typeof address === "object" && address !== null) return parseObject(address);
  throw notAnAddress(address);
}

function parseObject(address: object): ListenTarget {
  const { host, port, path, fd, systemd } = address as Readonly<Record<string, unknown>>;
  if (typeof path === "string") return unix(path);
  if (typeof fd === "number") return { kind: "fd", fd: inRange("File descriptor", fd, 2 ** 31) };
  if (systemd === true) return { kind: "systemd", name: undefined };
  if (typeof systemd === "string" && systemd) return { kind: "systemd", name: systemd };
  const hasHost = host === undefined || typeof host === "string";
  if (typeof port === "number" && hasHost) return tcp(host || undefined, port);
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
 * Why a text that names a unix socket or a vsock is not an address; `undefined` for any other text, which needs
 * to be told all forms.
 *
 * @internal
 */
export function addressFault(text: string): string | undefined {
  if (!/^(?:unix|vsock):/.test(text)) return undefined;
  try {
    parseAddress(text);
    return undefined;
  } catch (error) {
    // Cast: `parseAddress()` throws nothing else.
    return (error as Error).message;
  }
}

/** Not `JSON.stringify`, which throws for some values: an address may be anything. */
function show(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 0 });
}

function notAnAddress(address: unknown): TypeError {
  const shown = typeof address === "string" ? JSON.stringify(address) : show(address);
  return new TypeError(`Address must be ${ALL_FORMS}, got ${shown}`);
}

function unusable({ listening }: NetServer): TypeError {
  return new TypeError(
    listening
      ? "The net.Server must be a plain one, not an HTTP or TLS server"
      : "The net.Server must be listening: call listen() first",
  );
}

function tcp(host: string | undefined, port: number): ListenTarget {
  return { kind: "tcp", host, port: inRange("Port", port, 65_536) };
}

function unix(path: string): ListenTarget {
  if (path === "") throw new TypeError('Address "unix:" must have a path');
  // unix(7): an abstract socket has no permissions. systemd writes "@" for the NUL that its name begins with.
  if (path.startsWith("@") || path.includes("\0")) {
    const reason = "an abstract socket lets in everybody on the host";
    throw new TypeError(
      `Path of a unix socket must not begin with "@" or contain NUL, because ${reason}, got ${JSON.stringify(path)}`,
    );
  }
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
