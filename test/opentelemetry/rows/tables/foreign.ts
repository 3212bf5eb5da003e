import type {
  Collecting,
  DataPoint,
  MetricData,
  Scope,
} from "../../../../src/gatherers/opentelemetry/collected.ts";

/** A metric named `foreign`; what is not given is that of an ordinary one. */
interface ForeignMetric extends Pick<MetricData, "dataPointType"> {
  readonly aggregationTemporality?: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly (Pick<DataPoint, "value"> & Partial<DataPoint>)[];
}

/** A source of metrics beside the SDK, which has what no SDK brings yet. */
export function foreign(scope: Scope, metric: ForeignMetric): Collecting {
  const descriptor = {
    name: "foreign",
    description: "",
    unit: "",
    type: "COUNTER",
    valueType: 1,
    advice: {},
  };
  const now = [Math.floor(Date.now() / 1_000), 0] as const;
  const data: MetricData = {
    aggregationTemporality: 1,
    ...metric,
    descriptor,
    dataPoints: metric.dataPoints.map((point) => ({
      attributes: {},
      startTime: now,
      endTime: now,
      ...point,
    })),
  };
  const resourceMetrics = {
    resource: { attributes: {} },
    scopeMetrics: [{ scope, metrics: [data] }],
  };
  return { collect: () => Promise.resolve({ resourceMetrics, errors: [] }) };
}
