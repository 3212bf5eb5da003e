/**
 * Answers the requests for one probe, such as `/probe?target=db1:5432`.
 */
import { createExposer, type ReadingLock } from "../exposition/expose.ts";
import type { Log } from "../log.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Probe } from "../model/probe.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { Alarm } from "../scrape/alarm.ts";
import { startScraperDeadline, startSending } from "../scrape/deadline.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { ProbeCounts } from "./probe-counts.ts";

/** What a probe is served with. */
export interface ProbeParts {
  /** Its path, for the label of its counts; `undefined` where it is not known, as in a mounted handler. */
  readonly path: string | undefined;
  readonly options: Pick<
    ResolvedHandlerOptions,
    "timeoutMs" | "timeoutOffsetMs" | "formats" | "compression" | "bodyLimit"
  >;
  readonly log: Log;
  /** Whether the application has declared that its metrics cannot be trusted. */
  readonly status: { readonly isFailing: boolean };
  /** Keeps updates of the application and the reading of families apart. */
  readonly lock: ReadingLock;
}

/** What the requests for a probe are answered with. */
export interface ProbeEndpoint {
  /** Answers one request; it never throws and never rejects. */
  readonly scrape: Scrape;
  /** What it counts, for `createProbeFamilies()`. */
  readonly counts: ProbeCounts;
  /** Stops what is still running, because nobody waits for it any longer. */
  close(): void;
}

/**
 * Makes the endpoint of a probe, which `checkProbe()` has checked.
 *
 * @throws {RangeError} When a rule of `allow` cannot be read.
 */
export function createProbeEndpoint(probe: Probe, parts: ProbeParts): ProbeEndpoint {
  const { options, log, lock, path = "" } = parts;
  const alarm = new Alarm();
  const counts = new ProbeCounts(path, probe.modules ?? []);
  const exposer = createExposer(
    { ...options, maxKeptBytes: 0 },
    {
      lock,
      report: (family, reason) => log.warn(`Skipped part of metric family "${family}": ${reason}`),
      warn: (message) => log.warn(message),
      onEncoded() {},
      onSent() {},
      onOversized: (message) => log.warn(message),
      onWithinLimit() {},
    },
  );
  return {
    async scrape(request) {
      const deadline = startScraperDeadline(request.timeoutSeconds, options, request.signal, alarm);
      const text = new URLSearchParams(request.query).get("target") ?? "";
      const families = (await probe.probe({
        target: { text, host: text, port: undefined, scheme: undefined, authority: text },
        module: "",
        params: {},
        signal: new AbortController().signal,
        deadlineMs: deadline.deadlineMs,
        lookup: () => {},
      })) as readonly MetricFamily[];
      const selected = { families, selection: "" };
      const exposition = await exposer.expose(selected, request, deadline.signal);
      return { status: 200, ...exposition, ...startSending(deadline) };
    },
    counts,
    close() {
      exposer.clear();
      alarm.close();
    },
  };
}
