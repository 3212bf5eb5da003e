import { DATA_POINT_TYPE, type MetricData, TEMPORALITY } from "./collected.ts";
import type { InstrumentKind } from "./naming/metric-name.ts";

/** What the points of a stream are to Prometheus. */
export interface StreamKind {
  /** What a report calls it. */
  readonly text: string;
  /** The type of its family. */
  readonly type: "counter" | "gauge" | "histogram";
  readonly instrument: InstrumentKind;
  /** How the gauges of several workers become one. */
  readonly aggregator?: "perWorker" | "sum" | undefined;
}

/** A sum that only grows. */
export const COUNTER: StreamKind = { text: "counter", type: "counter", instrument: "counter" };

/** The last value of each worker, which adds up to nothing. */
const GAUGE: StreamKind = {
  text: "gauge",
  type: "gauge",
  instrument: "gauge",
  aggregator: "perWorker",
};

/** A sum that may fall: Sums, MUST be a gauge. What several workers hold adds up. */
const UP_DOWN_SUM: StreamKind = {
  text: "gauge",
  type: "gauge",
  instrument: "other",
  aggregator: "sum",
};

/** A histogram with buckets that the application has chosen. */
export const HISTOGRAM: StreamKind = { text: "histogram", type: "histogram", instrument: "other" };

/** A histogram whose buckets follow from a scale. */
export const EXPONENTIAL_HISTOGRAM: StreamKind = {
  text: "exponential histogram",
  type: "histogram",
  instrument: "other",
};

/** Returns the kind of a stream; `undefined` for one that no version of the SDK has. */
export function kindOf({ dataPointType, isMonotonic }: MetricData): StreamKind | undefined {
  switch (dataPointType) {
    case DATA_POINT_TYPE.histogram:
      return HISTOGRAM;
    case DATA_POINT_TYPE.exponentialHistogram:
      return EXPONENTIAL_HISTOGRAM;
    case DATA_POINT_TYPE.gauge:
      return GAUGE;
    case DATA_POINT_TYPE.sum:
      return isMonotonic ? COUNTER : UP_DOWN_SUM;
    default:
      return undefined;
  }
}

/** Whether streams of both kinds can be in one family; no family mixes the kinds of histograms. */
export function areOneType(a: StreamKind, b: StreamKind): boolean {
  return a.type === b.type && (a === EXPONENTIAL_HISTOGRAM) === (b === EXPONENTIAL_HISTOGRAM);
}

/** Whether points count only since the last collection. A gauge has a value at any time. */
export function isDelta({ aggregationTemporality, dataPointType }: MetricData): boolean {
  return (
    aggregationTemporality !== TEMPORALITY.cumulative && dataPointType !== DATA_POINT_TYPE.gauge
  );
}
