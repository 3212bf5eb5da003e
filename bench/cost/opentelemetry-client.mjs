// OpenTelemetry for the rivals: the packages, and instruments behind the names of prom-client.
import { createRequire } from "node:module";

const { BENCH_SDK } = process.env;

/** Loads a package of the SDK that is measured: the one in `BENCH_SDK`, or else that of `bench/`. */
export const load = createRequire(BENCH_SDK ?? import.meta.url);

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * Binds a reader to a provider, and gives what `host()` takes for a client library: its instruments.
 * A view raises the limit of label sets above that of the shapes.
 */
export function clientFor(reader) {
  const { MeterProvider } = load("@opentelemetry/sdk-metrics");
  const views = [{ instrumentName: "*", aggregationCardinalityLimit: 10_000 }];
  const meter = new MeterProvider({ readers: [reader], views }).getMeter("bench");
  return {
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
}
