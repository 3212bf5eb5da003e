import { GatherError } from "../errors.ts";
import type { FaultReporter, Gatherer, GatherResult } from "../model/gatherer.ts";
import type { MetricFamily } from "../model/metric-family.ts";
import type { Deadline } from "./deadline.ts";

/** A gathering that has not yet begun to read values, with those who wait for it. */
interface Cycle {
  readonly result: Promise<GatherResult>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Runs the collectors for all scrapes that wait at the same time.
 *
 * A scrape that arrives while collectors are running joins them; one that arrives later starts them
 * anew. So two scrapers cost one collection, and no collector ever runs twice at once.
 */
export class GatherCycle {
  readonly #gatherer: Gatherer;
  readonly #report: FaultReporter;
  #current: Cycle | undefined;

  constructor(gatherer: Gatherer, report: FaultReporter) {
    this.#gatherer = gatherer;
    this.#report = report;
  }

  /**
   * Returns the families of all collectors, or throws: a `GatherError` when a collector failed, the
   * signal's reason when it aborted first. The families are read by each scrape for itself.
   */
  async gather({ signal, deadlineMs }: Deadline): Promise<readonly MetricFamily[]> {
    signal.throwIfAborted();
    this.#current ??= this.#start(deadlineMs);
    const cycle = this.#current;
    cycle.waiting++;
    try {
      return completeFamilies(await unlessAborted(cycle.result, signal));
    } finally {
      cycle.waiting--;
      if (cycle.waiting === 0) this.#abandon(cycle);
    }
  }

  #start(deadlineMs: number): Cycle {
    const controller = new AbortController();
    const context = { signal: controller.signal, deadlineMs, report: this.#report };
    const result = (async () => this.#gatherer.gather(context))();
    const cycle: Cycle = { result, controller, waiting: 0 };
    const end = () => {
      if (this.#current === cycle) this.#current = undefined;
    };
    // From here on values are read: whoever comes now wants newer ones.
    result.then(end, end);
    return cycle;
  }

  /** Stops collectors whose result nobody waits for, and lets the next scrape start afresh. */
  #abandon(cycle: Cycle): void {
    if (this.#current !== cycle) return;
    this.#current = undefined;
    cycle.controller.abort();
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
