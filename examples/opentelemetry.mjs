// The metrics of OpenTelemetry, read by a Gatherer, in the place of its exporter's own server.
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { Server } from "promhttp";

class PullReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const reader = new PullReader();
const meter = new MeterProvider({ readers: [reader] }).getMeter("shop");
meter.createCounter("orders_total", { description: "Orders placed." }).add(1, { shop: "north" });

const gatherer = {
  async gather() {
    const { resourceMetrics, errors } = await reader.collect();
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return {
      families: metrics.flatMap(familyOf),
      errors: errors.map((error) => ({ collector: "opentelemetry", error })),
    };
  },
};

/** @returns {import("promhttp").MetricFamily[]} */
function familyOf({ descriptor, dataPointType, dataPoints, ...more }) {
  const head = { name: descriptor.name, help: descriptor.description };
  switch (dataPointType) {
    case DataPointType.HISTOGRAM:
      return [{ ...head, type: "histogram", metrics: dataPoints.map(histogramOf) }];
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return []; // Left out: examples/native-histograms.mjs shows what they are made of.
    default: {
      const type = more["isMonotonic"] ? "counter" : "gauge";
      const metrics = dataPoints.map(({ attributes, value }) => ({ labels: attributes, value }));
      return [{ ...head, type, metrics }];
    }
  }
}

function histogramOf({ attributes, value: { buckets, sum, count } }) {
  let total = 0;
  const cumulativeCounts = buckets.boundaries.map((_, index) => (total += buckets.counts[index]));
  return { labels: attributes, upperBounds: buckets.boundaries, cumulativeCounts, sum, count };
}

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(gatherer, ":9464", shutdown.signal);
