import {
  ANY_QUANTILES,
  type BoundRule,
  BUCKET_BOUNDS,
  createBoundsReader,
  type UsableBounds,
} from "../../../model/bounds.ts";
import { NO_BUCKET_COUNT, NOT_A_NUMBER } from "../../../model/faults.ts";
import type {
  HistogramMetric,
  Metric,
  MetricType,
  SummaryMetric,
  ValueMetric,
} from "../../../model/metric-family.ts";

/** JSON has no infinite numbers. */
const FINITE_QUANTILES: BoundRule = { ...ANY_QUANTILES, isLegal: Number.isFinite };

const NO_BOUNDS: UsableBounds = { values: [], indexes: [], fault: undefined };

/** Which numbers the rows of a family have besides those of their type. */
export interface Columns {
  readonly hasTimestamps: boolean;
  readonly hasStartTimestamps: boolean;
}

/**
 * The numbers of one metric of a family, as `snapshot.ts` lays them out. One object reads all metrics,
 * each at once, so that none is read half before and half after a pause.
 */
export class Point {
  /** The numbers, of which the first `length` count. */
  numbers: Float64Array = new Float64Array(16);
  length = 0;
  bounds: UsableBounds = NO_BOUNDS;
  /** What to report of the metric; it is left out if `read()` returned `false`. */
  fault: string | undefined;
  /** Whether the metric has a timestamp for which there is no column. */
  lacksColumn = false;
  readonly columns: Columns;
  readonly #readNumbers: (metric: Metric, point: Point) => string | undefined;

  constructor(type: MetricType, columns: Columns) {
    this.columns = columns;
    // The type of a family decides the type of its metrics.
    this.#readNumbers = numbersReader(type) as (metric: Metric, point: Point) => string | undefined;
  }

  /** Reads a metric; `false` for one that cannot be sent. */
  read(metric: Metric): boolean {
    this.fault = undefined;
    this.length = 0;
    const fault = this.#readNumbers(metric, this);
    if (fault !== undefined) {
      this.fault = fault;
      return false;
    }
    const { hasTimestamps, hasStartTimestamps } = this.columns;
    const timestamp = toTimestamp(metric.timestampMs);
    const start = toTimestamp(metric.startTimestampMs);
    this.lacksColumn =
      (!hasTimestamps && !Number.isNaN(timestamp)) || (!hasStartTimestamps && !Number.isNaN(start));
    if (hasTimestamps) this.push(timestamp);
    if (hasStartTimestamps) this.push(start);
    return true;
  }

  push(number: number): void {
    if (this.length === this.numbers.length) {
      const grown = new Float64Array(this.length * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[this.length++] = number;
  }
}

function numbersReader(type: MetricType) {
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramReader();
    case "summary":
      return createSummaryReader();
    default:
      return readValue;
  }
}

function readValue({ value }: ValueMetric, point: Point): string | undefined {
  if (typeof value !== "number") return NOT_A_NUMBER;
  point.push(value);
  return undefined;
}

function createHistogramReader() {
  const boundsOf = createBoundsReader(BUCKET_BOUNDS);
  return (metric: HistogramMetric, point: Point): string | undefined => {
    const { count, sum, upperBounds, cumulativeCounts } = metric;
    if (typeof count !== "number" || typeof sum !== "number") return NOT_A_NUMBER;
    if (Number.isNaN(count)) return NOT_A_NUMBER;
    point.bounds = boundsOf(upperBounds);
    const { indexes, fault } = point.bounds;
    point.fault = fault;
    for (let at = 0; at < indexes.length; at++) {
      const bucket = numberAt(cumulativeCounts, indexes[at] as number); // at < length
      if (Number.isNaN(bucket)) point.fault = NO_BUCKET_COUNT;
      point.push(bucket);
    }
    point.push(count);
    point.push(sum);
    return undefined;
  };
}

function createSummaryReader() {
  const quantilesOf = createBoundsReader(FINITE_QUANTILES);
  return (metric: SummaryMetric, point: Point): string | undefined => {
    const { count, sum, quantiles, quantileValues } = metric;
    if (typeof count !== "number" || typeof sum !== "number") return NOT_A_NUMBER;
    point.bounds = quantilesOf(quantiles);
    const { indexes, fault } = point.bounds;
    point.fault = fault;
    for (let at = 0; at < indexes.length; at++) {
      point.push(numberAt(quantileValues, indexes[at] as number)); // at < length
    }
    point.push(count);
    point.push(sum);
    return undefined;
  };
}

/** An author without a compiler that checks types may have left out the list, or put texts into it. */
function numberAt(numbers: ArrayLike<number> | undefined, index: number): number {
  const number: unknown = numbers?.[index];
  return typeof number === "number" ? number : Number.NaN;
}

function toTimestamp(timestampMs: unknown): number {
  return typeof timestampMs === "number" ? timestampMs : Number.NaN;
}
