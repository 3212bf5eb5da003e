// The metrics of prom-client and of OpenTelemetry as one target.
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { collectDefaultMetrics, register } from "prom-client";
import { Server } from "promhttp";
import { PrometheusReader } from "promhttp/opentelemetry";

collectDefaultMetrics();
const reader = new PrometheusReader();
const provider = new MeterProvider({ readers: [reader] });
provider.getMeter("shop").createCounter("shop.orders").add(1);

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run([register, reader], ":9464", shutdown.signal);
