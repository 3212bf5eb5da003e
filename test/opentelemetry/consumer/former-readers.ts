/** Serves readers of SDK 1. It is compiled and never run. */
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Gatherer } from "promhttp";
import { gathererOf } from "promhttp/opentelemetry";

class Reader extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}

const reader = new Reader();
export const provider = new MeterProvider({ readers: [reader] });
export const gatherers: Gatherer[] = [
  gathererOf(reader, { prefix: "app" }),
  gathererOf(new PrometheusExporter({ preventServerStart: true })),
];
