import type { CollectorError, Gatherer } from "../model/gatherer.ts";
import { isAbandoned } from "./gather-cycle.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What a hook may know of the scrape that it runs for. */
export interface ScrapeHookContext {
  /** Aborts when nobody waits for the scrape any more, or the deadline passes. */
  readonly signal: AbortSignal;
}

/** Brings values up to date before they are read, as a collector does, but for all metrics at once. */
export type ScrapeHook = (context: ScrapeHookContext) => unknown;

/**
 * Runs a hook before the collectors; what it throws is an error of its own, like a collector's. When
 * every client has gone meanwhile, the collectors are not run.
 */
export function withHook(gatherer: Gatherer, hook: ScrapeHook): Gatherer {
  return {
    async gather(context) {
      const startedAt = performance.now();
      const failures: CollectorError[] = [];
      try {
        await unlessAborted(Promise.resolve(hook({ signal: context.signal })), context.signal);
      } catch (error) {
        if (isAbandoned(context.signal)) throw error;
        const durationMs = performance.now() - startedAt;
        failures.push({ collector: "onScrape", error, durationMs });
      }
      const { families, errors = [] } = await gatherer.gather(context);
      return { families, errors: [...failures, ...errors] };
    },
  };
}
