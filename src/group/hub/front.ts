/**
 * What a hub's own socket answers: HTTP for those that pass on a scrape, and members, which come by an
 * upgrade. It asks for nothing, because only processes of this user can connect to it; whoever passes on a
 * scrape has checked before who asks.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { type FixedAnswer, NOT_FOUND } from "../../http/fixed-answers.ts";
import { answerScrape, headOf } from "../../http/node.ts";
import { CANNOT_ANSWER, fixedAnswerOf, type RequestHead } from "../../http/request-head.ts";
import { resetResponse } from "../../http/reset.ts";
import { sendFixed } from "../../http/send.ts";
import type { Log } from "../../log.ts";
import type { Scrape } from "../../scrape/exchange.ts";
import { Connections } from "../../server/connections.ts";
import { createHttpFront } from "../../server/http-server.ts";
import { CLIENT_HEADER, METRICS_PATH, PAGE_PATH, SLOTS_PATH } from "../hub-request.ts";
import { UPGRADE } from "../messages.ts";

/** What a hub answers. */
export interface FrontContext {
  readonly scrape: Scrape;
  readonly page: Scrape;
  readonly slots: () => readonly number[];
  /** Takes the connection of a member. */
  readonly onMember: (socket: Socket) => void;
  readonly log: Log;
}

/** What a hub's socket answers, until it is closed. */
export interface Front {
  close(): void;
}

/** Members do not count towards these limits, except while they connect. */
const LIMITS = {
  maxConnections: 2_048,
  headersTimeoutMs: 5_000,
  keepAliveTimeoutMs: 5_000,
  maxHeaderBytes: 128 * 1_024,
  // The port of the server decides whether the process may exit.
  unref: true,
};

/** Answers what comes over a hub's socket. */
export function openFront(server: Server, context: FrontContext): Front {
  const connections = new Connections(LIMITS);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    response.on("error", () => {});
    try {
      answer(request, response, context);
    } catch (error) {
      context.log.error(CANNOT_ANSWER, error);
      resetResponse(response);
    }
  };
  const onUpgrade = (request: IncomingMessage, socket: Socket, first: Buffer) => {
    if (request.headers.upgrade !== UPGRADE) {
      socket.destroy();
      return;
    }
    socket.write(SWITCHING);
    if (first.length > 0) socket.unshift(first);
    context.onMember(socket);
  };
  const http = createHttpFront(onRequest, connections, LIMITS, onUpgrade);
  const onConnection = (socket: Socket) => {
    if (connections.accept(socket)) http.serve(socket);
  };
  server.on("connection", onConnection);
  return {
    close() {
      server.off("connection", onConnection);
      http.close();
      connections.destroy();
    },
  };
}

const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${UPGRADE}\r\n\r\n`;

function answer(request: IncomingMessage, response: ServerResponse, context: FrontContext): void {
  const head = withClient(headOf(request));
  const fixed = fixedAnswerOf(head, undefined);
  const [path] = head.target.split("?", 1);
  if (fixed !== undefined) sendFixed(response, fixed);
  else if (path === METRICS_PATH) void answerScrape(request, response, head, context.scrape);
  else if (path === PAGE_PATH) void answerScrape(request, response, head, context.page);
  else sendFixed(response, path === SLOTS_PATH ? slotsAnswer(context) : NOT_FOUND);
}

/** The client is that of the process that passes its request on. */
function withClient(head: RequestHead): RequestHead {
  const { method, target } = head;
  const remoteAddress = head.header(CLIENT_HEADER);
  return { method, target, remoteAddress, header: (name) => head.header(name) };
}

function slotsAnswer({ slots }: FrontContext): FixedAnswer {
  return { status: 200, text: JSON.stringify(slots()) };
}
