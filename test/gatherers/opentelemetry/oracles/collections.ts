import {
  type Attributes,
  type CollectionResult,
  DATA_POINT_TYPE,
  type DataPoint,
  type Descriptor,
  type ExponentialValue,
  type HistogramValue,
  type MetricData,
  type ScopeMetrics,
  TEMPORALITY,
} from "../../../../src/gatherers/opentelemetry/collected.ts";

/** Attributes with what was counted for them. */
export type Counted<Value> = readonly (readonly [attributes: Attributes, value: Value])[];

/** An instrument, without what is rarely given. */
export type Instrument = Partial<Descriptor> & Pick<Descriptor, "name">;

/** Makes the data of a counter. */
export function counter(instrument: Instrument, counted: Counted<number>): MetricData {
  return { ...metric(instrument, DATA_POINT_TYPE.sum, counted), isMonotonic: true };
}

/** Makes the data of an up-down counter. */
export function upDownCounter(instrument: Instrument, counted: Counted<number>): MetricData {
  return { ...metric(instrument, DATA_POINT_TYPE.sum, counted), isMonotonic: false };
}

/** Makes the data of a gauge. */
export function gauge(instrument: Instrument, counted: Counted<number>): MetricData {
  return metric(instrument, DATA_POINT_TYPE.gauge, counted);
}

/** Makes the data of a histogram from what was recorded for each label set. */
export function histogram(
  instrument: Instrument,
  boundaries: readonly number[],
  recorded: Counted<readonly number[]>,
): MetricData {
  const counted = recorded.map(([attributes, values]) => {
    const counts = [...boundaries, Number.POSITIVE_INFINITY].map((bound, index, bounds) => {
      const above = bounds[index - 1] ?? Number.NEGATIVE_INFINITY;
      return values.filter((value) => value > above && value <= bound).length;
    });
    const sum = values.reduce((total, value) => total + value, 0);
    const value: HistogramValue = { buckets: { boundaries, counts }, count: values.length, sum };
    return [attributes, value] as const;
  });
  return metric(instrument, DATA_POINT_TYPE.histogram, counted);
}

/** Makes the data of an exponential histogram. */
export function exponentialHistogram(
  instrument: Instrument,
  counted: Counted<ExponentialValue>,
): MetricData {
  return metric(instrument, DATA_POINT_TYPE.exponentialHistogram, counted);
}

function metric(
  instrument: Instrument,
  dataPointType: number,
  counted: Counted<unknown>,
): MetricData {
  return {
    descriptor: { description: "", unit: "", ...instrument },
    aggregationTemporality: TEMPORALITY.cumulative,
    dataPointType,
    dataPoints: counted.map(([attributes, value]): DataPoint => {
      return { attributes, startTime: [1, 0], value };
    }),
  };
}

/** Makes a reader that collects always the same. */
export function readerOf(resource: Attributes, scopeMetrics: readonly ScopeMetrics[]) {
  const resourceMetrics = { resource: { attributes: resource }, scopeMetrics };
  const result: CollectionResult = { resourceMetrics, errors: [] };
  return { collect: async (): Promise<CollectionResult> => result };
}
