/**
 * The entry `promhttp/opentelemetry`: serves what OpenTelemetry counts, by its specification of a Prometheus
 * exporter. Nothing of OpenTelemetry is imported.
 *
 * @module
 */
export type { ExporterConfig } from "./exporter/exporter-config.ts";
export { PrometheusExporter } from "./exporter/prometheus-exporter.ts";
export type {
  Attributes,
  CollectedExemplar,
  Collecting,
  CollectionResult,
  DataPoint,
  Descriptor,
  HrTime,
  MetricData,
  Resource,
  ResourceMetrics,
  Scope,
  ScopeMetrics,
} from "./gatherers/opentelemetry/collected.ts";
export { gathererOf } from "./gatherers/opentelemetry/gatherer.ts";
export type {
  AttributePatterns,
  MappingOptions,
  TranslationStrategy,
} from "./gatherers/opentelemetry/mapping-options.ts";
export {
  type AggregationChoice,
  PrometheusReader,
  type PrometheusReaderOptions,
} from "./gatherers/opentelemetry/reader.ts";
