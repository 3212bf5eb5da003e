import type { CollectorError } from "../model/gatherer.ts";
import type { Labels, MetricFamily, ValueMetric } from "../model/metric-family.ts";

/** Which worker a collector belongs to, where several are served. */
export interface WorkerLabel {
  /** The name of the label. */
  readonly label: string;
  readonly slot: number;
}

/** A collector that failed, and perhaps with what. */
type Failed = Omit<CollectorError, "error"> & Partial<CollectorError>;

/** How a collector did when it last ran, and when it last failed, in milliseconds since the epoch. */
export interface Health {
  readonly collector: string;
  readonly labels: Labels;
  success: 0 | 1;
  durationSeconds: number | undefined;
  failedAtMs: number;
}

// Collectors are as many as there are metrics; those that fail should be few.
const MAX_COLLECTORS = 1_000;

const NONE: readonly MetricFamily[] = [];

/**
 * The collectors that have ever failed, under the names that node_exporter established. A collector
 * that works again stays, because a series that vanishes looks like a target that did.
 */
export class CollectorHealth {
  readonly #collectors = new Map<string, Health>();

  readonly #families: readonly MetricFamily[] = [
    {
      name: "promhttp_scrape_collector_success",
      help: "Whether a collector that has ever failed succeeded at the last scrape.",
      type: "gauge",
      metrics: this.#metrics(({ success }) => success),
    },
    {
      name: "promhttp_scrape_collector_duration_seconds",
      help: "How long a collector took to fail, or until it was given up, at its last failure.",
      type: "gauge",
      metrics: this.#metrics(({ durationSeconds }) => durationSeconds),
    },
  ];

  /** The families, or none as long as no collector has failed. */
  families(): readonly MetricFamily[] {
    return this.#collectors.size === 0 ? NONE : this.#families;
  }

  /**
   * @param hasRun Tells whether a collector ran; without an error it then succeeded.
   * @param worker Whose collectors these are, where several workers are served.
   */
  record(
    errors: readonly Failed[],
    hasRun: (collector: string) => boolean,
    worker?: WorkerLabel,
  ): void {
    const suffix = suffixOf(worker);
    for (const [key, health] of this.#collectors) {
      if (key === health.collector + suffix && hasRun(health.collector)) health.success = 1;
    }
    if (errors.length === 0) return;
    const failedAtMs = Date.now();
    for (const { collector, durationMs } of errors) {
      const key = collector + suffix;
      if (this.#collectors.size >= MAX_COLLECTORS && !this.#collectors.has(key)) continue;
      const durationSeconds = durationMs === undefined ? undefined : durationMs / 1_000;
      const labels = { collector, ...(worker && { [worker.label]: String(worker.slot) }) };
      this.#collectors.set(key, { collector, labels, success: 0, durationSeconds, failedAtMs });
    }
  }

  /** Removes the collectors of a worker that is gone. */
  forget(worker: WorkerLabel): void {
    const suffix = suffixOf(worker);
    for (const [key, { collector }] of this.#collectors) {
      if (key === collector + suffix) this.#collectors.delete(key);
    }
  }

  /** The health of each collector that has ever failed, by its name. */
  get all(): ReadonlyMap<string, Readonly<Health>> {
    return this.#collectors;
  }

  #metrics(read: (health: Health) => number | undefined): Iterable<ValueMetric> {
    const collectors = this.#collectors;
    return {
      *[Symbol.iterator]() {
        for (const [identity, health] of collectors) {
          const value = read(health);
          if (value !== undefined) yield { identity, labels: health.labels, value };
        }
      },
    };
  }
}

/** What a page shows behind the name of a collector; it also tells those of one name apart. */
function suffixOf(worker: WorkerLabel | undefined): string {
  return worker === undefined ? "" : ` (${worker.label} ${worker.slot})`;
}
