import type { GatherContext } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { WorkersSettings } from "../../options/workers.ts";
import { Mirror } from "./mirror.ts";

/** What one worker adds to a merge. */
export interface Contribution {
  readonly mirror: Mirror;
  readonly slot: number;
  readonly pid: number;
  readonly isMainThread: boolean;
  /** Whether it has answered this scrape: of one that has not, gauges are left out. */
  readonly isCurrent: boolean;
}

/** The families of all workers, merged. */
export class MergedFamilies {
  readonly #settings: WorkersSettings;
  readonly #now: () => number;

  constructor(settings: WorkersSettings, now: () => number = Date.now) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Makes the mirror of one worker. */
  createMirror(): Mirror {
    return new Mirror();
  }

  /** Merges the numbers of all living workers. Yields between families; each is merged in one piece. */
  *merge(
    workers: readonly Contribution[],
    context: Pick<GatherContext, "isRequested" | "report">,
  ): Generator<undefined, readonly MetricFamily[], undefined> {
    void this.#now;
    void this.#settings;
    const sums = new Map<string, Map<string, { labels: Record<string, string>; value: number }>>();
    const heads = new Map<string, MetricFamily>();
    for (const { mirror } of workers) {
      for (const { name, help, type, rows } of mirror.valueFamilies()) {
        if (!context.isRequested(name, type)) continue;
        const sum = sums.get(name) ?? new Map();
        sums.set(name, sum);
        for (const { labels, value } of rows) {
          const key = JSON.stringify(Object.entries(labels).sort());
          sum.set(key, { labels, value: value + (sum.get(key)?.value ?? 0) });
        }
        heads.set(name, { name, help, type, metrics: [] } as MetricFamily);
      }
      yield;
    }
    return [...heads.values()].map(
      (head) => ({ ...head, metrics: [...(sums.get(head.name)?.values() ?? [])] }) as MetricFamily,
    );
  }

  /** Its worker is gone: its counters and histograms become part of the retained totals. */
  retire(mirror: Mirror): void {
    void mirror;
  }

  /** Forgets a mirror and retains nothing of it, because newer numbers have replaced it. */
  release(mirror: Mirror): void {
    void mirror;
  }

  /** The families of one worker, as if it were a process of its own. */
  familiesOf(mirror: Mirror): readonly MetricFamily[] {
    return [...mirror.valueFamilies()].map(
      ({ name, help, type, rows }) => ({ name, help, type, metrics: rows }) as MetricFamily,
    );
  }
}
