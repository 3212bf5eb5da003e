import type { FaultReporter } from "../../../model/gatherer.ts";
import type { SharedFamily } from "../received/shared-family.ts";
import type { MergedFamily } from "./merged-family.ts";

/** How long a series is served that no living worker has. */
export const RETAINED_MS: number = 60 * 60 * 1_000;

/** How many such series there may be: a label that names the process makes new ones at each restart. */
export const MAX_RETAINED = 100_000;

/**
 * Bounds what is retained of workers that are gone. A series that goes is stale for a scraper, which is not
 * a reset.
 */
export class Retention {
  readonly #now: () => number;
  /** The first family that lost a series because there were too many. */
  #first: string | undefined;
  #isReported = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Forgets the series that are too old, and the oldest if they are too many. */
  expire(families: Iterable<MergedFamily>): void {
    const oldest = this.#now() - RETAINED_MS;
    const retaining: SharedFamily[] = [];
    let count = 0;
    for (const { shared } of families) {
      if (shared.orphans.size === 0) continue;
      // They are in the order in which they lost their last owner.
      for (const [slot, since] of shared.orphans) {
        if (since > oldest) break;
        shared.free(slot);
      }
      count += shared.orphans.size;
      if (shared.orphans.size > 0) retaining.push(shared);
    }
    for (; count > MAX_RETAINED; count--) {
      const name = dropOldest(retaining);
      this.#first ??= name;
    }
  }

  /** Reports, once, that there were too many. */
  report(report: FaultReporter): void {
    if (this.#first === undefined || this.#isReported) return;
    this.#isReported = true;
    report(this.#first, "too many series of workers that are gone; dropped the oldest");
  }
}

/** Drops a series, and returns the name of its family. */
function dropOldest(families: readonly SharedFamily[]): string | undefined {
  let oldest: SharedFamily | undefined;
  let earliest = Number.POSITIVE_INFINITY;
  for (const shared of families) {
    const [since] = shared.orphans.values();
    if (since === undefined || since >= earliest) continue;
    oldest = shared;
    earliest = since;
  }
  const [slot] = oldest?.orphans.keys() ?? [];
  if (oldest === undefined || slot === undefined) return undefined;
  oldest.free(slot);
  return oldest.name;
}
