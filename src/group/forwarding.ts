/**
 * Passes scrapes on to the hub, over its own socket, and its answers back: status, headers and body, which is
 * read no faster than the client reads. Whoever has the request has checked who asks.
 *
 * While the hub changes, a request is tried again for a second, as long as nothing of an answer is there.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { LightSignal, type Signal } from "../abort.ts";
import type { Body } from "../exposition/body.ts";
import type { Log } from "../log.ts";
import { nodeModule } from "../node.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { Alarm } from "../scrape/alarm.ts";
import { startDeadline, startScraperDeadline, startSending } from "../scrape/deadline.ts";
import type { Scrape, ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";
import { pause } from "./waiting.ts";

/** The paths of a hub's socket. */
export const METRICS_PATH = "/metrics";
export const PAGE_PATH = "/page";
export const SLOTS_PATH = "/slots";

/** The header that names the client of a request that is passed on. */
export const CLIENT_HEADER = "promhttp-client";

/** The header by which our page tells its own scrapes from those of a scraper. */
const PAGE_HEADER = "promhttp-page";

/** How long a hub is looked for, and how often, in milliseconds. */
const RETRY_MS = 1_000;
const RETRY_PAUSE_MS = 30;

/** An answer up to this size is read before any of it is sent: a hub that ends meanwhile costs nothing. */
const MAX_WHOLE_BYTES = 128 * 1_024;

/** How long sending the answer of a failure may take, in milliseconds. */
const FAILURE_MS = 1_000;

/** What a forwarder is made of. */
export interface ForwardingContext {
  readonly options: Pick<
    ResolvedHandlerOptions,
    "timeoutMs" | "timeoutOffsetMs" | "maxRequestsInFlight"
  >;
  readonly log: Log;
  /** The path of the hub's socket. */
  readonly socketPath: () => string;
}

/** Passes requests on to the hub. */
export class Forwarder {
  readonly #context: ForwardingContext;
  readonly #alarm = new Alarm();
  #inFlight = 0;

  constructor(context: ForwardingContext) {
    this.#context = context;
  }

  /** Makes a function that answers as the hub does at a path of its socket. */
  scrapeOf(path: string): Scrape {
    return (request) => this.#answer(path, request);
  }

  /**
   * Reads the slots of all workers.
   *
   * @returns `undefined` while there is no hub.
   */
  async slots(): Promise<readonly number[] | undefined> {
    const deadline = startDeadline(2 * RETRY_MS, new LightSignal(), this.#alarm);
    try {
      const question: Asked = { target: SLOTS_PATH, method: "GET", headers: {} };
      const { body } = await this.#ask(question, deadline.signal);
      const slots: unknown = JSON.parse(Buffer.from(body as Uint8Array).toString());
      return Array.isArray(slots) ? slots : undefined;
    } catch {
      return undefined;
    } finally {
      deadline.clear();
    }
  }

  close(): void {
    this.#alarm.close();
  }

  async #answer(path: string, request: ScrapeRequest): Promise<ScrapeResponse | undefined> {
    const { options, log } = this.#context;
    if (this.#inFlight >= options.maxRequestsInFlight) return this.#refusal(BUSY, request);
    this.#inFlight++;
    const { timeoutSeconds, signal: client } = request;
    const deadline = startScraperDeadline(timeoutSeconds, options, client, this.#alarm);
    try {
      const given = await this.#ask(askedBy(path, request), deadline.signal);
      deadline.throwIfOver();
      deadline.startBody();
      log.settled(UNREACHABLE.kind);
      const sending = startSending(deadline, () => {
        this.#inFlight--;
      });
      return { ...given, ...sending };
    } catch (error) {
      this.#inFlight--;
      deadline.clear();
      if (client.aborted) return undefined;
      log.error("Cannot reach the worker that answers for all", error, UNREACHABLE);
      return this.#refusal(NO_HUB, request);
    }
  }

  /** Asks the hub, and any that follows it within a second. */
  async #ask(asked: Asked, signal: Signal): Promise<Given> {
    const until = performance.now() + RETRY_MS;
    for (;;) {
      try {
        return await askOnce(this.#context.socketPath(), asked, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() >= until || !isTransient(error)) throw error;
      }
      await pause(RETRY_PAUSE_MS, signal);
      signal.throwIfAborted();
    }
  }

  #refusal(text: string, { signal: client }: ScrapeRequest): ScrapeResponse {
    const deadline = startDeadline(FAILURE_MS, client, this.#alarm);
    return { status: 503, headers: REFUSAL, body: Buffer.from(text), ...startSending(deadline) };
  }
}

const BUSY = "Too many scrapes at once. Try again in a moment.\n";
const NO_HUB = "The worker that answers for all cannot be reached. Try again in a moment.\n";

const REFUSAL = {
  "Content-Type": "text/plain; charset=utf-8",
  "Cache-Control": "no-store",
  "Retry-After": "1",
};

const UNREACHABLE = { kind: "hub", again: "The worker that answers for all can be reached again" };

/** A request to the hub. */
interface Asked {
  readonly target: string;
  readonly method: "GET" | "HEAD";
  readonly headers: OutgoingHttpHeaders;
}

/** The answer of the hub. */
type Given = Pick<ScrapeResponse, "status" | "headers" | "body">;

function askedBy(path: string, request: ScrapeRequest): Asked {
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

/** Asks once. From here on, the answer ends with the signal. */
async function askOnce(socketPath: string, asked: Asked, signal: Signal): Promise<Given> {
  const message = await send(socketPath, asked, signal);
  const { statusCode, headers } = message;
  const isShort = Number(headers["content-length"] ?? Number.NaN) <= MAX_WHOLE_BYTES;
  const body = isShort || asked.method === "HEAD" ? await wholeOf(message) : streamOf(message);
  // The hub is one of ours: it has no others.
  return { status: statusCode as ScrapeResponse["status"], headers: endToEnd(message), body };
}

function send(
  socketPath: string,
  { target, method, headers }: Asked,
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

/** Whether another hub may answer: what a request cannot be made of, it never will. */
function isTransient(error: unknown): boolean {
  return !(error instanceof TypeError);
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
