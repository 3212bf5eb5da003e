import type { FaultReporter } from "../../../model/gatherer.ts";
import type { Metric, MetricFamily } from "../../../model/metric-family.ts";
import { type KeptRun, RUNS, type RunReader, type WithRuns } from "../../../model/metric-run.ts";
import type { Aggregator } from "../../../options/workers.ts";
import { isAggregator } from "../merge-policy.ts";
import type { Contribution } from "../mirror.ts";
import type { SharedFamily } from "../received/shared-family.ts";
import type { WorkerFamily } from "../received/worker-family.ts";
import { combine } from "./combine.ts";
import { combineTotals } from "./combine-totals.ts";
import { type LabelledRows, LabelledWalk } from "./labelled-metrics.ts";
import { END, MergedWalk } from "./merged-metrics.ts";

/** What one worker has of a family. */
export interface Part {
  readonly family: WorkerFamily;
  readonly worker: Contribution;
}

/** How the parts of a family are read: what is merged, and what has the label of its worker. */
interface Reading {
  readonly workers: readonly WorkerFamily[];
  readonly aggregator: Exclude<Aggregator, "omit">;
  readonly labelled: readonly LabelledRows[];
}

/** One family of all workers: the same object for as long as its name, help and unit are the same. */
export class MergedFamily {
  readonly shared: SharedFamily;
  readonly #label: string;
  #parts: readonly Part[] | undefined;
  #reading: Reading | undefined;
  #family: MetricFamily | undefined;
  #labelled: readonly LabelledRows[] = [];

  constructor(shared: SharedFamily, label: string) {
    this.shared = shared;
    this.#label = label;
  }

  /**
   * Merges what the workers have now, the lowest slot first; the same list while there are the same parts.
   *
   * @returns `undefined` where there is nothing to serve.
   */
  merge(parts: readonly Part[], report: FaultReporter): MetricFamily | undefined {
    const { shared } = this;
    if (parts !== this.#parts || this.#reading === undefined) {
      this.#parts = parts;
      shared.head = parts[0]?.family.head ?? shared.head;
      this.#reading = this.#readingOf(parts);
      shared.isDirty = true;
      shared.isReordered = true;
    }
    const { workers, aggregator, labelled } = this.#reading;
    if (shared.isDirty) {
      shared.isDirty = false;
      if (shared.policy.kind === "total") combineTotals(shared, workers);
      else if (shared.policy.kind !== "omit" && aggregator !== "perWorker") {
        combine(shared, workers, aggregator);
      }
      this.#labelled = aggregator === "perWorker" ? labelled : withNatives(labelled);
      if (shared.table.hasName(this.#label) && this.#labelled.length > 0) {
        shared.noteFault("it has the label of the worker itself; kept its own");
      }
    }
    for (const fault of shared.takeFaults()) report(shared.name, fault);
    if (shared.policy.kind === "omit" || this.#isOmitted) return undefined;
    return this.#current();
  }

  get #isOmitted(): boolean {
    const { policy, head } = this.shared;
    return policy.kind === "gauge" && (policy.aggregator ?? head.aggregator) === "omit";
  }

  #readingOf(parts: readonly Part[]): Reading {
    const { policy } = this.shared;
    const aggregator = this.#aggregator();
    const chosen = policy.isProcessWide ? oneOfEachProcess(parts) : parts;
    const isLasting =
      policy.kind === "presence" ||
      policy.kind === "total" ||
      !STALE_WHEN_LATE.has(this.shared.type);
    const served = chosen.filter(({ worker }) => isLasting || worker.isCurrent);
    return {
      aggregator,
      workers: served.map(({ family }) => family),
      labelled: served.map(({ family, worker }) => ({
        family,
        label: { name: this.#label, value: String(worker.slot) },
      })),
    };
  }

  #aggregator(): Exclude<Aggregator, "omit"> {
    const { policy, head, type } = this.shared;
    if (policy.kind === "perWorker") return "perWorker";
    if (policy.kind === "presence") return "max";
    if (policy.kind !== "gauge" || type === "gaugehistogram") return "sum";
    const name = policy.aggregator ?? head.aggregator ?? "sum";
    // One that is omitted is not served, whatever its value.
    if (isAggregator(name)) return name === "omit" ? "first" : name;
    this.shared.noteFault(
      "its aggregator cannot be applied to several workers; kept the value of the first",
    );
    return "first";
  }

  #current(): MetricFamily {
    const { head, table, name, type } = this.shared;
    const { help, unit } = head;
    const hasUniqueLabels = this.#labelled.length === 0 || !table.hasName(this.#label);
    const family = this.#family;
    const isSame =
      family?.help === help && family.unit === unit && family.hasUniqueLabels === hasUniqueLabels;
    if (isSame) return family;
    const metrics = this.#metrics();
    // The type decides what kind of metrics these are.
    this.#family = { name, help, type, unit, hasUniqueLabels, metrics } as MetricFamily;
    return this.#family;
  }

  #metrics(): Iterable<Metric> & WithRuns {
    const start = (): RunReader => {
      const isMerged = this.#reading?.aggregator !== "perWorker";
      const labelled = this.#labelled;
      if (!isMerged) return new LabelledWalk(labelled);
      const merged = new MergedWalk(this.shared);
      return labelled.length === 0 ? merged : new Both(merged, new LabelledWalk(labelled));
    };
    return { [Symbol.iterator]: start, [RUNS]: start };
  }
}

/** What is out of date when its worker is late, unless only its totals or its presence count. */
const STALE_WHEN_LATE: ReadonlySet<string> = new Set([
  "gauge",
  "gaugehistogram",
  "summary",
  "unknown",
]);

function withNatives(labelled: readonly LabelledRows[]): readonly LabelledRows[] {
  if (!labelled.some(({ family }) => family.natives.size > 0)) return NONE;
  return labelled
    .filter(({ family }) => family.natives.size > 0)
    .map((rows) => ({ ...rows, isNativeOnly: true }));
}

const NONE: readonly LabelledRows[] = [];

/** Of each process only its main thread; where that does not have the family, the lowest slot. */
function oneOfEachProcess(parts: readonly Part[]): readonly Part[] {
  const chosen = new Map<number, Part>();
  for (const part of parts) {
    const { pid, isMainThread } = part.worker;
    if (isMainThread || !chosen.has(pid)) chosen.set(pid, part);
  }
  return parts.filter((part) => chosen.get(part.worker.pid) === part);
}

/** Two walks, one after the other. */
class Both implements RunReader {
  readonly #walks: readonly [RunReader, RunReader];
  #at: 0 | 1 = 0;

  constructor(first: RunReader, second: RunReader) {
    this.#walks = [first, second];
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Metric, undefined> {
    const step = this.#walks[this.#at].next();
    if (!step.done) return step;
    if (this.#at === 1) return END;
    this.#at = 1;
    return this.next();
  }

  readRun(run: KeptRun): number {
    return this.#walks[this.#at].readRun(run);
  }
}
