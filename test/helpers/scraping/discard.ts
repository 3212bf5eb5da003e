import { chunksOf } from "../../../src/exposition/body.ts";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import { createLog } from "../../../src/log.ts";
import type { Registry } from "../../../src/model/gatherer.ts";
import { resolveOptions } from "../../../src/options/rules.ts";
import { createScrapeHandler } from "../../../src/scrape/scrape.ts";

const REQUEST = {
  isHead: false,
  query: "",
  accept: undefined,
  acceptEncoding: undefined,
  timeoutSeconds: undefined,
};

/** Makes a function that scrapes a registry as text, and counts the bytes of the body. */
export function createDiscardingScrape(registry: Registry): () => Promise<number> {
  const options = resolveOptions({ selfMetrics: false });
  const { scrape } = createScrapeHandler(gathererOf(registry), options, createLog(console));
  return async () => {
    let bytes = 0;
    const response = await scrape({ ...REQUEST, signal: new AbortController().signal });
    if (response === undefined) throw new Error("The scrape was not answered");
    const { body } = response;
    for await (const chunk of body instanceof Uint8Array ? [body] : chunksOf(body))
      bytes += chunk.length;
    response.end();
    return bytes;
  };
}
