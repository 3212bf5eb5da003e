/**
 * Reads registries of prom-client 13 to 15, `@prometheus-io/client` and their forks.
 *
 * Never calls the registry's own `metrics()`: its format is state of the registry, over which two
 * scrapes would fight, and it builds the whole body at once. Instead:
 *
 * 1. `known-metrics.ts` lists the metrics and recognises those of the last scrape.
 * 2. All collectors run in one synchronous sweep; the asynchronous ones are awaited together.
 * 3. `families.ts` makes a family of each metric whose collector succeeded.
 * 4. While a family is encoded, `store.ts` reads the metric's own store label set by label set
 *    (`store-walk.ts`), through one reusable object that copies nothing (`flyweights.ts`). A metric
 *    whose store has an unknown layout is read through its public `get()` instead (`snapshot.ts`).
 *
 * `registry.ts` describes the libraries as structural types. Nothing of a registry is changed.
 *
 * @module
 */
import { settled } from "../../abort.ts";
import { isThenable, loadOnce } from "../../maybe-promise.ts";
import type {
  CollectorError,
  FaultReporter,
  GatherContext,
  Gatherer,
  GatherResult,
  Registry,
} from "../../model/gatherer.ts";
import { RegistryFamilies, type Snapshots } from "./families.ts";
import { type KnownMetric, KnownMetrics } from "./known-metrics.ts";
import {
  isAggregatingRegistry,
  isOutdatedRegistry,
  isRegistry,
  type MetricSnapshot,
  type RegistryInternals,
  type RegistryMetric,
  typeOf,
} from "./registry.ts";

/**
 * Makes a gatherer of a registry; returns `undefined` for anything else.
 *
 * @throws {TypeError} For a registry that represents other processes or threads, and for one of
 *   prom-client 12 or older.
 */
export function registryGathererOf(source: unknown): Gatherer | undefined {
  if (isAggregatingRegistry(source)) {
    throw new TypeError(
      "Cannot serve a cluster or worker registry: serve the registry of each process, with the option workers: true",
    );
  }
  if (isOutdatedRegistry(source)) {
    throw new TypeError(
      "Cannot serve a registry of prom-client 12 or older: versions 13 to 15 are supported",
    );
  }
  return isRegistry(source) ? createRegistryGatherer(source) : undefined;
}

/** Makes a gatherer of a registry. */
export function createRegistryGatherer(registry: Registry): Gatherer {
  // Any member beyond the public type may be missing; each reader allows for that.
  const internals = registry as unknown as RegistryInternals;
  const known = new KnownMetrics(internals);
  const families = new RegistryFamilies(internals);

  const result = (
    metrics: Metrics,
    runs: Runs,
    context: GatherContext,
    snapshots?: Snapshots,
  ): GatherResult => {
    const errors = collectorErrorsOf(runs, context);
    const collected = errors.length === 0 ? metrics : withoutFailed(metrics, runs);
    return { families: families.of(collected, snapshots, context.report), errors };
  };

  const resultLater = async (metrics: Metrics, runs: Runs, context: GatherContext) => {
    await settled(pendingOf(runs), context.signal);
    const reader = metrics.every(isStoreKnown) ? undefined : await loadReader();
    return result(metrics, runs, context, reader && snapshotsOf(runs, reader.readSnapshot));
  };

  return {
    hasCollectors: true,
    gather(context) {
      const metrics = requested(known.list(), context);
      if (context.isFinal) return result(metrics.filter(isStoreKnown), [], context);
      const runs = startCollectors(metrics, context.onCollected);
      const isPending = runs.some(
        ({ pending, known }) => pending !== undefined || !known.isStoreKnown,
      );
      return isPending ? resultLater(metrics, runs, context) : result(metrics, runs, context);
    },
  };
}

/** Few metrics are read through `get()`; only for them is its reader loaded. */
const loadReader = loadOnce(() => import("./read-snapshot.ts"));

type Metrics = readonly KnownMetric[];

/** The readable metrics that a scrape asks for; the same list when these are all. */
function requested(metrics: Metrics, { isRequested, report }: GatherContext): Metrics {
  let some: KnownMetric[] | undefined;
  for (const [index, metric] of metrics.entries()) {
    const isWanted =
      isReadable(metric, report) &&
      (isKnownLater(metric) || isRequested(String(metric.name), metric.type));
    if (isWanted) some?.push(metric);
    else some ??= metrics.slice(0, index);
  }
  return some ?? metrics;
}

/** Whether the values can be read without `get()`, which runs the collector. */
function isStoreKnown(known: KnownMetric): boolean {
  return known.isStoreKnown;
}

/** Whether only `get()` tells what the metric is; a family that nobody asked for is dropped later. */
function isKnownLater({ name, metric, isStoreKnown }: KnownMetric): boolean {
  return !isStoreKnown && (name === undefined || name === null || typeOf(metric) === undefined);
}

/** The libraries register a metric before they check its configuration. */
function isReadable({ name, get }: KnownMetric, report: FaultReporter): boolean {
  if (typeof get === "function") return true;
  report(String(name), "its constructor threw");
  return false;
}

/** One running collector. */
interface CollectorRun {
  readonly known: KnownMetric;
  /**
   * When the sweep began: one time for all, so that a collector that succeeds reads no clock. When this
   * collector began, if somebody asks how long it takes.
   */
  readonly startedAt: number;
  readonly onCollected: OnCollected;
  /** Present while an asynchronous collector has not settled. */
  pending: Promise<void> | undefined;
  /** The result of `get()`, for a metric whose store is not read directly. */
  snapshot: MetricSnapshot | undefined;
  failure: { readonly error: unknown; readonly durationMs: number } | undefined;
}

type Runs = readonly CollectorRun[];

type OnCollected = GatherContext["onCollected"];

/** Starts all collectors; a metric whose store is read directly may have none. */
function startCollectors(metrics: Metrics, onCollected: OnCollected): CollectorRun[] {
  const runs: CollectorRun[] = [];
  const sweptAt = performance.now();
  for (const known of metrics) {
    if (known.isStoreKnown && !known.metric.collect) continue;
    const startedAt = onCollected === undefined ? sweptAt : performance.now();
    runs.push(startCollector(known, startedAt, onCollected));
  }
  return runs;
}

function startCollector(
  known: KnownMetric,
  startedAt: number,
  onCollected: OnCollected,
): CollectorRun {
  const run: CollectorRun = {
    known,
    startedAt,
    onCollected,
    pending: undefined,
    snapshot: undefined,
    failure: undefined,
  };
  try {
    // `get()` runs the collector itself.
    const result: unknown = known.isStoreKnown
      ? runCollector(known.metric)
      : snapshotIn(known.metric.get());
    if (isThenable(result)) {
      run.pending = Promise.resolve(result)
        .then((value) => finishRun(run, value))
        .catch((error: unknown) => failRun(run, error));
    } else finishRun(run, result);
  } catch (error) {
    failRun(run, error);
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

function snapshotsOf(runs: Runs, read: Snapshots["read"]): Snapshots {
  const byMetric = new Map<KnownMetric, MetricSnapshot>();
  for (const { known, snapshot } of runs) {
    if (snapshot !== undefined) byMetric.set(known, snapshot);
  }
  return { byMetric, read };
}

function pendingOf(runs: Runs): Promise<void>[] {
  const promises: Promise<void>[] = [];
  for (const { pending } of runs) if (pending !== undefined) promises.push(pending);
  return promises;
}

/** What a report calls a metric. */
function nameOf({ name }: KnownMetric): string {
  return name === undefined || name === null ? "a metric without a name" : String(name);
}

function runCollector(metric: RegistryMetric): unknown {
  // The client libraries check the type of `collect` when they construct a metric.
  return (metric.collect as () => unknown).call(metric);
}

/**
 * Checks and copies what `get()` has returned.
 *
 * @throws {TypeError} If it is not what the client libraries return.
 */
async function snapshotIn(result: unknown): Promise<MetricSnapshot> {
  const [value, { toSnapshot }] = [await result, await loadReader()];
  return toSnapshot(value);
}

function finishRun(run: CollectorRun, value: unknown): void {
  run.pending = undefined;
  reportDuration(run);
  // The return value of a collector means nothing.
  if (run.known.isStoreKnown) return;
  // Cast: `snapshotIn()` has checked it.
  run.snapshot = value as MetricSnapshot;
}

function failRun(run: CollectorRun, error: unknown): void {
  run.pending = undefined;
  run.failure = { error, durationMs: performance.now() - run.startedAt };
  reportDuration(run);
}

/** A metric without a collector is read through `get()` where its store is unknown; it has no row. */
function reportDuration({ known, startedAt, onCollected }: CollectorRun): void {
  if (onCollected === undefined || !known.metric.collect) return;
  onCollected(nameOf(known), performance.now() - startedAt);
}

function collectorErrorsOf(runs: Runs, context: GatherContext): CollectorError[] {
  const errors: CollectorError[] = [];
  for (const { known, startedAt, failure, pending } of runs) {
    if (failure !== undefined) errors.push({ collector: nameOf(known), ...failure });
    else if (pending !== undefined) {
      const durationMs = performance.now() - startedAt;
      errors.push({ collector: nameOf(known), error: context.signal.reason, durationMs });
    }
  }
  return errors;
}
