import type { FurtherPaths } from "../http/routes.ts";
import type { About, Log } from "../log.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { createEndpoint, type EndpointParts, type OwnEndpoint } from "./endpoint.ts";
import type { ServedPaths } from "./served-paths.ts";

/**
 * Makes the endpoint of a gatherer, and with it one for each further path.
 *
 * Each path is a target of its own: it gathers, limits and counts on its own. What the application declares
 * holds for all of them, an update keeps all of them waiting, and they share the memory for kept bytes.
 */
export function createEndpoints(parts: EndpointParts, served: ServedPaths): OwnEndpoint {
  const links = Array.from(served.keys(), (path) => ({ path }));
  const main = createEndpoint({ ...parts, paths: [...parts.paths, ...links] });
  const { options, log } = parts;
  const further = new Map<string, Scrape>();
  const closing = [main.close];
  for (const [path, { gatherer }] of served) {
    const context = { beside: main.parts };
    const { scrape, close } = createScrapeHandler(gatherer, options, logAt(path, log), context);
    further.set(path, scrape);
    closing.push(close);
  }
  return { ...main, further: further satisfies FurtherPaths, close: () => callAll(closing) };
}

function callAll(functions: readonly (() => void)[]): void {
  for (const call of functions) call();
}

/** Makes a log of one path: its lines name the path, and a fault of another path is another fault. */
export function logAt(path: string, log: Log): Log {
  const at = (text: string) => `${path}: ${text}`;
  const about = (message: string, given: About = { kind: message }): About => ({
    ...given,
    kind: at(given.kind),
    fields: { ...given.fields, path },
    ...(given.again !== undefined && { again: at(given.again) }),
  });
  return {
    error: (message, error, given) => log.error(at(message), error, about(message, given)),
    warn: (message, given) => log.warn(at(message), about(message, given)),
    fault: (message, given) => log.fault(at(message), about(message, given)),
    note: (message) => log.note(at(message)),
    settled: (kind, isFailing) => log.settled(at(kind), isFailing),
  };
}
