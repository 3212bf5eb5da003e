/**
 * One request to the hub, over its own socket. It is HTTP, so the answer is what a server sends: a status,
 * headers, and a body that is read no faster than the client reads.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Signal } from "../abort.ts";
import type { Body } from "../exposition/body.ts";
import { PAGE_HEADER } from "../http/request-head.ts";
import { nodeModule } from "../node.ts";
import type { ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";

/** The paths of a hub's socket. */
export const METRICS_PATH = "/metrics";
export const PAGE_PATH = "/page";
export const SLOTS_PATH = "/slots";

/** The header that names the client of a request that is passed on. */
export const CLIENT_HEADER = "promhttp-client";

/** An answer up to this size is read before any of it is sent: a hub that ends meanwhile costs nothing. */
const MAX_WHOLE_BYTES = 128 * 1_024;

/** A request to the hub. */
export interface HubRequest {
  readonly target: string;
  readonly method: "GET" | "HEAD";
  readonly headers: OutgoingHttpHeaders;
}

/** The answer of the hub. */
export type HubAnswer = Pick<ScrapeResponse, "status" | "headers" | "body">;

/** The request for a scrape of this process. */
export function hubRequestOf(path: string, request: ScrapeRequest): HubRequest {
  const { isHead, query, client } = request;
  return {
    target: query === "" ? path : `${path}?${query}`,
    method: isHead ? "HEAD" : "GET",
    headers: withoutAbsent({
      accept: request.accept,
      "accept-encoding": request.acceptEncoding,
      "x-prometheus-scrape-timeout-seconds": request.timeoutSeconds,
      "user-agent": client?.header("user-agent"),
      [CLIENT_HEADER]: client?.remoteAddress,
      [PAGE_HEADER]: request.isPage ? "1" : undefined,
    }),
  };
}

function withoutAbsent(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

/**
 * Asks the hub. The answer ends with the signal.
 *
 * @throws {TypeError} If no request can be made of what is asked.
 * @throws {Error} If the hub cannot be reached.
 */
export async function askHub(
  socketPath: string,
  asked: HubRequest,
  signal: Signal,
): Promise<HubAnswer> {
  const message = await send(socketPath, asked, signal);
  const { statusCode, headers } = message;
  const isShort = Number(headers["content-length"] ?? Number.NaN) <= MAX_WHOLE_BYTES;
  const body = isShort || asked.method === "HEAD" ? await wholeOf(message) : streamOf(message);
  // A hub sends no other status.
  return { status: statusCode as ScrapeResponse["status"], headers: endToEnd(message), body };
}

function send(
  socketPath: string,
  { target, method, headers }: HubRequest,
  signal: Signal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = nodeModule("node:http").request({
      ...{ socketPath, method, headers },
      path: target,
      // A connection that is kept would keep a hub from ending.
      agent: false,
    });
    const abort = () => request.destroy();
    signal.addEventListener("abort", abort);
    request.on("response", resolve);
    request.on("error", reject);
    request.on("close", () => {
      signal.removeEventListener("abort", abort);
      reject(new Error("The connection has ended"));
    });
    request.end();
  });
}

async function wholeOf(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body as it comes. The hub's connection is closed when nobody reads any more. */
function streamOf(message: IncomingMessage): Body {
  const chunks: AsyncIterator<Uint8Array> = message.iterator();
  return {
    async next() {
      const { done, value } = await chunks.next();
      return done ? undefined : [value];
    },
    stop: () => void message.destroy(),
  };
}

/** The headers that are of the answer, not of its connection; `http/` sets its length, and those of each. */
function endToEnd({ headers }: IncomingMessage): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!OF_CONNECTION.has(name) && value !== undefined) given[headerCase(name)] = String(value);
  }
  return given;
}

const OF_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "x-content-type-options",
]);

/** Mounts replace headers by their usual names: `Cache-Control`. */
function headerCase(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
