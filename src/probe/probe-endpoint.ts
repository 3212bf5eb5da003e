/**
 * Asks targets on behalf of scrapes, as in `/probe?target=db1:5432&module=tcp`.
 *
 * `ask.ts` reads the query, and `target/` decides whether its target may be asked. Equal requests that wait at
 * the same time share a run (`runs.ts`, `run.ts`), and each target has a bound of runs (`slots.ts`). What a
 * probe returns is read as families (`read-result.ts`), which get ours beside them (`probe-families.ts`) and
 * are encoded for each request (`answer-run.ts`). All of it is bounded by the scraper's deadline, and ends when
 * its last client disconnects. Targets are the client's, so nothing is kept of one when its last run is over,
 * and none is ever a label.
 */
import { createExposer, type ReadingLock } from "../exposition/expose.ts";
import type { Log } from "../log.ts";
import type { FaultReporter } from "../model/gatherer.ts";
import type { Probe } from "../model/probe.ts";
import type { ResolvedHandlerOptions } from "../options/options.ts";
import { Alarm } from "../scrape/alarm.ts";
import type { Scrape } from "../scrape/exchange.ts";
import { answerProbe } from "./answer-probe.ts";
import { ProbeCounts } from "./probe-counts.ts";
import { Runs } from "./runs.ts";
import { createPolicy } from "./target/policy.ts";

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
  const { options, log, status, lock, path = "" } = parts;
  const policy = createPolicy(probe.allow, path === "" ? "allow" : `paths.${path}.allow`);
  const alarm = new Alarm();
  const counts = new ProbeCounts(path, probe.modules ?? []);
  const report: FaultReporter = (family, reason) =>
    log.warn(`Skipped part of metric family "${family}": ${reason}`);
  const runs = new Runs({ probe, policy, alarm, report });
  const exposer = createExposer(
    { ...options, maxKeptBytes: 0 },
    {
      lock,
      report,
      warn: (message) => log.warn(message),
      onEncoded() {},
      onSent() {},
      onOversized(message) {
        // Otherwise the failure of the probe is logged.
        if (options.bodyLimit?.action === "warn") log.warn(message);
      },
      onWithinLimit() {},
    },
  );
  const answers = { probe, options, log, status, counts, alarm, policy, runs, exposer };
  return {
    scrape: (request) => answerProbe(answers, request),
    counts,
    close() {
      runs.stop();
      exposer.clear();
      alarm.close();
    },
  };
}
