import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { LightSignal, type Signal } from "../abort.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { type RequestHead, scrapeRequestOf } from "./request-head.ts";
import { http2StreamOf } from "./reset.ts";
import { splitAbsolute } from "./routes.ts";
import { type Headers, sendScrape } from "./send.ts";

/** Reads the head of a request of `node:http`, or of the compatibility API of `node:http2`. */
export function headOf(request: IncomingMessage): RequestHead {
  return new NodeHead(request);
}

/** A class: object literals with a getter took 2 µs of a small scrape, and garbage collection as long. */
class NodeHead implements RequestHead {
  readonly method: string;
  readonly target: string;
  readonly #request: IncomingMessage;
  readonly #authority: string | undefined;

  constructor(request: IncomingMessage) {
    const { method = "", url = "" } = request;
    const absolute = url.startsWith("/") ? undefined : splitAbsolute(method, url);
    this.method = method;
    this.target = absolute === undefined ? url : absolute.target;
    this.#authority = absolute?.authority;
    this.#request = request;
  }

  get remoteAddress(): string | undefined {
    try {
      return this.#request.socket.remoteAddress;
    } catch {
      // HTTP/2 throws when the session is closed, and a mock of a request may have no socket.
      return undefined;
    }
  }

  header(name: string): string | undefined {
    const { headers = {} } = this.#request;
    if (name === "host") {
      // RFC 9113 §8.3.1: in HTTP/2 the host is in the `:authority`.
      return this.#authority ?? textOf(headers["host"] ?? headers[":authority"]);
    }
    return textOf(headers[name]);
  }
}

/** The text of a header that Node lists, or that an adapter has set to a number, say. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/**
 * Answers a scrape that came over HTTP. It never rejects.
 *
 * @param head The head of `request`.
 * @param headers Replace those of the scrape's response.
 */
export function answerScrape(
  request: IncomingMessage,
  response: ServerResponse,
  head: RequestHead,
  scrape: Scrape,
  headers?: Headers,
): MaybePromise<void> {
  // If something has set it, that will encode what we write.
  const isEncoded = (response.getHeader?.("Content-Encoding") ?? "identity") !== "identity";
  const client = watchClient(request, response);
  const answer = scrape(scrapeRequestOf(head, client, !isEncoded));
  return andThen(answer, (given) =>
    given === undefined
      ? undefined
      : sendScrape(response, given, headers, request.method === "HEAD"),
  );
}

const DISCONNECTED = new Error("The client has disconnected");

/**
 * Makes a signal that aborts when the client disconnects before it has the whole response.
 *
 * Five listeners by `once()` took 80 µs of a small scrape, so there are as few as can be, by `on()`.
 */
function watchClient(request: IncomingMessage, response: ServerResponse): Signal {
  const client = new LightSignal();
  const onClose = () => {
    // Node itself finishes an HTTP/2 response when its client disconnects; then we have not ended it.
    if (!response.writableEnded || !response.writableFinished) client.abort(DISCONNECTED);
  };
  response.on?.("close", onClose);
  const stream = http2StreamOf(response);
  // A response emits no "close" while it is queued behind another on its connection.
  const isQueued = stream === undefined && !response.socket;
  const connection = isQueued ? request.socket : undefined;
  if (connection?.on !== undefined) whenClosed(connection, response, onClose);
  // A request that something has read to its end is destroyed, too, although its client is still there.
  const isCutOff = request.destroyed && !request.readableEnded;
  if (isCutOff || [connection, response, stream].some((part) => part?.destroyed)) onClose();
  return client;
}

/** What the queued responses of a connection do when it closes, by their responses. */
const queued = new WeakMap<Socket, Map<ServerResponse, () => void>>();

/**
 * Calls `onClose` when a connection closes, unless its response has closed before. A connection has one
 * listener for all: Node warns of more than ten.
 */
function whenClosed(connection: Socket, response: ServerResponse, onClose: () => void): void {
  let waiting = queued.get(connection);
  if (waiting === undefined) {
    waiting = new Map();
    queued.set(connection, waiting);
    const all = waiting;
    connection.on("close", () => {
      for (const close of all.values()) close();
    });
  }
  const responses = waiting;
  responses.set(response, onClose);
  response.on?.("close", () => responses.delete(response));
}
