// @opentelemetry/exporter-prometheus, with its instruments behind the names of prom-client.
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { host } from "../host.mjs";

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const config = { host: "127.0.0.1", withoutScopeInfo: true, withoutTargetInfo: true };
const exporter = new PrometheusExporter({ ...config, preventServerStart: true });
const views = [{ instrumentName: "*", aggregationCardinalityLimit: 10_000 }];
const meter = new MeterProvider({ readers: [exporter], views }).getMeter("bench");
const client = {
  Histogram: class {
    constructor({ name, help }) {
      const advice = { explicitBucketBoundaries: BUCKETS };
      this.instrument = meter.createHistogram(name, { description: help, advice });
    }
    observe(labels, value) {
      this.instrument.record(value, labels);
    }
  },
  Counter: class {
    constructor({ name, help }) {
      this.instrument = meter.createCounter(name, { description: help });
    }
    inc(labels, value) {
      this.instrument.add(value, labels);
    }
  },
  Gauge: class {
    constructor({ name, help }) {
      this.instrument = meter.createGauge(name, { description: help });
    }
    set(labels, value) {
      if (value === undefined) this.instrument.record(labels);
      else this.instrument.record(value, labels);
    }
  },
};
const listen = async (port) => {
  exporter._port = port;
  await exporter.startServer();
  return exporter._server.address().port;
};
await host(client, undefined, listen);
