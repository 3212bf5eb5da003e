import { GatherError } from "../errors.ts";
import type { FaultReporter, GatherContext, Gatherer, GatherResult } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Deadline } from "./deadline.ts";
import { type NameFilter, requestedFamilies } from "./name-filter.ts";

/** A gathering that has not yet begun to read values, and how many scrapes wait for it. */
interface Cycle {
  readonly result: Promise<GatherResult>;
  readonly filter: NameFilter;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Runs the collectors for all scrapes that wait at the same time.
 *
 * A scrape that arrives while collectors are running joins them, if it asks for the same names; one
 * that arrives later starts them anew. So two scrapers cost one collection.
 */
export class GatherCycle {
  readonly #gatherer: Gatherer;
  readonly #report: FaultReporter;
  /** The gatherings under way, by the key of their filter. */
  readonly #cycles = new Map<string, Cycle>();

  constructor(gatherer: Gatherer, report: FaultReporter) {
    this.#gatherer = gatherer;
    this.#report = report;
  }

  /**
   * Returns the families of all collectors, or throws: a `GatherError` when a collector failed, the
   * signal's reason when it aborted first. The families are read by each scrape for itself.
   */
  async gather(
    { signal, deadlineMs }: Deadline,
    filter: NameFilter,
  ): Promise<readonly MetricFamily[]> {
    signal.throwIfAborted();
    const cycle = this.#cycles.get(filter.key) ?? this.#start(deadlineMs, filter);
    cycle.waiting++;
    try {
      const families = completeFamilies(await unlessAborted(cycle.result, signal));
      return requestedFamilies(families, filter);
    } finally {
      cycle.waiting--;
      if (cycle.waiting === 0) this.#abandon(cycle);
    }
  }

  #start(deadlineMs: number, filter: NameFilter): Cycle {
    const controller = new AbortController();
    const context: GatherContext = {
      signal: controller.signal,
      deadlineMs,
      isRequested: filter.isRequested,
      report: this.#report,
    };
    const result = (async () => this.#gatherer.gather(context))();
    const cycle: Cycle = { result, filter, controller, waiting: 0 };
    this.#cycles.set(filter.key, cycle);
    // From here on values are read: whoever comes now wants newer ones.
    const end = () => this.#end(cycle);
    result.then(end, end);
    return cycle;
  }

  /** Stops collectors whose result nobody waits for, and lets the next scrape start afresh. */
  #abandon(cycle: Cycle): void {
    if (this.#end(cycle)) cycle.controller.abort();
  }

  /** Lets nobody join any more; `false` when that was so already. */
  #end(cycle: Cycle): boolean {
    const isCurrent = this.#cycles.get(cycle.filter.key) === cycle;
    return isCurrent && this.#cycles.delete(cycle.filter.key);
  }
}

/** The failure policy: data that is not complete is not served. */
function completeFamilies({ families, errors = [] }: GatherResult): readonly MetricFamily[] {
  if (errors.length === 0) return [...families];
  const names = errors.map(({ collector }) => collector).join(", ");
  throw new GatherError(
    `Collectors failed: ${names}`,
    errors.map(({ error }) => error),
  );
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
