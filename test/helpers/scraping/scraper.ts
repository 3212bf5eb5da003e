import { type Body, chunksOf } from "../../../src/exposition/body.ts";
import { createLog } from "../../../src/log.ts";
import type { Gatherer } from "../../../src/model/gatherer.ts";
import type { ServerOptions } from "../../../src/options/options.ts";
import { resolveOptions } from "../../../src/options/rules.ts";
import type { ScrapeRequest } from "../../../src/scrape/exchange.ts";
import { createScrapeHandler } from "../../../src/scrape/scrape.ts";

/** What a scrape answered, with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A scrape handler without HTTP. */
export interface Scraper {
  scrape(request?: Partial<ScrapeRequest>): Promise<Answer>;
  /** What was logged. */
  readonly log: readonly string[];
}

/** Makes a scraper of a gatherer, without metrics of its own unless `options` say so. */
export function createScraper(gatherer: Gatherer, options: ServerOptions = {}): Scraper {
  const log: string[] = [];
  const logger = {
    error: (line: string) => log.push(line),
    warn: (line: string) => log.push(line),
  };
  const { scrape } = createScrapeHandler(
    gatherer,
    resolveOptions({ selfMetrics: false, ...options }),
    createLog(logger),
  );
  return {
    log,
    async scrape(request = {}) {
      const response = await scrape({ ...PLAIN_REQUEST, ...request });
      if (response === undefined) throw new Error(`The scrape was not answered: ${log.join("\n")}`);
      const { status, headers } = response;
      try {
        const body = await collect(response.body);
        response.end();
        return { status, headers, body };
      } catch (error) {
        response.end(error);
        throw error;
      }
    },
  };
}

const PLAIN_REQUEST: ScrapeRequest = {
  isHead: false,
  query: "",
  accept: undefined,
  acceptEncoding: undefined,
  timeoutSeconds: undefined,
  signal: new AbortController().signal,
};

async function collect(body: Body): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  // A chunk may be used again after the next one was asked for.
  for await (const chunk of chunksOf(body)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
