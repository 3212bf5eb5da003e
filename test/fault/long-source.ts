import type { Gatherer, MetricFamily, ValueMetric } from "../../src/index.ts";
import { THE_END } from "./answer.ts";

/** The size of a metric of a long source as text, about, in bytes. */
export const METRIC_BYTES = 1_024;

const PADDING = "x".repeat(METRIC_BYTES - 40);

/** A gatherer whose exposition is long, whose series are all different, and whose end is known. */
export interface LongSource extends Gatherer {
  /** How many readings were left before their end. */
  stopped: number;
}

/**
 * Makes a long source.
 *
 * @param count How many metrics of `METRIC_BYTES` it has; asked anew for each reading.
 * @param onRead Called before each metric; what it throws comes out of the iterator.
 */
export function longSource(
  count: () => number,
  onRead: (index: number) => void = () => {},
): LongSource {
  const source: LongSource = { stopped: 0, gather: () => ({ families: [long, END] }) };
  const long: MetricFamily = {
    name: "long",
    help: "",
    type: "gauge",
    metrics: { [Symbol.iterator]: metrics },
  };
  function* metrics(): Generator<ValueMetric> {
    let isStopped = true;
    try {
      for (let value = 0, end = count(); value < end; value++) {
        onRead(value);
        yield { labels: { index: value, padding: PADDING }, value };
      }
      isStopped = false;
    } finally {
      if (isStopped) source.stopped++;
    }
  }
  return source;
}

const END: MetricFamily = {
  name: THE_END,
  help: "",
  type: "gauge",
  metrics: [{ labels: {}, value: 1 }],
};
