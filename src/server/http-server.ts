import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import { type FixedAnswer, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT } from "../http/fixed-answers.ts";
import { resetSocket } from "../http/reset.ts";
import { sendFixed } from "../http/send.ts";
import type { Log } from "../log.ts";
import { nodeModule } from "../node.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { unref } from "../timers.ts";
import { bytesOf, type ClientError, clientErrorAnswer, isTlsHello } from "./client-error.ts";
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
    if (isTlsHello(error)) refuseTls(socket, options.log);
    else refuse(socket, clientErrorAnswer(error, options.maxHeaderBytes), connections);
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
function refuse(stream: Socket, answer: FixedAnswer, connections: Connections): void {
  const unfinished = connections.finish(stream, bytesOf(answer));
  if (unfinished === undefined) return;
  const headers = { ...answer.headers, Connection: "close" };
  sendFixed(unfinished, { ...answer, headers });
  // Whoever waits for its rest must not do so any longer; Node would never tell.
  unfinished.on("close", () => unfinished.req.destroy());
}

function refuseTls(socket: Socket, log: HttpOptions["log"]): void {
  const client = socket.remoteAddress === undefined ? "" : ` from ${socket.remoteAddress}`;
  resetSocket(socket);
  log?.warn(`Refused a connection${client}: it speaks TLS, and this server plain HTTP`, {
    kind: "tls-on-plain-port",
  });
}

const refuseExpectation: RequestListener = (_request, response) =>
  sendFixed(response, EXPECTATION_FAILED);

const EXPECTATION_FAILED: FixedAnswer = {
  status: 417,
  text: "This expectation is not supported.\n",
};
