// Exemplars: trace ids beside a counter and in the buckets of a histogram.
import { Counter, Histogram, Registry } from "prom-client";
import { Server } from "promhttp";

/** @type {Registry<import("prom-client").OpenMetricsContentType>} */
const registry = new Registry();
// Without this, prom-client rejects exemplars. Each scraper still gets the format that it asks for.
registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

const orders = new Counter({
  name: "orders_total",
  help: "Orders placed.",
  registers: [registry],
  enableExemplars: true,
});
const duration = new Histogram({
  name: "request_duration_seconds",
  help: "Time to answer a request.",
  buckets: [0.1, 0.5, 1],
  registers: [registry],
  enableExemplars: true,
});

const exemplarLabels = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736" };
orders.inc({ value: 1, exemplarLabels });
duration.observe({ value: 0.42, exemplarLabels });

const server = await Server.listen(registry, ":9464");
console.log(`Metrics at ${server.url}`);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
