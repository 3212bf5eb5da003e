import type { CollectorError } from "../model/gatherer.ts";
import type { MetricFamily, ValueMetric } from "../model/metric-family.ts";

/** How a collector did when it last ran, and when it last failed, in milliseconds since the epoch. */
export interface Health {
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

  /** @param hasRun Tells whether a collector ran; without an error it then succeeded. */
  record(errors: readonly CollectorError[], hasRun: (collector: string) => boolean): void {
    for (const [collector, health] of this.#collectors) if (hasRun(collector)) health.success = 1;
    if (errors.length === 0) return;
    const failedAtMs = Date.now();
    for (const { collector, durationMs } of errors) {
      if (this.#collectors.size >= MAX_COLLECTORS && !this.#collectors.has(collector)) continue;
      const durationSeconds = durationMs === undefined ? undefined : durationMs / 1_000;
      this.#collectors.set(collector, { success: 0, durationSeconds, failedAtMs });
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
        for (const [collector, health] of collectors) {
          const value = read(health);
          if (value !== undefined) yield { identity: collector, labels: { collector }, value };
        }
      },
    };
  }
}
