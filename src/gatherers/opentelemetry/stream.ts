import type { Labels } from "../../model/metric-family.ts";
import type { Attributes, DataPoint, Descriptor, HistogramValue, MetricData } from "./collected.ts";
import { LabelMaker, type LabelSources } from "./naming/label-maker.ts";

/** One label set of a stream; the object is the identity of its metric. */
export interface Series {
  /** The SDK returns the same object for the same label set at each collection. */
  readonly attributes: Attributes;
  /** Made once, because the application may change the attributes; absent if it is not served. */
  readonly labels: Labels | undefined;
  /** The bounds of a classic histogram. The SDK returns the same array at each collection. */
  readonly boundaries?: readonly number[] | undefined;
}

/** The label set of what has not been read yet. */
export const NO_SERIES: Series = { attributes: {}, labels: {} };

/** What is served of a stream: the points of one collection, and a label set for each at the same index. */
export interface Collected {
  readonly points: readonly DataPoint[];
  /** There may be more than points. */
  readonly series: readonly Series[];
}

/**
 * What one instrument has counted, with the label sets that are known of it.
 *
 * The SDK returns the same attributes objects in the same order at each collection, and new ones behind them.
 * So a label set is found by its index. Where a foreign producer does otherwise, label sets are made anew,
 * and may repeat.
 *
 * A collection is taken in steps, of which the last serves it: `take()` or `leaveOut()`, `makeNext()` and
 * `add()` for each point that `isBehind`, `publish()`.
 */
export class Stream {
  /** The object that described it last. */
  descriptor: Descriptor;
  /** What is served. */
  current: Collected = { points: [], series: [] };
  /** Whether its label sets have to be made again. */
  isReset = false;
  /** Makes the labels of its label sets. */
  labels: LabelMaker;
  readonly #metric: Pick<MetricData, "dataPointType" | "isMonotonic" | "aggregationTemporality">;
  /** The collection that brought it last. */
  #collection = 0;
  #points: readonly DataPoint[] = [];
  #series: Series[] = [];
  #attributes = new Set<Attributes>();
  #hasChanged = false;
  #hasSharedAttributes = false;
  #hasIllegible = false;

  constructor(metric: MetricData, labels: LabelSources) {
    const { descriptor, dataPointType, isMonotonic, aggregationTemporality } = metric;
    this.descriptor = descriptor;
    this.labels = new LabelMaker(labels);
    this.#metric = { dataPointType, isMonotonic, aggregationTemporality };
  }

  /** Whether it may take a metric in a collection: one that has its shape, unless it has taken another. */
  accepts(metric: MetricData, collection: number): boolean {
    return (
      this.#collection !== collection &&
      metric.dataPointType === this.#metric.dataPointType &&
      metric.isMonotonic === this.#metric.isMonotonic &&
      metric.aggregationTemporality === this.#metric.aggregationTemporality
    );
  }

  /** Takes the points that a collection has brought. */
  take(points: readonly DataPoint[], collection: number): void {
    this.#collection = collection;
    this.#points = points;
    if (this.#areKnown()) return;
    this.#hasChanged = true;
    this.reset();
  }

  /** Whether two of its label sets may be equal; stays `true`. */
  get mayRepeat(): boolean {
    return this.labels.mayRepeat || this.#hasChanged;
  }

  /** Whether a collection has brought it. */
  isIn(collection: number): boolean {
    return this.#collection === collection;
  }

  /** Ends what is served of it, because a collection has not brought it. */
  leaveOut(): void {
    this.#points = [];
    if (this.#series.length > 0) this.reset();
  }

  /** Forgets all label sets; what is served stays as it is until `publish()`. */
  reset(sources?: LabelSources): void {
    if (sources !== undefined) this.labels = new LabelMaker(sources);
    this.isReset = true;
    this.#series = [];
    this.#attributes = new Set();
    this.#hasSharedAttributes = false;
    this.#hasIllegible = false;
  }

  /** Whether there are points whose label sets must be made. */
  get isBehind(): boolean {
    return this.#series.length < this.#points.length;
  }

  /** Makes the next label set. */
  makeNext(): Series {
    const point = this.#points[this.#series.length] as DataPoint; // It is behind.
    const { attributes } = point;
    // Where a caller changes an object that it records with, the SDK has several label sets with that object.
    const isShared = this.#attributes.has(attributes);
    if (isShared) this.#hasSharedAttributes = true;
    else this.#attributes.add(attributes);
    return this.#seriesOf(point, isShared);
  }

  /** Adds the label set that was made. */
  add(series: Series): void {
    this.#series.push(series);
  }

  /** All label sets, in order. */
  get series(): readonly Series[] {
    return this.#series;
  }

  /** Serves the points that were taken. */
  publish(): void {
    this.isReset = false;
    this.current = { points: this.#points, series: this.#series };
  }

  /** What to report of its label sets. */
  *faults(): Generator<string, void, undefined> {
    if (this.#hasSharedAttributes) yield SHARED_ATTRIBUTES;
    if (this.#hasIllegible) yield "the attributes of a label set cannot be read; skipped it";
    if (this.labels.hasEmptyKey) yield "an attribute has an empty key; skipped it";
  }

  #seriesOf(point: DataPoint, isShared: boolean): Series {
    const { attributes } = point;
    const labels = isShared ? undefined : this.#labelsOf(attributes);
    return { attributes, labels, boundaries: boundariesOf(point) };
  }

  /** Makes the labels; `undefined` where an object of the application throws when it is read. */
  #labelsOf(attributes: Attributes): Labels | undefined {
    try {
      // Applications that are not type-checked record with texts, too, and the SDK takes them.
      return this.labels.labelsOf(attributes ?? {});
    } catch {
      this.#hasIllegible = true;
      return undefined;
    }
  }

  /** Whether the first points have the known label sets. That takes a hundredth of the time of a collection. */
  #areKnown(): boolean {
    const { length } = this.#series;
    for (let index = 0; index < length; index++) if (!this.#isKnown(index)) return false;
    return true;
  }

  #isKnown(index: number): boolean {
    const point = this.#points[index];
    const series = this.#series[index];
    return (
      point !== undefined &&
      point.attributes === series?.attributes &&
      boundariesOf(point) === series.boundaries
    );
  }
}

function boundariesOf({ value }: DataPoint): readonly number[] | undefined {
  return (value as Partial<HistogramValue> | null | undefined)?.buckets?.boundaries;
}

const SHARED_ATTRIBUTES = "two label sets share one attributes object; kept the first";
