import { LightSignal, OVER } from "../abort.ts";
import { NOT_FOUND } from "../http/fixed-answers.ts";
import type { Gatherer } from "../model/gatherer.ts";
import { scraperTimeoutMs } from "../scrape/deadline.ts";
import type { Scrape, ScrapeRequest, ScrapeResponse } from "../scrape/exchange.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { CANNOT_JOIN, type Endpoint, type EndpointParts } from "./endpoint.ts";
import { createGroupEndpoint, type GroupEndpoint } from "./group-endpoint.ts";

/**
 * Joins a group of the application, with what something else listens for: a handler, or a further path.
 *
 * @param alone The endpoint of this process.
 */
export function joinGroup(
  parts: EndpointParts,
  alone: Endpoint,
  where: Parameters<typeof createGroupEndpoint>[2],
): Endpoint {
  const group = createGroupEndpoint(parts, alone, where);
  const joined = group.join({ open: async () => undefined, shut: async () => {} });
  const joining = joined.then(() => group);
  return createLateEndpoint(parts, alone, joining);
}

/**
 * Makes the endpoint of a process that gets requests before it has joined its group: they wait, each
 * within its deadline. When it is closed, it leaves the group, and answers for this process alone.
 *
 * @param alone The endpoint of this process.
 * @param joining Resolves with the endpoint of the group; if it rejects, this process is alone.
 */
export function createLateEndpoint(
  { options, log }: Pick<EndpointParts, "options" | "log">,
  alone: Endpoint,
  joining: Promise<GroupEndpoint>,
): Endpoint {
  const waiting = createScrapeHandler(NEVER, { ...options, onScrape: undefined }, log);
  let current: Endpoint | undefined;
  const joined = joining.catch((error: unknown) => {
    log.error(CANNOT_JOIN, error);
    return undefined;
  });
  const ready = joined.then((endpoint): Endpoint => {
    waiting.close();
    current ??= endpoint ?? alone;
    return current;
  });

  const scrapeLater = async (
    name: "scrape" | "page",
    request: ScrapeRequest,
  ): Promise<ScrapeResponse | undefined> => {
    const startedAt = performance.now();
    const late = await waitFor(ready, waiting.scrape, request);
    if (late !== undefined || request.signal.aborted) return late;
    const limitMs = scraperTimeoutMs(request.timeoutSeconds, options.timeoutMs);
    const restMs = limitMs - (performance.now() - startedAt);
    const endpoint = await ready;
    return endpoint[name]({ ...request, timeoutSeconds: String(restMs / 1_000) });
  };
  const scrapeAs =
    (name: "scrape" | "page"): Scrape =>
    (request) =>
      current === undefined ? scrapeLater(name, request) : current[name](request);

  return {
    scrape: scrapeAs("scrape"),
    page: scrapeAs("page"),
    targets: async (head, own) => (await ready).targets?.(head, own) ?? NOT_FOUND,
    update: async (work) => (await ready).update(work),
    setFailing: (message) => void ready.then((endpoint) => endpoint.setFailing(message)),
    setOk: () => void ready.then((endpoint) => endpoint.setOk()),
    setReady: alone.setReady,
    isReady: alone.isReady,
    further: alone.further,
    async close() {
      current = alone;
      await alone.close();
      const endpoint = await joined;
      await endpoint?.leave();
      await endpoint?.close();
    },
  };
}

/** Gathers until its scrape is over. So a scrape that waits too long is answered as any that is late. */
const NEVER: Gatherer = {
  gather: ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
};

/** Waits for `ready`; returns what to answer when the deadline of the request passes first. */
async function waitFor(
  ready: Promise<unknown>,
  waiting: Scrape,
  request: ScrapeRequest,
): Promise<ScrapeResponse | undefined> {
  const signal = new LightSignal();
  const disconnect = () => signal.abort(request.signal.reason);
  request.signal.addEventListener("abort", disconnect);
  if (request.signal.aborted) disconnect();
  let isLate = false;
  void ready.then(() => {
    if (!isLate) signal.abort(OVER);
  });
  // HEAD would not wait.
  const answer = await waiting({ ...request, isHead: false, signal });
  isLate = answer !== undefined;
  return answer;
}
