/** Gives the readers to NodeSDK. It is compiled and never run. */
import { NodeSDK } from "@opentelemetry/sdk-node";
import { PrometheusExporter, PrometheusReader } from "promhttp/opentelemetry";

export const sdk = new NodeSDK({ metricReaders: [new PrometheusReader()] });
export const moved = new NodeSDK({
  metricReaders: [new PrometheusExporter({ preventServerStart: true })],
});
