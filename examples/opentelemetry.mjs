// OpenTelemetry metrics, with the names of its specification.
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { Server } from "promhttp";
import { PrometheusReader } from "promhttp/opentelemetry";

const reader = new PrometheusReader();
const provider = new MeterProvider({ readers: [reader] });

const meter = provider.getMeter("shop");
meter.createCounter("shop.orders", { description: "Orders placed." }).add(1, { "shop.name": "n" });
meter.createHistogram("shop.packing", { unit: "s" }).record(2);

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(reader, ":9464", shutdown.signal);
