import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { ExponentialValue } from "../../../../src/gatherers/opentelemetry/collected.ts";

/** An exponential histogram of the SDK that can be read as often as needed. */
export interface SdkHistogram {
  record(value: number): void;
  /** Returns what it has counted; at least one number must have been recorded. */
  collect(): Promise<ExponentialValue>;
}

/**
 * Makes an exponential histogram of the SDK. It belongs to a gauge, because others take no numbers below
 * zero; the SDK omits the sum of such a histogram.
 *
 * @param maxSize The largest number of its buckets above zero, and below zero.
 */
export function createSdkHistogram(maxSize: number): SdkHistogram {
  const reader = new PullReader({
    aggregationSelector: () => ({ type: 5, options: { maxSize } }),
  });
  const gauge = new MeterProvider({ readers: [reader] }).getMeter("test").createGauge("values");
  return {
    record: (value) => gauge.record(value),
    async collect() {
      const { resourceMetrics } = await reader.collect();
      const point = resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0];
      if (point === undefined) throw new Error("Nothing was recorded");
      return point.value as ExponentialValue; // that of the only instrument
    },
  };
}

class PullReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}
