/**
 * Uses the readers with the types of SDK 2 and 3, as an application would. It is compiled and never run,
 * as a module of either kind.
 */
import { PrometheusExporter as FormerExporter } from "@opentelemetry/exporter-prometheus";
import {
  AggregationType,
  ConsoleMetricExporter,
  type IMetricReader,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { type Gatherer, Server } from "promhttp";
import {
  type AttributePatterns,
  gathererOf,
  type MappingOptions,
  PrometheusExporter,
  PrometheusReader,
  type PrometheusReaderOptions,
  type TranslationStrategy,
} from "promhttp/opentelemetry";

const translationStrategy: TranslationStrategy = "NoUTF8EscapingWithSuffixes";
const resourceConstantLabels: AttributePatterns = { included: ["service.*"], excluded: ["*.id"] };
const mapping: MappingOptions = { translationStrategy, resourceConstantLabels, prefix: "app" };
const options: PrometheusReaderOptions = {
  ...mapping,
  cardinalityLimit: 100,
  defaultAggregation: (instrument) =>
    instrument === "HISTOGRAM"
      ? { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20 } }
      : undefined,
};

export const reader = new PrometheusReader(options);
export const exporter = new PrometheusExporter({ preventServerStart: true }, (error?: Error) => {
  if (error) throw error;
});
export const readers: IMetricReader[] = [reader, exporter];
export const provider = new MeterProvider({ readers: [reader] });

/** Our reader, and those of the SDK. */
export const gatherers: Gatherer[] = [
  reader,
  gathererOf(new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() }), mapping),
  gathererOf(new FormerExporter({ preventServerStart: true })),
];

export const server: Promise<Server> = Server.listen(gatherers, ":0");
