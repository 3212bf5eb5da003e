import { LightSignal } from "../../src/abort.ts";
import { createLog } from "../../src/log.ts";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import type { Probe, ProbeContext, ProbeResult } from "../../src/model/probe.ts";
import type { HandlerOptions } from "../../src/options/options.ts";
import { checkProbe } from "../../src/options/probe-rules.ts";
import { resolveHandlerOptions } from "../../src/options/rules.ts";
import { createProbeFamilies } from "../../src/probe/probe-counts.ts";
import { createProbeEndpoint, type ProbeEndpoint } from "../../src/probe/probe-endpoint.ts";
import type { ScrapeRequest } from "../../src/scrape/exchange.ts";
import { UpdateLock } from "../../src/scrape/update-lock.ts";
import { UP_FAMILY } from "../helpers/families.ts";
import { type Harness as ScrapeHarness, type Sent, scraperOf } from "../scrape/harness.ts";

/** The endpoint of a probe under test. */
export interface Harness extends ProbeEndpoint, Pick<ScrapeHarness, "run"> {
  readonly status: { isFailing: boolean };
  readonly lock: UpdateLock;
  readonly logged: string[];
  ask(query: string, request?: Partial<ScrapeRequest>): Promise<Sent | undefined>;
  /** The status of an answer, and its `probe_success` or else its text; `undefined` if it is not complete. */
  verdict(query: string, request?: Partial<ScrapeRequest>): Promise<string | undefined>;
  /** The counts that are not 0, as `result module: value`. */
  counted(): readonly string[];
}

/** Makes the endpoint of a probe; it succeeds with `up 1`, and any target is allowed. */
export function createHarness(given: Partial<Probe> = {}, options: HandlerOptions = {}): Harness {
  const logged: string[] = [];
  const log = createLog({
    error: (message) => logged.push(`error ${message}`),
    warn: (message) => logged.push(`warn ${message}`),
    info: (message) => logged.push(`info ${message}`),
  });
  const probe: unknown = { allow: "any", probe: () => [UP_FAMILY], ...given };
  checkProbe("probe", probe);
  const status = { isFailing: false };
  const lock = new UpdateLock();
  const resolved = resolveHandlerOptions(options);
  const endpoint = createProbeEndpoint(probe, { path: "/p", options: resolved, log, status, lock });
  const { get, run } = scraperOf(endpoint);
  const ask: Harness["ask"] = (query, request = {}) => get({ query, ...request });
  return {
    ...endpoint,
    status,
    lock,
    logged,
    run,
    ask,
    async verdict(query, request) {
      const sent = await ask(query, request);
      if (sent === undefined || sent.isCut) return undefined;
      return `${sent.status} ${successIn(sent.text) ?? sent.text.trim()}`;
    },
    counted() {
      const [total] = createProbeFamilies([endpoint.counts]);
      return Array.from((total?.metrics ?? []) as Iterable<ValueMetric>)
        .filter(({ value }) => value !== 0)
        .map(({ labels, value }) => `${labels["result"]} ${labels["module"] ?? "-"}: ${value}`);
    },
  };
}

function successIn(text: string): string | undefined {
  return /^probe_success \d$/m.exec(text)?.[0];
}

/** A probe that settles when it is told to, and remembers how it was called. */
export interface Settled {
  readonly probe: Probe["probe"];
  readonly contexts: readonly ProbeContext[];
  readonly settle: readonly ((result: ProbeResult) => void)[];
  readonly fail: readonly ((error: unknown) => void)[];
}

/** Makes a probe that settles when it is told to. */
export function createSettled(): Settled {
  const contexts: ProbeContext[] = [];
  const settle: ((result: ProbeResult) => void)[] = [];
  const fail: ((error: unknown) => void)[] = [];
  const probe: Probe["probe"] = (context) =>
    new Promise((resolve, reject) => {
      contexts.push(context);
      settle.push(resolve);
      fail.push(reject);
    });
  return { probe, contexts, settle, fail };
}

/** A client that can disconnect. */
export interface Client {
  readonly signal: LightSignal;
  leave(): void;
}

/** Makes a client. */
export function createClient(): Client {
  const signal = new LightSignal();
  return { signal, leave: () => signal.abort(new Error("The client has disconnected")) };
}
