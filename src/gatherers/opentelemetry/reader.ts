import type { GatherContext, Gatherer, GatherResult } from "../../model/gatherer.ts";
import { integerFrom, isFunction } from "../../options/checks.ts";
import { gatherLast } from "../final-gathering.ts";
import type { Collecting, CollectionResult } from "./collected.ts";
import { createGatherer } from "./gatherer.ts";
import type { MappingOptions } from "./mapping-options.ts";
import { resolveMapping } from "./mapping-rules.ts";

/** The number of an aggregation of the SDK, with its options. */
export interface AggregationChoice {
  /** A value of the SDK's `AggregationType`, such as 5 for an exponential histogram. */
  readonly type: number;
  /** The options of that aggregation, such as `{ maxSize: 160 }`. */
  readonly options?: object | undefined;
}

/** The options of `PrometheusReader`. */
export interface PrometheusReaderOptions extends MappingOptions {
  /**
   * Chooses the aggregation of an instrument for which there is no view, by its type: `"COUNTER"`, `"GAUGE"`,
   * `"HISTOGRAM"`, `"UP_DOWN_COUNTER"`, or `"OBSERVABLE_"` and one of them. It must return the same for the
   * same type; `undefined` is the SDK's own choice.
   * @default undefined: the SDK's own choice
   */
  readonly defaultAggregation?: ((instrument: string) => AggregationChoice | undefined) | undefined;
  /**
   * How many label sets an instrument may get between two scrapes; further ones are counted together. Not a
   * bound of all label sets: that is how the SDK counts. Where there is a view, its own limit holds.
   * @default 2000
   */
  readonly cardinalityLimit?: number | undefined;
}

const READER_CHECKS = {
  defaultAggregation: isFunction,
  cardinalityLimit: integerFrom(1, Number.MAX_SAFE_INTEGER),
};

/** `AggregationType.DEFAULT` */
const DEFAULT_AGGREGATION: AggregationChoice = { type: 0 };

/**
 * A metric reader of the OpenTelemetry SDK, version 2 or 3, that is a `Gatherer`, too.
 *
 * It imports nothing of OpenTelemetry: it has the shape of an `IMetricReader`. One reader belongs to one
 * `MeterProvider`. What callbacks of observable instruments throw fails the scrape, or is skipped, as the
 * option `errorHandling` says; one that hangs is abandoned before the deadline.
 *
 * @example
 * ```ts
 * import { MeterProvider } from "@opentelemetry/sdk-metrics";
 * import { Server } from "promhttp";
 * import { PrometheusReader } from "promhttp/opentelemetry";
 *
 * const reader = new PrometheusReader();
 * const provider = new MeterProvider({ readers: [reader] });
 * await Server.run(reader, ":9464");
 * ```
 */
export class PrometheusReader implements Gatherer {
  /** @internal */
  readonly hasCollectors = true;
  readonly #defaultAggregation: PrometheusReaderOptions["defaultAggregation"];
  readonly #cardinalityLimit: number;
  readonly #furtherProducers: readonly Collecting[];
  readonly #gatherer: Gatherer;
  #producer: Collecting | undefined;
  #isShutDown = false;

  /**
   * @throws {TypeError} For an option of a wrong type, and for one that does not exist.
   * @throws {RangeError} For an option that is out of range.
   */
  constructor(options: PrometheusReaderOptions = {}) {
    const mapping = resolveMapping(options, READER_CHECKS);
    this.#defaultAggregation = options.defaultAggregation;
    this.#cardinalityLimit = options.cardinalityLimit ?? 2_000;
    this.#furtherProducers = mapping.producers;
    this.#gatherer = createGatherer({ collect: (timeout) => this.#collectOwn(timeout) }, mapping);
  }

  /**
   * Called by the `MeterProvider`, once.
   *
   * @throws {Error} For a reader that is in a `MeterProvider` already.
   */
  setMetricProducer(producer: Collecting): void {
    if (this.#producer !== undefined) {
      throw new Error("Cannot add the reader: it is already in a MeterProvider");
    }
    this.#producer = producer;
  }

  /** Called by the SDK when an instrument is created. */
  selectAggregation(instrument: string): {
    /** A value of the SDK's `AggregationType`. */
    readonly type: 0;
  } {
    const choice = this.#defaultAggregation?.(instrument) ?? DEFAULT_AGGREGATION;
    // SDK 1 calls that method; without it, its error would not say what is wrong. Cast: the SDK's type is a
    // union by number, which is the user's choice here.
    return { ...choice, createAggregator: refuseOldSdk } as { readonly type: 0 };
  }

  /** Called by the SDK: all points are cumulative. */
  selectAggregationTemporality(_instrument: string): 1 {
    return 1;
  }

  /** Called by the SDK when an instrument is created. */
  selectCardinalityLimit(_instrument: string): number {
    return this.#cardinalityLimit;
  }

  /**
   * Collects all metrics, as `gather()` does, and returns them as the SDK does: those of further producers
   * behind its own.
   *
   * @param options `timeoutMillis` bounds each callback; without it, one that hangs is waited for.
   * @throws {Error} Rejects before the reader is in a `MeterProvider`, after it was shut down, and with what a
   *   further producer rejects with.
   */
  async collect<Result = CollectionResult>(options?: {
    readonly timeoutMillis?: number | undefined;
  }): Promise<Result> {
    const { timeoutMillis } = options ?? {};
    const timeout = timeoutMillis === undefined ? {} : { timeoutMillis };
    const [own, ...others] = await Promise.all([
      this.#collectOwn(timeout),
      ...this.#furtherProducers.map((producer) => producer.collect(timeout)),
    ]);
    // Casts: the caller says what its SDK returns.
    return (others.length === 0 ? own : joined(own, others)) as Result;
  }

  async #collectOwn(timeout?: { timeoutMillis?: number }): Promise<CollectionResult> {
    if (this.#isShutDown) throw new Error("Cannot collect metrics: the reader is shut down");
    if (this.#producer === undefined) {
      throw new Error("Cannot collect metrics: the reader is not in a MeterProvider");
    }
    return this.#producer.collect(timeout);
  }

  /**
   * Collects all metrics and returns them as families.
   *
   * @throws {Error} Rejects before the reader is in a `MeterProvider`, and after it was shut down: a scrape
   *   is then answered with 500. An empty response would end all series.
   */
  gather(context: GatherContext): GatherResult | Promise<GatherResult> {
    // Cast: it returns nothing else.
    return this.#gatherer.gather(context) as GatherResult | Promise<GatherResult>;
  }

  /**
   * Called by `MeterProvider.shutdown()`. The server of the reader goes on, and answers with 500. What has been
   * counted until now is read once more: with the option `workers`, it counts on when this process has gone.
   */
  async shutdown(_options?: object): Promise<void> {
    if (!this.#isShutDown) await gatherLast(this.#gatherer, () => true);
    this.#isShutDown = true;
  }

  /** Called by `MeterProvider.forceFlush()`; there is nothing to send. */
  async forceFlush(_options?: object): Promise<void> {}
}

function joined(own: CollectionResult, others: readonly CollectionResult[]): CollectionResult {
  const all = [own, ...others];
  const { resource } = own.resourceMetrics;
  const scopeMetrics = all.flatMap(({ resourceMetrics }) => resourceMetrics.scopeMetrics);
  return {
    resourceMetrics: { resource, scopeMetrics },
    errors: all.flatMap(({ errors }) => errors),
  };
}

function refuseOldSdk(): never {
  throw new TypeError(
    "Cannot use this reader with OpenTelemetry SDK 1: pass one of that SDK to gathererOf()",
  );
}
