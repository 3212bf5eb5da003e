import { unlessAborted } from "../abort.ts";
import type { CollectorError, Gatherer } from "../model/gatherer.ts";
import type { ScrapeHook } from "../options/options.ts";
import { isAbandoned } from "./gather-cycle.ts";

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
