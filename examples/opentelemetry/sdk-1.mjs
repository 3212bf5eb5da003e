// The SDK 1.30, whose readers must extend its own class.
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { Server } from "promhttp";
import { gathererOf } from "promhttp/opentelemetry";

class PullReader extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}

const reader = new PullReader();
const provider = new MeterProvider({ readers: [reader] });
provider.getMeter("shop").createCounter("shop.orders", { unit: "{order}" }).add(1);

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(gathererOf(reader), ":9464", shutdown.signal);
