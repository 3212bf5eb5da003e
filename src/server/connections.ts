import type { Server as HttpServer, RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { resetSocket } from "../http/reset.ts";
import { nodeModule } from "../node.ts";

/** The bounds of the listener, all of them resolved. */
export interface ListenerOptions {
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly unref: boolean;
}

/** How often the time-outs of the headers are checked. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * How many requests of one connection may wait for their answers. No scraper sends a second before
 * the first is answered; Node reads thousands at once, and a flood of them holds the event loop.
 */
const MAX_PIPELINED = 8;

/** An HTTP server that knows its sockets, so that it can close each of them at the right moment. */
export class Connections {
  readonly server: HttpServer;
  readonly #maxConnections: number;
  readonly #unref: boolean;
  /** The open sockets, each with the number of its requests that are being answered. */
  readonly #sockets = new Map<Socket, number>();
  #isDraining = false;

  constructor(onRequest: RequestListener, options: ListenerOptions) {
    this.#maxConnections = options.maxConnections;
    this.#unref = options.unref;
    this.server = nodeModule("node:http").createServer({
      maxHeaderSize: options.maxHeaderBytes,
      headersTimeout: options.headersTimeoutMs,
      // A request is its head, so it must be complete when the head must.
      requestTimeout: options.headersTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    });
    const onHead: RequestListener = (request, response) => {
      if (this.#isFlooding(request.socket)) return;
      this.#track(request.socket, 1);
      response.on("close", () => this.#track(request.socket, -1));
      onRequest(request, response);
    };
    this.server.on("request", onHead);
    // Without this, Node asks for the body that we refuse.
    this.server.on("checkContinue", onHead);
    this.server.on("connect", (_request, socket) => this.#refuse(socket, "400 Bad Request"));
    this.server.on("clientError", (error: Error & { code?: string }, socket) =>
      this.#refuse(socket, CLIENT_ERRORS[error.code ?? ""] ?? "400 Bad Request"),
    );
    this.server.on("connection", (socket) => this.#onConnection(socket));
    if (options.unref) this.server.unref();
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Closes idle sockets now, the others when their response is complete. */
  drain(): void {
    this.#isDraining = true;
    for (const [socket, active] of this.#sockets) if (active === 0) socket.destroy();
  }

  /** Closes all sockets now, whatever is under way. */
  destroy(): void {
    for (const socket of this.#sockets.keys()) resetSocket(socket);
  }

  #onConnection(socket: Socket): void {
    if (this.#sockets.size >= this.#maxConnections || this.#isDraining) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, 0);
    socket.once("close", () => this.#sockets.delete(socket));
    // Before Node hears of it, which ends its side, too, wherever the response has got to.
    socket.prependOnceListener("end", () => {
      if (this.#isAnswering(socket)) resetSocket(socket);
    });
    if (this.#unref) socket.unref();
  }

  #track(socket: Socket, change: 1 | -1): void {
    const active = this.#sockets.get(socket);
    if (active === undefined) return;
    this.#sockets.set(socket, active + change);
    // The last response is in the kernel's hands; `destroySoon` lets it go out first.
    if (this.#isDraining && active + change === 0) socket.destroySoon();
  }

  /** Also tells what Node still reads from the bytes that it has of a closed connection. */
  #isFlooding(socket: Socket): boolean {
    if ((this.#sockets.get(socket) ?? 0) >= MAX_PIPELINED) resetSocket(socket);
    return socket.destroyed;
  }

  #isAnswering(socket: Socket): boolean {
    return (this.#sockets.get(socket) ?? 0) > 0;
  }

  /** Answers what is no HTTP, unless that would stand in the middle of another answer. */
  #refuse(stream: Duplex, status: string): void {
    // The connections of a plain HTTP server are sockets.
    const socket = stream as Socket;
    socket.on("error", () => {});
    if (this.#isAnswering(socket)) resetSocket(socket);
    else if (socket.writable) {
      const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
      socket.end(head, () => socket.destroy());
    } else socket.destroy();
  }
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
