import type { ServerResponse } from "node:http";
import type { Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

/**
 * Closes a connection in the middle of a response, so that no client can take a part for the whole.
 *
 * Without a length or chunks, as in HTTP/1.0, a body ends with its connection (RFC 9112 §6.3). There
 * an orderly close would make any part look complete; a reset does not. Unix sockets have no reset,
 * and are just closed.
 *
 * @param socket The socket of `node:http`: a raw one, or a TLS socket over it. Closing the latter would
 *   send an orderly end (`close_notify`), and it cannot be reset itself.
 */
export function resetSocket(socket: Socket): void {
  const raw = rawSocketOf(socket);
  // A side that is shutting down cannot be reset any more: Node would lose the socket.
  const isShutDown = socket.writableEnded && socket.writableLength === 0;
  if (isShutDown || raw.destroyed) socket.destroy();
  else if (raw.remoteFamily === undefined) raw.destroy();
  else reset(raw);
}

function reset(raw: Socket): void {
  try {
    raw.resetAndDestroy();
  } catch {
    // It is not a TCP socket itself, and what it stands on cannot be found.
    raw.destroy();
  }
}

/**
 * Returns the socket that the system accepted: `socket` itself, or what is under its layers of TLS.
 *
 * `_parent` is the only way from a `TLSSocket` to it, in all versions of Node. Every `net.Socket` has it,
 * so it costs no lookup.
 */
export function rawSocketOf(socket: Socket): Socket {
  let raw = socket;
  for (let parent = parentOf(raw); parent; parent = parentOf(raw)) raw = parent;
  return raw;
}

function parentOf(socket: Socket): Socket | null | undefined {
  return (socket as Socket & { readonly _parent?: Socket | null })._parent;
}

/** The error of a stream that was cut off. */
export const CUT_OFF: string = "The response was cut off";

/** Cuts a response off at any point, so that no client can take a part for the whole. */
export function resetResponse(response: ServerResponse): void {
  const stream = http2StreamOf(response);
  if (stream !== undefined) {
    // Only this stream: others share its socket. An error resets it; `close()` would end it in order.
    stream.destroy(new Error(CUT_OFF));
    return;
  }
  if (response.socket) resetSocket(response.socket);
  // It is queued behind another response, which a reset would truncate. Node 24+ still dequeues a
  // destroyed response and would wait for it forever.
  else response.once("socket", (socket: Socket) => socket.destroySoon());
  response.destroy();
}

/** The stream of a response of `node:http2`; `undefined` for one of `node:http`. */
export function http2StreamOf(response: object): ServerHttp2Stream | undefined {
  return (response as Partial<Http2ServerResponse>).stream;
}
