import type { Gatherer, MetricFamily } from "../../src/index.ts";
import { longFamily } from "../helpers/families.ts";
import { THE_END } from "./answer.ts";

/** The size of a metric of a long source as text, about, in bytes. */
export const METRIC_BYTES = 1_024;

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
  const valueAt = (index: number) => {
    onRead(index);
    return index;
  };
  const onStop = () => {
    source.stopped++;
  };
  const long = longFamily({ count, valueAt, onStop });
  const source: LongSource = { stopped: 0, gather: () => ({ families: [long, END] }) };
  return source;
}

const END: MetricFamily = {
  name: THE_END,
  help: "",
  type: "gauge",
  metrics: [{ labels: {}, value: 1 }],
};
