import { once } from "node:events";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** A response with its whole body, as it came: nothing is decompressed. */
export interface HttpAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Sends a request without a body and with no headers but `headers`, on a connection of its own. */
export async function httpGet(
  url: string,
  headers: RequestOptions["headers"] = {},
  method: "GET" | "HEAD" = "GET",
): Promise<HttpAnswer> {
  const [response]: [IncomingMessage] = await openGet(url, headers, method);
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

function openGet(url: string, headers: RequestOptions["headers"], method: string) {
  const outgoing = request(url, { method, agent: false, ...(headers && { headers }) });
  outgoing.end();
  // What `once` resolves with is what the event has: here one response.
  return once(outgoing, "response") as Promise<[IncomingMessage]>;
}
