import type { Log } from "../log.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Probe } from "../model/probe.ts";
import { checkProbe } from "../options/probe-rules.ts";
import { createProbeFamilies } from "../probe/probe-counts.ts";
import { createProbeEndpoint, type ProbeParts } from "../probe/probe-endpoint.ts";
import type { Scrape } from "../scrape/exchange.ts";
import type { Endpoint, EndpointParts, OwnEndpoint } from "./endpoint.ts";

/** What the probes of a server have in common. */
export interface ProbesParts extends Omit<ProbeParts, "path" | "log"> {
  readonly logAt: (path: string) => Log;
}

/** The endpoints of probes. */
export interface Probes {
  /** By their paths. */
  readonly scrapes: ReadonlyMap<string, Scrape>;
  /** What is counted at all of them; the same list each time. */
  readonly families: readonly MetricFamily[];
  /** Stops what is still running. */
  close(): void;
}

/**
 * Makes the endpoints of probes.
 *
 * @param probes By their paths.
 * @throws {RangeError} When a rule of `allow` cannot be read.
 */
export function createProbes(
  probes: ReadonlyMap<string, Probe>,
  { logAt, ...parts }: ProbesParts,
): Probes {
  const endpoints = Array.from(probes, ([path, probe]) => ({
    path,
    ...createProbeEndpoint(probe, { ...parts, path, log: logAt(path) }),
  }));
  return {
    scrapes: new Map(endpoints.map(({ path, scrape }) => [path, scrape])),
    families: createProbeFamilies(endpoints.map(({ counts }) => counts)),
    close() {
      for (const { close } of endpoints) close();
    },
  };
}

/**
 * Makes the endpoint of one probe whose path is not known.
 *
 * @param own Keeps what the application declares.
 * @throws {TypeError} For a detail of a wrong type.
 * @throws {RangeError} For one that is out of range, and when a rule of `allow` cannot be read.
 */
export function createProbeHandler(
  probe: Probe,
  { options, log }: Pick<EndpointParts, "options" | "log">,
  own: OwnEndpoint,
): Endpoint {
  checkProbe("probe", probe);
  const { status, lock } = own.parts;
  const endpoint = createProbeEndpoint(probe, { path: undefined, options, log, status, lock });
  return {
    ...own,
    scrape: endpoint.scrape,
    close() {
      endpoint.close();
      return own.close();
    },
  };
}
