// OpenTelemetry metrics, without its Prometheus exporter and the exporter's server.
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { Server } from "promhttp";

class PullReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

const reader = new PullReader();
const provider = new MeterProvider({ readers: [reader] });

const meter = provider.getMeter("shop");
meter.createCounter("shop.orders", { description: "Orders placed." }).add(1, { "shop.name": "n" });
meter.createHistogram("shop.packing", { advice: { explicitBucketBoundaries: [1, 5] } }).record(2);

const gatherer = {
  async gather() {
    const { resourceMetrics, errors } = await reader.collect();
    return {
      families: resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
        metrics.flatMap((metric) => familyOf(metric, scope)),
      ),
      errors: errors.map((error) => ({ collector: "opentelemetry", error })),
    };
  },
};

/** @returns {import("promhttp").MetricFamily[]} */
function familyOf({ descriptor, dataPointType, dataPoints, ...more }, scope) {
  const head = { name: escapedName(descriptor.name), help: descriptor.description };
  // Two scopes may count under one name.
  const scopeLabels = { otel_scope_name: scope.name, otel_scope_version: scope.version };
  const labelsOf = (attributes) => ({ ...escapedKeys(attributes), ...scopeLabels });
  switch (dataPointType) {
    case DataPointType.HISTOGRAM: {
      const metrics = dataPoints.map((point) => histogramOf(point, labelsOf));
      return [{ ...head, type: "histogram", metrics }];
    }
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return []; // Skipped: examples/native-histograms.mjs shows how to serve such histograms.
    default: {
      const metrics = dataPoints.map(({ attributes, value }) => ({
        labels: labelsOf(attributes),
        value,
      }));
      if (!more["isMonotonic"]) return [{ ...head, type: "gauge", metrics }];
      const name = head.name.endsWith("_total") ? head.name : `${head.name}_total`;
      return [{ ...head, name, type: "counter", metrics }];
    }
  }
}

function histogramOf({ attributes, value: { buckets, sum = Number.NaN, count } }, labelsOf) {
  let total = 0;
  const cumulativeCounts = buckets.boundaries.map((_, index) => (total += buckets.counts[index]));
  const labels = labelsOf(attributes);
  return { labels, upperBounds: buckets.boundaries, cumulativeCounts, sum, count };
}

/** Without it, Prometheus 3 would get the dots and store new series. */
function escapedName(name) {
  return name.replace(/[\W_]+/g, "_");
}

function escapedKeys(attributes) {
  const entries = Object.entries(attributes).map(([key, value]) => [escapedName(key), value]);
  return Object.fromEntries(entries);
}

const shutdown = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => shutdown.abort());
await Server.run(gatherer, ":9464", shutdown.signal);
