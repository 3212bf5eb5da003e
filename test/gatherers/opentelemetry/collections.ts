import type {
  Attributes,
  Collecting,
  CollectionResult,
  DataPoint,
  HistogramValue,
  MetricData,
  Resource,
  ScopeMetrics,
} from "../../../src/gatherers/opentelemetry/collected.ts";

/** What the points of a metric are, in the words of Prometheus. */
export type Kind = "counter" | "gauge" | "sum" | "histogram" | "exponential";

const SHAPES: Readonly<Record<Kind, Pick<MetricData, "dataPointType" | "isMonotonic">>> = {
  histogram: { dataPointType: 0 },
  exponential: { dataPointType: 1 },
  gauge: { dataPointType: 2 },
  counter: { dataPointType: 3, isMonotonic: true },
  sum: { dataPointType: 3, isMonotonic: false },
};

/** Makes a point. */
export function point(value: unknown, attributes: Attributes = {}): DataPoint {
  return { attributes, startTime: [1_700_000_000, 500_000_000], value };
}

/** Makes the value of a histogram. */
export function buckets(
  boundaries: readonly number[],
  counts: readonly number[],
  sum?: number,
): HistogramValue {
  const count = counts.reduce((total, one) => total + one, 0);
  return { buckets: { boundaries, counts }, count, sum };
}

/** What a metric may have beside its points. */
export interface MetricOptions {
  readonly description?: string;
  readonly unit?: string;
  readonly temporality?: number;
}

/** Makes the metric of an instrument. */
export function metric(
  kind: Kind,
  name: string,
  dataPoints: readonly DataPoint[] = [point(1)],
  { description = "", unit = "", temporality = 1 }: MetricOptions = {},
): MetricData {
  const descriptor = { name, description, unit };
  return { ...SHAPES[kind], descriptor, aggregationTemporality: temporality, dataPoints };
}

/** Makes the metrics of a scope. */
export function scope(name: string, ...metrics: readonly MetricData[]): ScopeMetrics {
  return { scope: { name, version: "" }, metrics };
}

/** Makes a collection. */
export function collection(
  scopeMetrics: readonly ScopeMetrics[],
  resource: Resource = { attributes: {} },
): CollectionResult {
  return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
}

/** A reader that collects what a test says. */
export interface TestReader extends Collecting {
  /** What it collects next, and from then on. */
  scopes: readonly ScopeMetrics[];
}

/** Makes a reader that collects what a test says. */
export function readerOf(scopes: readonly ScopeMetrics[], resource?: Resource): TestReader {
  return {
    scopes,
    async collect() {
      return collection(this.scopes, resource);
    },
  };
}
