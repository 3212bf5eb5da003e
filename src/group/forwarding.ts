/**
 * Forwards scrapes to the hub, over its own socket, and returns what that answers. Whoever has received a
 * scrape has authorised it.
 *
 * While the hub changes, a request is tried again for a second, as long as no part of an answer has come.
 */
import { LightSignal, type Signal } from "../abort.ts";
import type { Log } from "../log.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { Alarm } from "../scrape/alarm.ts";
import { startDeadline, startScraperDeadline, startSending } from "../scrape/deadline.ts";
import type { Scrape, ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";
import {
  askHub,
  type HubAnswer,
  type HubRequest,
  hubRequestOf,
  SLOTS_PATH,
} from "./hub-request.ts";
import { pause } from "./waiting.ts";

/** How long a hub is looked for, and how often, in milliseconds. */
const RETRY_MS = 1_000;
const RETRY_PAUSE_MS = 30;

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
      const question: HubRequest = { target: SLOTS_PATH, method: "GET", headers: {} };
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
      const given = await this.#ask(hubRequestOf(path, request), deadline.signal);
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
  async #ask(request: HubRequest, signal: Signal): Promise<HubAnswer> {
    const until = performance.now() + RETRY_MS;
    for (;;) {
      try {
        return await askHub(this.#context.socketPath(), request, signal);
      } catch (error) {
        signal.throwIfAborted();
        // No hub can be sent a request that cannot be made.
        if (error instanceof TypeError || performance.now() >= until) throw error;
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
