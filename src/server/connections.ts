import type { Socket } from "node:net";
import { resetSocket } from "../http/reset.ts";
import type { ResolvedOptions } from "../options/options.ts";

/**
 * How many requests of one connection may wait for their answers. No scraper sends a second before
 * the first is answered; Node reads thousands at once, and a flood of them holds the event loop.
 */
const MAX_PIPELINED = 8;

/** The open connections of a server, so that each can be closed at the right moment. */
export class Connections {
  readonly #maxConnections: number;
  readonly #unref: boolean;
  /** The open sockets, each with the number of its requests that are being answered. */
  readonly #sockets = new Map<Socket, number>();
  #isDraining = false;

  constructor(options: Pick<ResolvedOptions, "maxConnections" | "unref">) {
    this.#maxConnections = options.maxConnections;
    this.#unref = options.unref;
  }

  /** The number of open connections. */
  get count(): number {
    return this.#sockets.size;
  }

  /** Takes a new connection, or closes it if there are too many. */
  accept(socket: Socket): void {
    if (this.#sockets.size >= this.#maxConnections || this.#isDraining) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, 0);
    socket.once("close", () => this.#sockets.delete(socket));
    // Must run before Node's own handler, which would close our side cleanly even in the middle of a
    // response.
    socket.prependOnceListener("end", () => {
      if (this.isAnswering(socket)) resetSocket(socket);
    });
    if (this.#unref) socket.unref();
  }

  /**
   * Must be called when a request begins, and `end()` when its response closes.
   *
   * @returns Whether it may be answered: not when its connection is closed, from whose buffered bytes
   *   Node may still read requests, and not when too many wait on it, which closes it.
   */
  begin(socket: Socket): boolean {
    if ((this.#sockets.get(socket) ?? 0) >= MAX_PIPELINED) resetSocket(socket);
    if (socket.destroyed) return false;
    this.#track(socket, 1);
    return true;
  }

  /** Must be called when a response closes. */
  end(socket: Socket): void {
    this.#track(socket, -1);
  }

  /** Tells whether a response is under way on a connection. */
  isAnswering(socket: Socket): boolean {
    return (this.#sockets.get(socket) ?? 0) > 0;
  }

  /** Closes idle connections now, the others when their response is complete. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, active] of this.#sockets) if (active === 0) socket.destroy();
  }

  /** Closes all connections now, even in the middle of a response. */
  destroy(): void {
    for (const socket of this.#sockets.keys()) resetSocket(socket);
  }

  #track(socket: Socket, change: 1 | -1): void {
    const active = this.#sockets.get(socket);
    if (active === undefined) return;
    this.#sockets.set(socket, active + change);
    // The kernel has the last response; `destroySoon` lets it go out first.
    if (this.#isDraining && active + change === 0) socket.destroySoon();
  }
}
