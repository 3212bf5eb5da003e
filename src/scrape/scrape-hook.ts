import { unlessAborted } from "../abort.ts";
import type { CollectorError, Gatherer } from "../model/gatherer.ts";
import type { ScrapeHook } from "../options/options.ts";
import { isAbandoned } from "./gather-cycle.ts";

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
