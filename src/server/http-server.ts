import type { Server as HttpServer, RequestListener } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { resetSocket } from "../http/reset.ts";
import { nodeModule } from "../node.ts";
import type { ResolvedOptions } from "../options/options.ts";
import type { Connections } from "./connections.ts";

/** How often the timeouts of the headers are checked. */
const CHECK_INTERVAL_MS = 1_000;

/**
 * Makes the HTTP server: it bounds what a client may send and how long that may take, hands its
 * connections to `connections`, and answers what is not HTTP.
 */
export function createHttpServer(
  onRequest: RequestListener,
  connections: Connections,
  options: Pick<
    ResolvedOptions,
    "headersTimeoutMs" | "keepAliveTimeoutMs" | "maxHeaderBytes" | "unref"
  >,
): HttpServer {
  const server = nodeModule("node:http").createServer({
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: options.headersTimeoutMs,
    // A request has only a head, so both must be complete at the same time.
    requestTimeout: options.headersTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  });
  const onHead: RequestListener = (request, response) => {
    const { socket } = request;
    if (!connections.begin(socket)) return;
    response.on("close", () => connections.end(socket));
    onRequest(request, response);
  };
  const refuse = (stream: Duplex, status: string): void => {
    // The connections of a plain HTTP server are sockets.
    const socket = stream as Socket;
    socket.on("error", () => {});
    // Another answer would end up in the middle of the one under way.
    if (connections.isAnswering(socket)) resetSocket(socket);
    else endWith(socket, status);
  };
  server.on("request", onHead);
  // Without this, Node asks for the body that we reject.
  server.on("checkContinue", onHead);
  server.on("connect", (_request, socket) => refuse(socket, BAD_REQUEST));
  server.on("clientError", (error: Error & { code?: string }, socket) =>
    refuse(socket, CLIENT_ERRORS[error.code ?? ""] ?? BAD_REQUEST),
  );
  server.on("connection", (socket) => connections.accept(socket));
  if (options.unref) server.unref();
  return server;
}

function endWith(socket: Socket, status: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

const BAD_REQUEST = "400 Bad Request";

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};
