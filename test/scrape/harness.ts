import type { Signal } from "../../src/abort.ts";
import { chunksOf } from "../../src/exposition/body.ts";
import { createLog, type Log } from "../../src/log.ts";
import type { Gatherer } from "../../src/model/gatherer.ts";
import type { ServerOptions } from "../../src/options/options.ts";
import { resolveOptions } from "../../src/options/rules.ts";
import type { ScrapeRequest, ScrapeResponse } from "../../src/scrape/exchange.ts";
import { createScrapeHandler, type ScrapeHandler } from "../../src/scrape/scrape.ts";
import { createGate } from "../helpers/gate.ts";

/** A response as it was sent. */
export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Whether it was sent in chunks, its length not known beforehand. */
  readonly isStream: boolean;
  /** Whether it was cut off before its end. */
  readonly isCut: boolean;
}

/** Sends a response; it rejects when the response could not be sent. */
export type Send = (response: ScrapeResponse, signal: Signal) => Promise<void>;

/** A scrape handler under test. */
export interface Harness extends ScrapeHandler {
  /** Scrapes with `send` instead of a socket, and ends the response. */
  run(request: Partial<ScrapeRequest>, send: Send): Promise<void>;
  /** Scrapes; `undefined` when nothing was answered. */
  get(request?: Partial<ScrapeRequest>): Promise<Sent | undefined>;
  /** Scrapes, and gives the value of a series of its text. */
  sample(series: string): Promise<number | undefined>;
  readonly log: Log;
  /** What was logged, with stacks and all. */
  readonly logged: string[];
}

const REQUEST: Omit<ScrapeRequest, "signal"> = {
  isHead: false,
  query: "",
  accept: undefined,
  acceptEncoding: undefined,
  timeoutSeconds: undefined,
};

/** Makes a scrape handler under test. */
export function createHarness(gatherer: Gatherer, options: ServerOptions = {}): Harness {
  const logged: string[] = [];
  const log = createLog({
    error: (message, { err } = {}) => logged.push(`error ${message}${stackOf(err)}`),
    warn: (message) => logged.push(`warn ${message}`),
    info: (message) => logged.push(`info ${message}`),
  });
  const handler = createScrapeHandler(gatherer, resolveOptions(options), log, {
    connections: () => 3,
    hasPage: true,
  });
  return { ...handler, ...scraperOf(handler), log, logged };
}

/** Makes a scraper of a scrape handler. */
export function scraperOf(
  handler: Pick<ScrapeHandler, "scrape">,
): Pick<Harness, "run" | "get" | "sample"> {
  const run: Harness["run"] = async (request, send) => {
    const { signal } = new AbortController();
    const given = handler.scrape({ ...REQUEST, signal, ...request });
    const response = given instanceof Promise ? await given : given;
    if (response === undefined) return;
    try {
      await send(response, response.signal);
      response.end();
    } catch (error) {
      response.end(error);
    }
  };
  const get: Harness["get"] = async (request = {}) => {
    const reader = createReader();
    await run(request, reader.send);
    return reader.sent();
  };
  return {
    run,
    get,
    sample: async (series) => valueIn((await get())?.text, series),
  };
}

function stackOf(err: unknown): string {
  const { stack } = (err ?? {}) as { stack?: string };
  return stack === undefined ? "" : `\n${stack}`;
}

/** Finds the value of a series in a text. */
export function valueIn(text: string | undefined, series: string): number | undefined {
  const line = text?.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** What reads a response instead of a client. */
export interface Reader {
  readonly send: Send;
  /** What it has read. */
  sent(): Sent | undefined;
}

/** Makes a reader; `afterChunk` is awaited after each chunk, as a slow socket would be. */
export function createReader(afterChunk: () => Promise<void> | void = () => {}): Reader {
  let sent: Sent | undefined;
  const add = (part: Partial<Sent>) => {
    if (sent !== undefined) sent = { ...sent, ...part };
  };
  const send: Send = async ({ status, headers, body }, signal) => {
    const isStream = !(body instanceof Uint8Array);
    sent = { status, headers, text: "", isStream, isCut: false };
    try {
      for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body)) {
        signal.throwIfAborted();
        add({ text: `${sent?.text}${Buffer.from(chunk)}` });
        if (chunk.length > 0) await afterChunk();
      }
    } catch (error) {
      add({ isCut: true });
      throw error;
    }
  };
  return { send, sent: () => sent };
}

/** A reader that has stopped after its first chunk. */
export interface SlowReader extends Reader {
  /** Resolves when it has stopped. */
  readonly stopped: Promise<void>;
  goOn(): void;
}

/** Makes a reader that stops after its first chunk until it is told to go on. */
export function createSlowReader(): SlowReader {
  const [stop, go] = [createGate(), createGate()];
  const { send, sent } = createReader(() => {
    stop.open();
    return go.promise;
  });
  return { send, sent, stopped: stop.promise, goOn: go.open };
}
