/**
 * Reads what a metric reader of the OpenTelemetry SDK collects, versions 1.30 to 3.
 *
 * 1. `collecting.ts` calls `collect()`, which runs all callbacks and returns new objects for all points. That
 *    is one piece of work of the SDK, and most of what a scrape costs.
 * 2. `resource.ts` makes `target_info` of the resource, when its attributes are there.
 * 3. `families.ts` finds the stream of each instrument (`stream.ts`), and the family of each name
 *    (`family.ts`). Whatever has been found out once is remembered: names, conflicts, and in `stream.ts` the
 *    labels of each label set (`naming/label-maker.ts`). Only what is new takes time, in slices.
 * 4. While a family is encoded, `points/walk.ts` reads the points one by one, through one object that moves
 *    (`points/flyweights.ts`). Where the label sets are those of the last scrape, it reads many at a time. A
 *    walk has the points of the collection that was the last when it began.
 *
 * `collected.ts` describes the SDK as structural types, and `naming/` says what names become. Nothing of
 * OpenTelemetry is imported, and nothing that the SDK returns is changed.
 *
 * @module
 */
import { settled } from "../../abort.ts";
import type {
  FaultReporter,
  GatherContext,
  Gatherer,
  GatherResult,
  LightAbortSignal,
} from "../../model/gatherer.ts";
import { haveSameElements } from "../../model/identity.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import { nextTurn } from "../../timers.ts";
import type { Attributes, Collecting, CollectionResult, Resource } from "./collected.ts";
import { errorsOf, type Run, scopesOf, startCollecting } from "./collecting.ts";
import { Families } from "./families.ts";
import type { MappingOptions } from "./mapping-options.ts";
import { isCollecting, type Mapping, resolveMapping } from "./mapping-rules.ts";

/**
 * Makes a gatherer of a metric reader that exists: of SDK 1.30 to 3, whatever its class. It must collect
 * cumulative points; others are skipped. For SDK 2 and later, `PrometheusReader` is simpler.
 *
 * @throws {TypeError} For what has no `collect()`, and for an option of a wrong type or name.
 * @throws {RangeError} For an option that is out of range.
 *
 * @example
 * ```ts
 * const reader = new PeriodicExportingMetricReader({ exporter });
 * const provider = new MeterProvider({ readers: [reader] });
 * await Server.run(gathererOf(reader), ":9464");
 * ```
 */
export function gathererOf(reader: Collecting, options?: MappingOptions): Gatherer {
  if (!isCollecting(reader)) throw new TypeError("Reader must be an object with collect()");
  return createGatherer(reader, resolveMapping(options));
}

/**
 * Makes a gatherer of what collects metrics, with checked options.
 *
 * Its gathering rejects when the collection of `reader` does. What callbacks threw, and what other producers
 * reject with, are errors in the result.
 *
 * @internal
 */
export function createGatherer(reader: Collecting, mapping: Mapping): Gatherer {
  return new ReaderGatherer(reader, mapping);
}

class ReaderGatherer implements Gatherer {
  readonly hasCollectors = true;
  readonly #sources: readonly Collecting[];
  readonly #families: Families;
  /** Whether attributes of the resource are labels of each series. */
  readonly #hasResourceLabels: boolean;
  /** The resource whose attributes are all there. */
  #resource: Resource | undefined;
  /** Settles when the last collection has been taken; never rejects. */
  #taken: Promise<void> = Promise.resolve();
  /** How many gatherings have begun, and the latest of them whose collection has been taken. */
  #begun = 0;
  #latest = 0;
  /** The families that were asked for last; the same list means that nothing has changed. */
  #requested: readonly MetricFamily[] = [];

  constructor(reader: Collecting, mapping: Mapping) {
    this.#sources = [reader, ...mapping.producers];
    this.#families = new Families(mapping);
    this.#hasResourceLabels = mapping.isConstantLabel !== undefined;
  }

  gather(context: GatherContext): GatherResult | Promise<GatherResult> {
    const isAtOnce = context.isFinal === true && context.mayWait !== true;
    return isAtOnce ? { families: this.#select(context) } : this.#gather(context);
  }

  async #gather(context: GatherContext): Promise<GatherResult> {
    const startedAt = performance.now();
    const turn = ++this.#begun;
    const signal = context.lightSignal ?? context.signal;
    const runs = this.#sources.map((source) => startCollecting(source, context));
    await settled(
      runs.map(({ done }) => done),
      signal,
    );
    // Encoding would only add to a turn of the event loop that was long already.
    if (performance.now() - startedAt >= SLICE_MS) await nextTurn();
    const { result: own, failure } = runs[0] as Run; // The reader is the first.
    if (failure !== undefined) throw failure.error;
    const isKnown = own !== undefined && (await this.#knows(own.resourceMetrics.resource, signal));
    // Without it there is no `target_info`; series whose labels it has would be others.
    const isServed = own !== undefined && (isKnown || !this.#hasResourceLabels);
    if (isServed) await this.#take(own, runs, turn, context.report);
    const durationMs = performance.now() - startedAt;
    context.onCollected?.(COLLECTOR, durationMs);
    const { reason } = signal;
    const errors = runs.flatMap((run) => errorsOf(run, reason));
    if (own !== undefined && !isKnown) errors.push(reason);
    return {
      families: isServed ? this.#select(context) : [],
      errors: errors.map((error) => ({ collector: COLLECTOR, error, durationMs })),
    };
  }

  /** Whether all attributes of a resource are there, once they are or the signal aborts. */
  async #knows(resource: Resource, signal: LightAbortSignal): Promise<boolean> {
    if (resource === this.#resource) return true;
    const isKnown = await isComplete(resource, signal);
    this.#resource = isKnown ? resource : undefined;
    return isKnown;
  }

  /** Takes what was collected, unless a gathering that began later has taken newer values. */
  async #take(
    { resourceMetrics: { resource, scopeMetrics } }: CollectionResult,
    [, ...others]: readonly Run[],
    turn: number,
    report: FaultReporter,
  ): Promise<void> {
    const taken = this.#taken.then(() => {
      if (turn < this.#latest) return undefined;
      this.#latest = turn;
      const foreign = others.flatMap(scopesOf);
      const attributes = resource === this.#resource ? resource.attributes : NO_ATTRIBUTES;
      return inSlices(this.#families.take({ attributes, own: scopeMetrics, foreign }, report));
    });
    this.#taken = taken.catch(() => {});
    await taken;
  }

  /** The families that a scrape asks for. */
  #select({ isRequested }: GatherContext): readonly MetricFamily[] {
    const { list } = this.#families;
    const requested = list.filter(({ name, type }) => isRequested(name, type));
    if (requested.length === list.length) return list;
    if (!haveSameElements(requested, this.#requested)) this.#requested = Object.freeze(requested);
    return this.#requested;
  }
}

/** Those of a resource that is not known yet. */
const NO_ATTRIBUTES: Attributes = {};

/** Waits for all attributes: read too soon, some are missing, and the SDK logs an error. */
async function isComplete(resource: Resource, signal: LightAbortSignal): Promise<boolean> {
  if (resource.waitForAsyncAttributes === undefined) return true;
  // The signal may have aborted already: callbacks that hang time out shortly before.
  if (resource.asyncAttributesPending === false) return true;
  const completion = (async () => resource.waitForAsyncAttributes?.())();
  await settled([completion.catch(() => {})], signal);
  return !signal.aborted;
}

/** What a report calls all callbacks: the SDK does not tell which of them threw. */
const COLLECTOR = "opentelemetry";

/** How long our own work may hold the event loop, in milliseconds: encoding may follow in the same turn. */
const SLICE_MS = 1;

async function inSlices(work: Iterator<undefined>): Promise<void> {
  let startedAt = performance.now();
  while (!work.next().done) {
    if (performance.now() - startedAt < SLICE_MS) continue;
    await nextTurn();
    startedAt = performance.now();
  }
}
