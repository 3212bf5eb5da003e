import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

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

/** An HTTP server that knows its sockets, so that it can close each of them at the right moment. */
export class Listener {
  readonly server: HttpServer;
  readonly #maxConnections: number;
  readonly #unref: boolean;
  /** The open sockets, each with the number of its requests that are being answered. */
  readonly #sockets = new Map<Socket, number>();
  #isDraining = false;

  constructor(onRequest: RequestListener, options: ListenerOptions) {
    this.#maxConnections = options.maxConnections;
    this.#unref = options.unref;
    this.server = createServer({
      maxHeaderSize: options.maxHeaderBytes,
      headersTimeout: options.headersTimeoutMs,
      // A request is its head, so it must be complete when the head must.
      requestTimeout: options.headersTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    });
    const onHead: RequestListener = (request, response) => {
      this.#track(request.socket, 1);
      response.once("close", () => this.#track(request.socket, -1));
      onRequest(request, response);
    };
    this.server.on("request", onHead);
    // Without this, Node asks for the body that we refuse.
    this.server.on("checkContinue", onHead);
    this.server.on("connect", (_request, socket) => refuse(socket, "405 Method Not Allowed"));
    this.server.on("clientError", (error, socket) => this.#onClientError(error, socket));
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

  /** Closes all sockets now. */
  destroy(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #onConnection(socket: Socket): void {
    if (this.#sockets.size >= this.#maxConnections || this.#isDraining) {
      socket.destroy();
      return;
    }
    this.#sockets.set(socket, 0);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#unref) socket.unref();
  }

  #track(socket: Socket, change: 1 | -1): void {
    const active = this.#sockets.get(socket);
    if (active === undefined) return;
    this.#sockets.set(socket, active + change);
    // The last response is in the kernel's hands; `destroySoon` lets it go out first.
    if (this.#isDraining && active + change === 0) socket.destroySoon();
  }

  /** Answers what is no HTTP, unless that would stand in the middle of another answer. */
  #onClientError(error: Error & { code?: string }, socket: Duplex): void {
    // A `clientError` of a plain HTTP server always comes with a `Socket`.
    const isAnswering = (this.#sockets.get(socket as Socket) ?? 0) > 0;
    if (isAnswering || !socket.writable || error.code === "ECONNRESET") socket.destroy();
    else refuse(socket, CLIENT_ERRORS[error.code ?? ""] ?? "400 Bad Request");
  }
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

function refuse(socket: Duplex, status: string): void {
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}
