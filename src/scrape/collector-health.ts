import type { CollectorError, SourceHealth } from "../model/gatherer.ts";
import type { MetricFamily, ValueMetric } from "../model/metric-family.ts";

/** Which worker a collector belongs to, where several are served. */
export interface WorkerLabel {
  /** The name of the label. */
  readonly label: string;
  readonly slot: number;
}

/** A collector that failed, and perhaps with what. */
type Failed = Omit<CollectorError, "error"> & Partial<CollectorError>;

/** How a collector or a source did when it last ran. */
type Health = SourceHealth;

// Collectors are as many as there are metrics; those that fail should be few.
const MAX_COLLECTORS = 1_000;

const NONE: readonly MetricFamily[] = [];

/**
 * The collectors that have ever failed, and all sources that have names, under the names that node_exporter
 * established. A collector that works again stays, because a series that vanishes looks like a target that did.
 */
export class CollectorHealth {
  readonly #collectors = new Map<string, Health>();
  readonly #families = this.#familiesOf(() => true);

  /**
   * The families, or none as long as there is nothing to tell.
   *
   * @param picked Leaves out the sources that are not among them, as node_exporter does.
   */
  families(picked?: ReadonlySet<string>): readonly MetricFamily[] {
    if (this.#collectors.size === 0) return NONE;
    return picked === undefined
      ? this.#families
      : this.#familiesOf(({ collector, isSource }) => !isSource || picked.has(collector));
  }

  #familiesOf(isShown: (health: Health) => boolean): readonly MetricFamily[] {
    return [
      {
        name: "promhttp_scrape_collector_success",
        help: "Whether a collector succeeded at the last scrape: a source with a name, or one that has ever failed.",
        type: "gauge",
        metrics: this.#metrics(isShown, ({ success }) => success),
      },
      {
        name: "promhttp_scrape_collector_duration_seconds",
        help: "How long a source with a name took at the last scrape, or a collector at its last failure.",
        type: "gauge",
        metrics: this.#metrics(isShown, ({ durationSeconds }) => durationSeconds),
      },
    ];
  }

  /**
   * @param errors What failed; what belongs to a source with a name is left to `recordSources()`.
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
    for (const { collector, durationMs, source } of errors) {
      const key = collector + suffix;
      if (source !== undefined) continue;
      if (this.#collectors.size >= MAX_COLLECTORS && !this.#collectors.has(key)) continue;
      const durationSeconds = durationMs === undefined ? undefined : durationMs / 1_000;
      const labels = { collector, ...(worker && { [worker.label]: String(worker.slot) }) };
      this.#collectors.set(key, { collector, labels, success: 0, durationSeconds, failedAtMs });
    }
  }

  /** Notes how the sources that have names did at a scrape. */
  recordSources(sources: readonly SourceHealth[]): void {
    for (const source of sources) this.#collectors.set(source.collector, source);
  }

  /** Removes the collectors of a worker that is gone. */
  forget(worker: WorkerLabel): void {
    const suffix = suffixOf(worker);
    for (const [key, { collector }] of this.#collectors) {
      if (key === collector + suffix) this.#collectors.delete(key);
    }
  }

  /** The health of each, by its name. */
  get all(): ReadonlyMap<string, Readonly<Health>> {
    return this.#collectors;
  }

  #metrics(
    isShown: (health: Health) => boolean,
    read: (health: Health) => number | undefined,
  ): Iterable<ValueMetric> {
    const collectors = this.#collectors;
    return {
      *[Symbol.iterator]() {
        for (const [identity, health] of collectors) {
          const value = isShown(health) ? read(health) : undefined;
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
