import { type About, createLog, type Log } from "../log.ts";
import { createListJoiner } from "../model/identity.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Controls } from "../options/options.ts";
import type { PageLink } from "../scrape/exchange.ts";
import { createEndpoint, type Endpoint, type EndpointParts, type OwnEndpoint } from "./endpoint.ts";
import type { Probes } from "./probes.ts";
import type { ServedPaths } from "./served-paths.ts";

/** The endpoint of a main path, and what it is made of beside the further ones. */
export interface Endpoints {
  readonly main: OwnEndpoint;
  /** What an endpoint needs that answers at the main path, too, for all workers of a group. */
  readonly parts: EndpointParts;
  /** Passes what the application declares on to the further paths: a group tells its main path itself. */
  readonly controls: Pick<Controls, "setFailing" | "setOk">;
}

/** Makes the endpoint of a further path. */
type OpenAt = (parts: EndpointParts) => Endpoint;

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
  given: EndpointParts,
  served: ServedPaths,
  openAt: OpenAt = createEndpoint,
): Promise<Endpoints> {
  const { options, log } = given;
  let probes: Probes | undefined;
  const join = createListJoiner<MetricFamily>();
  const parts = {
    ...given,
    paths: [...given.paths, ...linksTo(served)],
    furtherFamilies: () => join(given.furtherFamilies?.() ?? NONE, probes?.families ?? NONE),
  };
  const main = createEndpoint(parts);
  const { status, lock, exposer } = main.parts;
  const shared = { lock, store: exposer.store };
  if (served.probes.size > 0) {
    const { createProbes } = await import("./probes.ts");
    // Faults that a log tells apart are bounded, and targets are the client's: they must not hide others.
    const logOf = (path: string) => logAt(path, createLog(options.logger));
    const probesParts = { options, status, lock, logAt: logOf };
    probes = createProbes(served.probes, probesParts);
  }
  const endpoints = Array.from(served.gatherers, ([path, gatherer]) => {
    const { application } = given;
    const own = { gatherer, path, paths: [], log: logAt(path, log), application };
    return { path, ...openAt({ ...own, options, status, ...shared }) };
  });
  const scrapes = endpoints.map(({ path, scrape }) => [path, scrape] as const);
  const forwarded = served.forwarded?.map(({ link, scrape }) => [link.path, scrape] as const) ?? [];
  const further = new Map([...scrapes, ...(probes?.scrapes ?? []), ...forwarded]);
  const close = async () => {
    probes?.close();
    await Promise.all([main, ...endpoints].map((endpoint) => endpoint.close()));
  };
  return {
    main: { ...main, further, close },
    parts: { ...parts, ...shared },
    controls: {
      setFailing(message) {
        for (const { setFailing } of endpoints) setFailing(message);
        status.isFailing = true;
      },
      setOk() {
        for (const { setOk } of endpoints) setOk();
        status.isFailing = false;
      },
    },
  };
}

const NONE: readonly never[] = [];

/** What the page links to. */
function linksTo({ gatherers, probes, forwarded = NONE }: ServedPaths): readonly PageLink[] {
  return [
    ...Array.from(gatherers.keys(), (path) => ({ path })),
    ...Array.from(probes, ([path, probe]) => ({ path, probe })),
    ...forwarded.map(({ link }) => link),
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
