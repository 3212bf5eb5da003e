import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { rawSocketOf, resetSocket } from "../http/reset.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { ResolvedOptions } from "../options/options.ts";

/**
 * How many requests of one connection may wait for their answers. No scraper sends a second before
 * the first is answered; Node reads thousands at once, and a flood of them holds the event loop.
 */
const MAX_PIPELINED = 8;

/**
 * How long a client may go on sending after the last answer, in milliseconds. RFC 9112 §9.6: to close
 * with unread input resets the connection, and the client may lose the answer.
 */
const LINGER_MS = 1_000;

/** A connection, from its accept to its close. */
interface Connection {
  /** What the system accepted: only this can be reset. */
  readonly raw: Socket;
  /** What `node:http` reads and writes: `raw` or a layer over it; not until it has been passed on. */
  stream: Socket | undefined;
  /** The responses under way, in the order of their requests. */
  readonly responses: ServerResponse[];
  /** When the first request must be here or the client must be gone, by `performance.now()`. */
  deadline: number;
  /** What to send after the last response, before the end; nothing that comes in is read any more. */
  farewell: MaybePromise<string> | undefined;
}

/** The open connections of a server, so that each can be closed at the right moment. */
export class Connections {
  readonly #options: Pick<ResolvedOptions, "maxConnections" | "headersTimeoutMs" | "unref">;
  /** By their raw sockets. */
  readonly #connections = new Map<Socket, Connection>();
  #isDraining = false;

  constructor(options: Pick<ResolvedOptions, "maxConnections" | "headersTimeoutMs" | "unref">) {
    this.#options = options;
  }

  /** The number of open connections. */
  get count(): number {
    return this.#connections.size;
  }

  /**
   * Takes a new connection, or closes it if there are too many.
   *
   * @param raw The socket that the system accepted, before any layer such as TLS.
   * @returns Whether it may be passed on.
   */
  accept(raw: Socket): boolean {
    // With a probe it is never absent: `endpoint/served-paths.ts`.
    const { maxConnections = 256, headersTimeoutMs, unref } = this.#options;
    if (this.#connections.size >= maxConnections || this.#isDraining) {
      raw.destroy();
      return false;
    }
    const deadline = performance.now() + headersTimeoutMs;
    const connection = { raw, stream: undefined, responses: [], deadline, farewell: undefined };
    this.#connections.set(raw, connection);
    raw.on("error", ignore);
    raw.on("close", () => this.#connections.delete(raw));
    if (unref) raw.unref();
    return true;
  }

  /**
   * Must be called before a connection is passed to `node:http`.
   *
   * @param stream The raw socket, or the layer over it.
   */
  open(stream: Socket): void {
    const connection = this.#of(stream);
    if (connection === undefined) return;
    connection.stream = stream;
    // This comes before Node's own handler, which would close our side cleanly even in the middle of a
    // response.
    stream.on("end", () => {
      if (connection.responses.length > 0) resetSocket(stream);
    });
  }

  /**
   * Must be called when a request begins, and `end()` when its response closes.
   *
   * @returns Whether it may be answered: not when its connection is ending, from whose buffered bytes
   *   Node may still read requests, and not when too many wait on it, which ends it.
   */
  begin(stream: Socket, response: ServerResponse): boolean {
    const connection = this.#of(stream);
    if (connection === undefined || stream.destroyed) return false;
    if (connection.responses.length >= MAX_PIPELINED) this.finish(stream);
    if (connection.farewell !== undefined) return false;
    connection.deadline = Number.POSITIVE_INFINITY;
    connection.responses.push(response);
    return true;
  }

  /** Must be called when a response closes. */
  end(stream: Socket, response: ServerResponse): void {
    const connection = this.#of(stream);
    const index = connection?.responses.indexOf(response) ?? -1;
    if (connection === undefined || index === -1) return;
    connection.responses.splice(index, 1);
    if (connection.responses.length > 0) return;
    const { farewell } = connection;
    if (farewell !== undefined) this.#sayFarewell(connection, stream, farewell);
    // The kernel has the last response; `destroySoon` lets it go out first.
    else if (this.#isDraining) stream.destroySoon();
  }

  /** Must be called for a connection that speaks something else from now on; it counts no longer. */
  release(stream: Socket): void {
    this.#connections.delete(rawSocketOf(stream));
  }

  /**
   * Reads no more of a connection, lets the responses under way finish in their order (RFC 9112
   * §9.3.2), sends `farewell` and closes.
   *
   * @param farewell It never rejects.
   * @returns The response to a request whose rest never comes: the caller must send on it what else
   *   would be the farewell, and nobody else may.
   */
  finish(stream: Socket, farewell: MaybePromise<string> = ""): ServerResponse | undefined {
    const connection = this.#of(stream);
    if (connection === undefined || connection.farewell !== undefined) return undefined;
    ignoreInput(stream);
    const last = connection.responses.at(-1);
    const isUnfinished = last !== undefined && !last.req.complete && !last.headersSent;
    connection.farewell = isUnfinished ? "" : farewell;
    if (last === undefined) this.#sayFarewell(connection, stream, farewell);
    return isUnfinished ? last : undefined;
  }

  /**
   * Closes the connections whose deadline has passed.
   *
   * @returns Those that `node:http` has, and which can be told: the caller must `finish()` them.
   */
  expire(): Socket[] {
    const now = performance.now();
    const late: Socket[] = [];
    for (const { raw, stream, deadline, farewell } of this.#connections.values()) {
      if (now < deadline) continue;
      if (stream === undefined || farewell !== undefined) raw.destroy();
      else late.push(stream);
    }
    return late;
  }

  /** Closes the idle connections whose stream `matches`. */
  closeIdle(matches: (stream: Socket) => boolean): void {
    for (const { raw, stream, responses } of this.#connections.values()) {
      if (responses.length === 0 && stream !== undefined && matches(stream)) raw.destroy();
    }
  }

  /** Closes idle connections now, the others when their response is complete. */
  drain(): void {
    this.#isDraining = true;
    for (const { raw, responses } of this.#connections.values()) {
      if (responses.length === 0) raw.destroy();
    }
  }

  /** Closes all connections now, even in the middle of a response. */
  destroy(): void {
    for (const { raw, stream } of this.#connections.values()) resetSocket(stream ?? raw);
  }

  #of(stream: Socket): Connection | undefined {
    return this.#connections.get(rawSocketOf(stream));
  }

  #sayFarewell(connection: Connection, stream: Socket, farewell: MaybePromise<string>): void {
    void andThen(farewell, (text) => {
      // The client or the last response has ended it.
      if (!stream.writable) {
        stream.destroy();
        return;
      }
      connection.deadline = performance.now() + LINGER_MS;
      stream.end(text, () => {
        if (this.#isDraining) stream.destroy();
      });
    });
  }
}

const ignore = () => {};

/** Keeps what comes in from Node's parser, but reads it, so that the end of the connection is seen. */
function ignoreInput(stream: Socket): void {
  stream.removeAllListeners("data");
  // Any such listener makes Node take the socket back from its parser, which reads it by itself.
  stream.on("data", ignore);
  stream.resume();
}
