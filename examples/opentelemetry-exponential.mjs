// Exponential histograms of OpenTelemetry: native in protobuf, with buckets at powers of two elsewhere.
import { AggregationType, MeterProvider } from "@opentelemetry/sdk-metrics";
import { Server } from "promhttp";
import { PrometheusReader } from "promhttp/opentelemetry";

const exponential = { type: AggregationType.EXPONENTIAL_HISTOGRAM };
const reader = new PrometheusReader({
  defaultAggregation: (type) => (type === "HISTOGRAM" ? exponential : undefined),
});
const provider = new MeterProvider({ readers: [reader] });

const packing = provider.getMeter("shop").createHistogram("shop.packing", { unit: "s" });
for (const seconds of [0.1, 0.3, 1.5, 3]) packing.record(seconds);

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(reader, ":9464", shutdown.signal);
