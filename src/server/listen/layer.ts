import type { Socket } from "node:net";
import type { Connections } from "../connections.ts";

/**
 * What stands between the accepted sockets of a server and HTTP: networks, TLS, client certificates. Without
 * such an option there is none, and none of its code is loaded.
 */
export interface Layer {
  /**
   * Takes a socket that `connections` has accepted.
   *
   * @param serve Must be called with the stream on which HTTP is spoken, unless the socket is closed.
   */
  open(raw: Socket, serve: (stream: Socket) => void): void;
  /** Counts a connection that was closed because there are too many. */
  limitReached(): void;
  /**
   * Is told of the connections of a port, to close idle ones that may not go on after a reload.
   *
   * @returns What must be called when the port is closed.
   */
  watch(connections: Pick<Connections, "closeIdle">): () => void;
}
