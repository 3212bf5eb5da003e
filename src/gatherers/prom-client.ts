import { isThenable } from "../maybe-promise.ts";
import type {
  CollectorError,
  FaultReporter,
  GatherContext,
  Gatherer,
  GatherResult,
} from "../model/gatherer.ts";
import { type KnownMetric, KnownMetrics } from "./known-metrics.ts";
import type { MetricSnapshot, Registry, RegistryInternals, RegistryMetric } from "./registry.ts";
import { RegistryFamilies } from "./registry-families.ts";
import { settled } from "./settled.ts";

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

  const result = (runs: readonly CollectorRun[], context: GatherContext): GatherResult => {
    const errors = errorsOf(runs, context);
    const collected = errors.length === 0 ? runs : runs.filter(hasSucceeded);
    return { families: families.of(collected, context.report), errors };
  };

  const resultLater = async (runs: readonly CollectorRun[], context: GatherContext) => {
    await settled(pendingOf(runs), context.signal);
    return result(runs, context);
  };

  return {
    gather(context) {
      const { report, isRequested } = context;
      const startedAt = performance.now();
      const runs: CollectorRun[] = [];
      let isPending = false;
      for (const metric of known.list()) {
        if (!isReadable(metric, report) || !isRequested(String(metric.name), metric.type)) continue;
        const run = startCollector(metric, startedAt);
        if (run.pending !== undefined) isPending = true;
        runs.push(run);
      }
      return isPending ? resultLater(runs, context) : result(runs, context);
    },
  };
}

/** The libraries register a metric before they have checked its configuration. */
function isReadable({ name, get }: KnownMetric, report: FaultReporter): boolean {
  if (typeof get === "function") return true;
  report(String(name), "its constructor has failed");
  return false;
}

/** One collector at work. All have the same fields from the start, so that reading them is fast. */
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

function startCollector(known: KnownMetric, startedAt: number): CollectorRun {
  const run: CollectorRun = {
    known,
    startedAt,
    pending: undefined,
    snapshot: undefined,
    failure: undefined,
  };
  if (known.isStoreKnown && !known.metric.collect) return run;
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

function hasSucceeded({ failure, pending }: CollectorRun): boolean {
  return failure === undefined && pending === undefined;
}

function pendingOf(runs: readonly CollectorRun[]): Promise<void>[] {
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

function errorsOf(runs: readonly CollectorRun[], context: GatherContext): CollectorError[] {
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
