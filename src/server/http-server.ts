import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import { type FixedAnswer, METHOD_NOT_ALLOWED, REQUEST_TIMEOUT } from "../http/fixed-answers.ts";
import { sendFixed } from "../http/send.ts";
import { nodeModule } from "../node.ts";
import type { ResolvedOptions } from "../options/options.ts";
import { unref } from "../timers.ts";
import { bytesOf, type ClientError, clientErrorAnswer } from "./client-error.ts";
import type { Connections } from "./connections.ts";

/** How often deadlines are checked, in milliseconds. */
const CHECK_INTERVAL_MS = 1_000;

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
 */
export function createHttpFront(
  onRequest: RequestListener,
  connections: Connections,
  options: Pick<ResolvedOptions, "headersTimeoutMs" | "keepAliveTimeoutMs" | "maxHeaderBytes">,
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
  const listenerOf =
    (answer: RequestListener): RequestListener =>
    (request, response) => {
      const { socket } = request;
      if (!connections.begin(socket, response)) return;
      response.on("close", () => connections.end(socket, response));
      answer(request, response);
    };
  const refuse = (stream: Socket, answer: FixedAnswer): void => {
    const unfinished = connections.finish(stream, bytesOf(answer));
    if (unfinished === undefined) return;
    const headers = { ...answer.headers, Connection: "close" };
    sendFixed(unfinished, { ...answer, headers });
    // Whoever waits for its rest must not do so any longer; Node would never tell.
    unfinished.on("close", () => unfinished.req.destroy());
  };
  const onHead = listenerOf(onRequest);
  server.on("request", onHead);
  // Without this, Node asks for the body that we reject.
  server.on("checkContinue", onHead);
  server.on(
    "checkExpectation",
    listenerOf((_request, response) => sendFixed(response, EXPECTATION_FAILED)),
  );
  // Not the stream that Node passes, which may be a wrapper of its own.
  server.on("connect", ({ socket }: IncomingMessage) => refuse(socket, METHOD_NOT_ALLOWED));
  server.on("clientError", (error: ClientError, stream) => {
    // The connections of this server are sockets.
    refuse(stream as Socket, clientErrorAnswer(error, options.maxHeaderBytes));
  });
  // Node checks the time since it has the connection and since the begin of each later head; this, the
  // time since the accept.
  const check = setInterval(() => {
    for (const stream of connections.expire()) refuse(stream, REQUEST_TIMEOUT);
  }, CHECK_INTERVAL_MS);
  unref(check);
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

const EXPECTATION_FAILED: FixedAnswer = {
  status: 417,
  text: "This expectation is not supported.\n",
};
