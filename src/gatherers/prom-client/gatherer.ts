import { settled } from "../../abort.ts";
import { isThenable } from "../../maybe-promise.ts";
import type {
  CollectorError,
  FaultReporter,
  GatherContext,
  Gatherer,
  GatherResult,
} from "../../model/gatherer.ts";
import { RegistryFamilies, type Snapshots } from "./families.ts";
import { type KnownMetric, KnownMetrics } from "./known-metrics.ts";
import type { MetricSnapshot, Registry, RegistryInternals, RegistryMetric } from "./registry.ts";

/**
 * Makes a gatherer of a registry of prom-client 13 to 15, `@prometheus-io/client` or a fork.
 *
 * The registry's own `metrics()` is never called: its format is a state of the registry that two
 * scrapes would fight over, and it builds the whole body in one go. Instead all collectors run, in
 * one synchronous sweep; when all have settled the values are read from the metrics' stores while
 * they are encoded. Nothing of the registry is ever changed.
 */
export function createRegistryGatherer(registry: Registry): Gatherer {
  // The members beyond the public type may be missing, and are asked for with that in mind.
  const internals = registry as unknown as RegistryInternals;
  const known = new KnownMetrics(internals);
  const families = new RegistryFamilies(internals);

  const result = (metrics: Metrics, runs: Runs, context: GatherContext): GatherResult => {
    const errors = errorsOf(runs, context);
    const collected = errors.length === 0 ? metrics : withoutFailed(metrics, runs);
    return { families: families.of(collected, snapshotsOf(runs), context.report), errors };
  };

  const resultLater = async (metrics: Metrics, runs: Runs, context: GatherContext) => {
    await settled(pendingOf(runs), context.signal);
    return result(metrics, runs, context);
  };

  return {
    gather(context) {
      const metrics = requested(known.list(), context);
      const runs = startCollectors(metrics);
      const isPending = runs.some(({ pending }) => pending !== undefined);
      return isPending ? resultLater(metrics, runs, context) : result(metrics, runs, context);
    },
  };
}

type Metrics = readonly KnownMetric[];

/** The metrics that a scrape asks for and that can be read: the same list where these are all. */
function requested(metrics: Metrics, { isRequested, report }: GatherContext): Metrics {
  let some: KnownMetric[] | undefined;
  for (const [index, metric] of metrics.entries()) {
    const isWanted = isReadable(metric, report) && isRequested(String(metric.name), metric.type);
    if (isWanted) some?.push(metric);
    else some ??= metrics.slice(0, index);
  }
  return some ?? metrics;
}

/** The libraries register a metric before they have checked its configuration. */
function isReadable({ name, get }: KnownMetric, report: FaultReporter): boolean {
  if (typeof get === "function") return true;
  report(String(name), "its constructor has failed");
  return false;
}

/** One collector at work. */
interface CollectorRun {
  readonly known: KnownMetric;
  /** When the sweep began. It holds for all, so that success costs no clock. */
  readonly startedAt: number;
  /** Present while an asynchronous collector has not settled. */
  pending: Promise<void> | undefined;
  /** What `get()` gave, for a metric whose store is not read directly. */
  snapshot: MetricSnapshot | undefined;
  failure: { readonly error: unknown; readonly durationMs: number } | undefined;
}

type Runs = readonly CollectorRun[];

/** Starts all collectors; a metric whose store is read directly may have none. */
function startCollectors(metrics: Metrics): CollectorRun[] {
  const runs: CollectorRun[] = [];
  const startedAt = performance.now();
  for (const known of metrics) {
    if (!known.isStoreKnown || known.metric.collect) runs.push(startCollector(known, startedAt));
  }
  return runs;
}

function startCollector(known: KnownMetric, startedAt: number): CollectorRun {
  const run: CollectorRun = {
    known,
    startedAt,
    pending: undefined,
    snapshot: undefined,
    failure: undefined,
  };
  try {
    // `get()` runs the collector itself.
    const result: unknown = known.isStoreKnown ? collect(known.metric) : known.metric.get();
    if (isThenable(result)) {
      run.pending = Promise.resolve(result)
        .then((value) => finish(run, value))
        .catch((error: unknown) => fail(run, error));
    } else finish(run, result);
  } catch (error) {
    fail(run, error);
  }
  return run;
}

function withoutFailed(metrics: Metrics, runs: Runs): Metrics {
  const failed = new Set<KnownMetric>();
  for (const { known, failure, pending } of runs) {
    if (failure !== undefined || pending !== undefined) failed.add(known);
  }
  return metrics.filter((metric) => !failed.has(metric));
}

function snapshotsOf(runs: Runs): Snapshots {
  const snapshots = new Map<KnownMetric, MetricSnapshot>();
  for (const { known, snapshot } of runs) {
    if (snapshot !== undefined) snapshots.set(known, snapshot);
  }
  return snapshots;
}

function pendingOf(runs: Runs): Promise<void>[] {
  const promises: Promise<void>[] = [];
  for (const { pending } of runs) if (pending !== undefined) promises.push(pending);
  return promises;
}

function collect(metric: RegistryMetric): unknown {
  // The client libraries check the type of `collect` when a metric is made.
  return (metric.collect as () => unknown).call(metric);
}

function finish(run: CollectorRun, value: unknown): void {
  run.pending = undefined;
  // What a collector returns means nothing.
  if (run.known.isStoreKnown) return;
  if (typeof value !== "object" || value === null) throw new TypeError("get() gave no object");
  // What is in it is checked where it is read.
  run.snapshot = value as MetricSnapshot;
}

function fail(run: CollectorRun, error: unknown): void {
  run.pending = undefined;
  run.failure = { error, durationMs: performance.now() - run.startedAt };
}

function errorsOf(runs: Runs, context: GatherContext): CollectorError[] {
  const errors: CollectorError[] = [];
  for (const { known, startedAt, failure, pending } of runs) {
    if (failure !== undefined) errors.push({ collector: String(known.name), ...failure });
    else if (pending !== undefined) {
      const durationMs = performance.now() - startedAt;
      errors.push({ collector: String(known.name), error: context.signal.reason, durationMs });
    }
  }
  return errors;
}
