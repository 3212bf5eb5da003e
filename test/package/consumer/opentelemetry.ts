/** Uses every export of `promhttp/opentelemetry`, without a package of OpenTelemetry. It is compiled and never run. */
import { type Gatherer, Server } from "promhttp";
import {
  type AggregationChoice,
  type AttributePatterns,
  type Attributes,
  type CollectedExemplar,
  type Collecting,
  type CollectionResult,
  type DataPoint,
  type Descriptor,
  type ExporterConfig,
  gathererOf,
  type HrTime,
  type MappingOptions,
  type MetricData,
  PrometheusExporter,
  PrometheusReader,
  type PrometheusReaderOptions,
  type Resource,
  type ResourceMetrics,
  type Scope,
  type ScopeMetrics,
  type TranslationStrategy,
} from "promhttp/opentelemetry";
import "promhttp/opentelemetry/register";

const timestamp: HrTime = [1_700_000_000, 0];
const attributes: Attributes = { region: "eu", shards: [1, 2] };
const exemplar: CollectedExemplar = { value: 1, timestamp, traceId: "t", spanId: "s" };
const point: DataPoint<number> = {
  attributes,
  startTime: timestamp,
  value: 3,
  exemplars: [exemplar],
};
const descriptor: Descriptor = { name: "orders", description: "Orders.", unit: "{order}" };
const metric: MetricData = {
  descriptor,
  aggregationTemporality: 1,
  dataPointType: 3,
  isMonotonic: true,
  dataPoints: [point],
};
const scope: Scope = { name: "shop", version: "1.0" };
const scopeMetrics: ScopeMetrics = { scope, metrics: [metric] };
const resource: Resource = { attributes };
const resourceMetrics: ResourceMetrics = { resource, scopeMetrics: [scopeMetrics] };
const result: CollectionResult = { resourceMetrics, errors: [] };
export const producer: Collecting = { collect: () => Promise.resolve(result) };

const translationStrategy: TranslationStrategy = "NoTranslation";
const resourceConstantLabels: AttributePatterns = { included: ["service.*"] };
const mapping: MappingOptions = { translationStrategy, resourceConstantLabels };
const native: AggregationChoice = { type: 5, options: { maxSize: 160 } };
const options: PrometheusReaderOptions = { ...mapping, defaultAggregation: () => native };
const config: ExporterConfig = { ...options, preventServerStart: true, withoutScopeInfo: true };

export const gatherers: Gatherer[] = [
  gathererOf(producer, mapping),
  new PrometheusReader(options),
  new PrometheusExporter(config, (error?: Error) => {
    if (error) throw error;
  }),
];
export const server: Promise<Server> = Server.listen(gatherers, ":0");
