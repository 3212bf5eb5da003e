import { parseHead, parseResponse, type RawResponse } from "../../helpers/http/parse-response.ts";
import { RawConnection } from "../../helpers/http/raw-connection.ts";
import { request } from "../../helpers/http/raw-request.ts";
import type { Client, ClientResponse, Exchange } from "./client.ts";

/** Connects to a port of the loopback. */
export async function connectHttp1(port: number): Promise<Client> {
  const connection = await new RawConnection(port).opened();
  return {
    async send({ method = "GET", query = "", headers = {}, body = "" } = {}) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      await connection.send(request(`/metrics${query}`, { method, headers: lines }) + body);
      return exchangeOf(connection, method === "HEAD");
    },
    close: () => connection.socket.destroy(),
  };
}

function exchangeOf(connection: RawConnection, isHead: boolean): Exchange {
  const { socket } = connection;
  return {
    received: (bytes) =>
      connection.until("some of the body", () => connection.received.length > bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    leave: () => void socket.destroy(),
    response: () => responseOf(connection, isHead),
  };
}

async function responseOf(connection: RawConnection, isHead: boolean): Promise<ClientResponse> {
  let whole: RawResponse | undefined;
  let isChunked: boolean | undefined;
  await connection.until("the end of the response", () => {
    isChunked ??= saysChunked(connection.received);
    // To parse each piece of a long response would take too long.
    const mayBeWhole = !isChunked || connection.tail === LAST_CHUNK;
    if (mayBeWhole) whole = parseResponse(connection.received, isHead);
    return whole !== undefined;
  });
  const head = whole ?? parseHead(connection.received);
  if (head === undefined) throw new Error("The connection was closed without a response");
  const { status, headers } = head;
  const body = Buffer.from(whole?.body ?? connection.received.slice(head.head.length), "latin1");
  connection.received = whole?.rest ?? "";
  return { status, headers, body, isComplete: whole !== undefined };
}

const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Whether a body is in chunks; `undefined` while the head is incomplete. */
function saysChunked(text: string): boolean | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  return /^transfer-encoding: chunked\r$/im.test(text.slice(0, end + 2));
}
