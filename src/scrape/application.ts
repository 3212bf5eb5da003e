/** What an application runs of its own around its metrics: the hook, and updates. Most run neither. */
import { unlessAborted } from "../abort.ts";
import type { About, Log } from "../log.ts";
import type { CollectorError, Gatherer } from "../model/gatherer.ts";
import type { ScrapeHook } from "../options/options.ts";
import { isAbandoned } from "./gather-cycle.ts";
import type { SelfMetrics } from "./self-metrics.ts";
import { UPDATE } from "./update-lock.ts";

/** The name of the hook among the collectors. */
const HOOK = "onScrape";

/**
 * Runs a hook before the collectors. An error of the hook is handled like one of a collector. When
 * every client has disconnected meanwhile, the collectors do not run.
 */
export function withHook(gatherer: Gatherer, hook: ScrapeHook): Gatherer {
  return {
    async gather(context) {
      const startedAt = performance.now();
      const failures: CollectorError[] = [];
      const durationMs = () => performance.now() - startedAt;
      try {
        await unlessAborted(Promise.resolve(hook({ signal: context.signal })), context.signal);
      } catch (error) {
        if (isAbandoned(context.signal)) throw error;
        failures.push({ collector: HOOK, error, durationMs: durationMs() });
      }
      context.onCollected?.(HOOK, durationMs());
      const { errors = [], ...result } = await gatherer.gather(context);
      return { ...result, errors: [...failures, ...errors] };
    },
  };
}

/** The log line of an update that has failed. */
export const UPDATE_FAILED = "Update failed";

const UPDATES: About = {
  kind: UPDATE,
  fields: { collector: UPDATE },
  again: "Updates work again",
};

/** Where the outcome of an update goes. */
export interface UpdateContext {
  readonly selfMetrics: SelfMetrics;
  readonly log: Log;
}

/** Waits for an update that no scrape sees half-done. Never rejects: a failure is counted and logged. */
export async function reportUpdate(
  running: Promise<void>,
  startedAt: number,
  { selfMetrics, log }: UpdateContext,
): Promise<void> {
  const failures: CollectorError[] = [];
  try {
    await running;
  } catch (error) {
    failures.push({ collector: UPDATE, error, durationMs: performance.now() - startedAt });
    selfMetrics.gatheringFailed(error);
    log.error(UPDATE_FAILED, error, UPDATES);
  }
  if (failures.length === 0) log.settled(UPDATE);
  selfMetrics.collectors.record(failures, (collector) => collector === UPDATE);
}
