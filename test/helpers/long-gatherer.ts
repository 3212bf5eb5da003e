import type { Gatherer, ValueMetric } from "../../src/index.ts";
import { within } from "./within.ts";

/** A gatherer of one family whose metrics are made while they are read. */
export interface LongGatherer extends Gatherer {
  /** How many metrics were read. */
  read: number;
  /** Resolves with the number of metrics read when somebody stopped to read before the end. */
  stopped(): Promise<number>;
}

const PADDING = "x".repeat(1_000);

/**
 * Makes a gatherer of `count` metrics, each about 1 KB of text.
 *
 * @param onRead Called before each metric; what it throws comes out of the iterator.
 * @param paddingOf Gives the label value that makes a metric as long as it is.
 */
export function longGatherer(
  count: number,
  onRead: (read: number) => void = () => {},
  paddingOf: (read: number) => string = () => PADDING,
): LongGatherer {
  let onStop = (_read: number) => {};
  const stopped = new Promise<number>((resolve) => {
    onStop = resolve;
  });
  const gatherer: LongGatherer = {
    read: 0,
    stopped: () => within("the reading to stop", stopped),
    gather: () => ({
      families: [
        { name: "long", help: "", type: "gauge", metrics: { [Symbol.iterator]: metrics } },
      ],
    }),
  };
  function* metrics(): Generator<ValueMetric> {
    let isStopped = true;
    try {
      for (let value = 0; value < count; value++) {
        onRead(value);
        gatherer.read++;
        yield { labels: { padding: paddingOf(value) }, value };
      }
      isStopped = false;
    } finally {
      if (isStopped) onStop(gatherer.read);
    }
  }
  return gatherer;
}
