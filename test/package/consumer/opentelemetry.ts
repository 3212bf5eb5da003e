/** Uses `promhttp/opentelemetry` where nothing of OpenTelemetry is installed. It is compiled and never run. */
import { createHandler, type Gatherer, Server } from "promhttp";
import {
  type AggregationChoice,
  type AttributePatterns,
  type Collecting,
  type ExporterConfig,
  gathererOf,
  type MappingOptions,
  PrometheusExporter,
  PrometheusReader,
  type PrometheusReaderOptions,
  type TranslationStrategy,
} from "promhttp/opentelemetry";

const translationStrategy: TranslationStrategy = "UnderscoreEscapingWithSuffixes";
const resourceConstantLabels: AttributePatterns = { included: ["service.*"] };
const mapping: MappingOptions = { translationStrategy, resourceConstantLabels };
const exponential: AggregationChoice = { type: 5 };
const options: PrometheusReaderOptions = {
  ...mapping,
  defaultAggregation: (type) => (type === "HISTOGRAM" ? exponential : undefined),
};

/** Every way from a reader to an endpoint. */
export function serve(existing: Collecting): Promise<Server> {
  const reader = new PrometheusReader(options);
  createHandler([reader, gathererOf(existing, mapping)]);
  const config: ExporterConfig = { port: 9464, withoutScopeInfo: true, workers: true };
  const exporter: Gatherer = new PrometheusExporter(config, (error) => error?.message);
  return Server.listen([reader, exporter], ":9464");
}
