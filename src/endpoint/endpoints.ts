import type { About, Log } from "../log.ts";
import { createListJoiner } from "../model/identity.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { PageLink, Scrape } from "../scrape/exchange.ts";
import { createScrapeHandler } from "../scrape/scrape.ts";
import { createEndpoint, type EndpointParts, type OwnEndpoint } from "./endpoint.ts";
import type { Probes } from "./probes.ts";
import type { ServedPaths } from "./served-paths.ts";

/**
 * Makes the endpoint of a gatherer, and with it what answers at each further path.
 *
 * Each path is a target of its own: it gathers, limits and counts on its own. What the application declares
 * holds for all of them, an update keeps all of them waiting, and they share the memory for kept bytes. What
 * is counted at the paths of probes is served with the main one: a probe's answer is about its target.
 *
 * @throws {RangeError} When a rule of a probe cannot be read.
 */
export async function createEndpoints(
  parts: EndpointParts,
  served: ServedPaths,
): Promise<OwnEndpoint> {
  const { options, log } = parts;
  let probes: Probes | undefined;
  const join = createListJoiner<MetricFamily>();
  const main = createEndpoint({
    ...parts,
    paths: [...parts.paths, ...linksTo(served)],
    furtherFamilies: () => join(parts.furtherFamilies?.() ?? NONE, probes?.families ?? NONE),
  });
  const further = new Map<string, Scrape>();
  const closing = [main.close];
  for (const [path, gatherer] of served.gatherers) {
    const handler = createScrapeHandler(gatherer, options, logAt(path, log), {
      beside: main.parts,
    });
    further.set(path, handler.scrape);
    closing.push(handler.close);
  }
  if (served.probes.size > 0) {
    const { createProbes } = await import("./probes.ts");
    const { status, lock } = main.parts;
    const probeParts = { options, status, lock, logAt: (path: string) => logAt(path, log) };
    probes = createProbes(served.probes, probeParts);
    for (const [path, scrape] of probes.scrapes) further.set(path, scrape);
    closing.push(probes.close);
  }
  const close = () => {
    for (const closeOne of closing) closeOne();
  };
  return { ...main, further, close };
}

const NONE: readonly never[] = [];

/** What the page links to. */
function linksTo({ gatherers, probes }: ServedPaths): readonly PageLink[] {
  return [
    ...Array.from(gatherers.keys(), (path) => ({ path })),
    ...Array.from(probes, ([path, probe]) => ({ path, probe })),
  ];
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
