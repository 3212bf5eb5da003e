import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import {
  BAD_REQUEST,
  type FixedAnswer,
  METHOD_NOT_ALLOWED,
  REQUEST_TIMEOUT,
} from "../http/fixed-answers.ts";
import { resetSocket } from "../http/reset.ts";
import { sendFixed } from "../http/send.ts";
import type { Log } from "../log.ts";
import { andThen, type MaybePromise } from "../maybe-promise.ts";
import { nodeModule } from "../node.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { unref } from "../timers.ts";
import type { ClientError } from "./client-error.ts";
import type { Connections } from "./connections.ts";

/** How often deadlines are checked, in milliseconds. */
const CHECK_INTERVAL_MS = 1_000;

/** What bounds the clients of a front, and where it says what it has refused. */
export interface HttpOptions
  extends Pick<ResolvedOptions, "headersTimeoutMs" | "keepAliveTimeoutMs" | "maxHeaderBytes"> {
  readonly log?: Pick<Log, "warn">;
}

/** HTTP over connections that something else accepts. */
export interface HttpFront {
  /**
   * Passes a connection that `connections` has accepted to `node:http`.
   *
   * @param stream The raw socket, or a layer over it.
   */
  serve(stream: Socket): void;
  /** Closes idle connections, and stops all checks. */
  close(): void;
}

/**
 * Makes the HTTP server, which never listens: it bounds what a client may send and how long that may
 * take, and answers what is not HTTP.
 *
 * @param onUpgrade Takes a connection whose client wants to speak something else, with the bytes that
 *   came behind its request. Without it such a request is an ordinary one.
 */
export function createHttpFront(
  onRequest: RequestListener,
  connections: Connections,
  options: HttpOptions,
  onUpgrade?: (request: IncomingMessage, socket: Socket, first: Buffer) => void,
): HttpFront {
  const server = nodeModule("node:http").createServer({
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs,
    // A request has only a head, so both must be complete at the same time.
    requestTimeout: options.headersTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    // Its answer lacks what ours has.
    requireHostHeader: false,
  });
  const onHead = listenerOf(onRequest, connections);
  if (onUpgrade !== undefined) {
    server.on("upgrade", (request: IncomingMessage, _stream, first: Buffer) => {
      connections.release(request.socket);
      onUpgrade(request, request.socket, first);
    });
  }
  server.on("request", onHead);
  // Without this, Node asks for the body that we reject.
  server.on("checkContinue", onHead);
  server.on("checkExpectation", listenerOf(refuseExpectation, connections));
  // Not the stream that Node passes, which may be a wrapper of its own.
  server.on("connect", ({ socket }: IncomingMessage) =>
    refuse(socket, METHOD_NOT_ALLOWED, connections),
  );
  server.on("clientError", (error: ClientError, stream) => {
    // The connections of this server are sockets.
    const socket = stream as Socket;
    if (isTlsHello(error)) {
      options.log?.warn(TLS_ON_PLAIN_PORT);
      resetSocket(socket);
    } else refuse(socket, answerOf(error, options.maxHeaderBytes), connections);
  });
  // Node checks the time since it has the connection and since the begin of each later head; this, the
  // time since the accept.
  const expire = () => {
    for (const stream of connections.expire()) refuse(stream, REQUEST_TIMEOUT, connections);
  };
  const check = unref(setInterval(expire, CHECK_INTERVAL_MS));
  // This starts its own check of the timeouts.
  server.emit("listening");
  return {
    serve(stream) {
      connections.open(stream);
      server.emit("connection", stream);
    },
    close() {
      clearInterval(check);
      // It does not listen, and passes that as an error to its callback.
      server.close(() => {});
    },
  };
}

/** The answer to what is not a request. What tells them apart is loaded for the first. */
function answerOf(error: ClientError, maxHeaderBytes: number): MaybePromise<FixedAnswer> {
  // An error of the socket: nobody gets an answer.
  if (!/^(?:HPE|ERR_HTTP)_/.test(error.code ?? "")) return BAD_REQUEST;
  return import("./client-error.ts")
    .then(({ clientErrorAnswer }) => clientErrorAnswer(error, maxHeaderBytes))
    .catch(() => BAD_REQUEST);
}

/** Makes the listener that answers requests, and tells `connections` when each begins and ends. */
function listenerOf(answer: RequestListener, connections: Connections): RequestListener {
  return (request, response) => {
    const { socket } = request;
    if (!connections.begin(socket, response)) return;
    response.on("close", () => connections.end(socket, response));
    answer(request, response);
  };
}

/** Ends a connection with an answer to what is not a request, or not a whole one. */
function refuse(stream: Socket, answer: MaybePromise<FixedAnswer>, connections: Connections): void {
  const unfinished = connections.finish(stream, andThen(answer, farewellOf));
  if (unfinished === undefined) return;
  void andThen(answer, (given) => {
    // Meanwhile whoever waits for its rest has answered it.
    if (unfinished.headersSent) return;
    sendFixed(unfinished, { ...given, headers: { ...given.headers, Connection: "close" } });
  });
  // Whoever waits for its rest must not do so any longer; Node would never tell.
  unfinished.on("close", () => unfinished.req.destroy());
}

/** Loaded on use: few clients send what is not a request. */
async function farewellOf(answer: FixedAnswer): Promise<string> {
  const { bytesOf } = await import("./client-error.ts");
  return bytesOf(answer);
}

/** Whether the client has begun a TLS handshake (RFC 8446 §5.1): it can read no answer of ours. */
function isTlsHello({ rawPacket }: ClientError): boolean {
  return rawPacket?.[0] === 0x16 && rawPacket[1] === 3;
}

const TLS_ON_PLAIN_PORT = "A client that speaks TLS was cut off: this port speaks plain HTTP";

const refuseExpectation: RequestListener = (_request, response) =>
  sendFixed(response, EXPECTATION_FAILED);

const EXPECTATION_FAILED: FixedAnswer = {
  status: 417,
  text: "This expectation is not supported.\n",
};
