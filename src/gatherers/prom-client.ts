import type { CollectorError, FaultReporter, Gatherer } from "../model/gatherer.ts";
import {
  type MetricSnapshot,
  metricsByName,
  type Registry,
  type RegistryInternals,
  type RegistryMetric,
  toMetricType,
  typeOf,
} from "./registry.ts";
import { RegistryFamilies } from "./registry-families.ts";
import { settled } from "./settled.ts";
import { hasKnownStore } from "./store-metrics.ts";

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
  const families = new RegistryFamilies(internals);
  return {
    async gather({ signal, report, isRequested }) {
      const startedAt = performance.now();
      const runs = metricsByName(internals)
        .filter(([name, metric]) => isReadable(name, metric, report))
        .filter(([name, metric]) => isRequested(String(name), toMetricType(typeOf(metric))))
        .map(([name, metric]) => startCollector(name, metric, startedAt));
      await settled(
        runs.flatMap((run) => run.pending ?? []),
        signal,
      );
      const collected = runs.filter(({ failure, pending }) => !failure && !pending);
      const durationMs = performance.now() - startedAt;
      const errors = errorsOf(runs, signal, durationMs);
      return { families: families.of(collected, report), errors };
    },
  };
}

/** The libraries register a metric before they have checked its configuration. */
function isReadable(name: unknown, metric: RegistryMetric, report: FaultReporter): boolean {
  if (typeof metric.get === "function") return true;
  report(String(name), "its constructor has failed");
  return false;
}

/** One collector at work. */
interface CollectorRun {
  readonly name: unknown;
  readonly metric: RegistryMetric;
  /** Whether the store is read directly, so that nothing is made of what the collector gives. */
  readonly isStoreKnown: boolean;
  /** Present while an asynchronous collector has not settled. */
  pending?: Promise<void> | undefined;
  /** What `get()` gave, for a metric whose store is not read directly. */
  snapshot?: MetricSnapshot;
  failure?: { readonly error: unknown; readonly durationMs: number };
}

/** @param startedAt When the sweep began. It holds for all, so that success costs no clock. */
function startCollector(name: unknown, metric: RegistryMetric, startedAt: number): CollectorRun {
  const isStoreKnown = hasKnownStore(metric);
  const run: CollectorRun = { name, metric, isStoreKnown };
  try {
    // `get()` runs the collector itself.
    const result: unknown = isStoreKnown ? collect(metric) : metric.get();
    if (isThenable(result)) {
      run.pending = Promise.resolve(result)
        .then((value) => finish(run, value))
        .catch((error: unknown) => fail(run, error, startedAt));
    } else finish(run, result);
  } catch (error) {
    fail(run, error, startedAt);
  }
  return run;
}

function collect(metric: RegistryMetric): unknown {
  // The client libraries check the type of `collect` when a metric is made.
  return metric.collect ? (metric.collect as () => unknown).call(metric) : undefined;
}

function finish(run: CollectorRun, value: unknown): void {
  run.pending = undefined;
  // What a collector returns means nothing.
  if (run.isStoreKnown) return;
  if (typeof value !== "object" || value === null) throw new TypeError("get() gave no object");
  // What is in it is checked where it is read.
  run.snapshot = value as MetricSnapshot;
}

function fail(run: CollectorRun, error: unknown, startedAt: number): void {
  run.pending = undefined;
  run.failure = { error, durationMs: performance.now() - startedAt };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function errorsOf(
  runs: readonly CollectorRun[],
  signal: AbortSignal,
  durationMs: number,
): CollectorError[] {
  return runs.flatMap(({ name, failure, pending }) => {
    if (failure !== undefined) return { collector: String(name), ...failure };
    const isLate = pending !== undefined;
    return isLate ? { collector: String(name), error: signal.reason, durationMs } : [];
  });
}
