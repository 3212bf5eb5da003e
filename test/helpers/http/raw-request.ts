import type { NetConnectOpts } from "node:net";
import type { RawResponse } from "./parse-response.ts";
import { RawConnection } from "./raw-connection.ts";

/** Writes literal bytes on a connection of its own, and returns the response to them. */
export async function rawRequest(
  target: number | NetConnectOpts,
  bytes: string | Uint8Array,
): Promise<RawResponse> {
  const connection = new RawConnection(target);
  try {
    void connection.send(bytes);
    return await connection.response({ isHead: String(bytes).startsWith("HEAD ") });
  } finally {
    connection.socket.destroy();
    await connection.closed();
  }
}

/** Asks for a target on a connection of its own. */
export function rawGet(port: number, target: string, method = "GET"): Promise<RawResponse> {
  return rawRequest(port, request(target, { method }));
}

/** Writes literal bytes on a connection of its own, and returns all that comes until it is closed. */
export async function rawExchange(
  target: number | NetConnectOpts,
  bytes: string | Uint8Array,
): Promise<string> {
  const connection = new RawConnection(target);
  try {
    void connection.send(bytes);
    return await connection.closed();
  } finally {
    connection.socket.destroy();
  }
}

/** The bytes of a request without a body. */
export function request(target: string, options: RequestOptions = {}): string {
  const { method = "GET", headers = [] } = options;
  const host = headers.some((line) => /^host:/i.test(line)) ? [] : ["Host: test"];
  return [`${method} ${target} HTTP/1.1`, ...host, ...headers, "", ""].join("\r\n");
}

/** What a request may have beyond its target. */
export interface RequestOptions {
  /** @default "GET" */
  readonly method?: string;
  /** Whole header lines. */
  readonly headers?: readonly string[];
}
