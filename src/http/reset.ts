import type { ServerResponse } from "node:http";
import type { Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";

/**
 * Closes a connection in the middle of a response, so that no client can take a part for the whole.
 *
 * Where no length and no chunks tell the end of a body, as in HTTP/1.0, it ends with the connection
 * (RFC 9112 §6.3): there an orderly close would make any part look complete, and a reset does not.
 * Unix sockets know no reset, and are just closed.
 */
export function resetSocket(socket: Socket): void {
  const isTcp = socket.remoteFamily !== undefined;
  // A side that is being shut down cannot be reset any more: Node would lose the socket.
  const isShutDown = socket.writableEnded && socket.writableLength === 0;
  if (!isTcp || isShutDown || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

/** What a stream says that was cut off. */
export const CUT_OFF: string = "The response was cut off";

/** Cuts a response off, wherever it has got to, so that no client can take a part for the whole. */
export function resetResponse(response: ServerResponse): void {
  const stream = http2StreamOf(response);
  if (stream !== undefined) {
    // With an error it is reset; `close()` would end it in order first. Others share its socket.
    stream.destroy(new Error(CUT_OFF));
    return;
  }
  if (response.socket) resetSocket(response.socket);
  // It waits behind another one, whose end a reset would take from the client. From version 24 on
  // Node gives it its turn although it is destroyed, and would wait for its end for ever.
  else response.once("socket", (socket: Socket) => socket.destroySoon());
  response.destroy();
}

/** The stream of a response of `node:http2`; `undefined` for one of `node:http`. */
export function http2StreamOf(response: object): ServerHttp2Stream | undefined {
  return (response as Partial<Http2ServerResponse>).stream;
}
