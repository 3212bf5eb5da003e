/** Gives the reader to the function that reads a declarative file, of SDK 3. It is compiled and never run. */
import { startNodeSdk } from "@opentelemetry/sdk-node";
import { PrometheusReader } from "promhttp/opentelemetry";

export const sdk = startNodeSdk({ metricReaders: [new PrometheusReader()] });
