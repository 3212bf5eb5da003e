/**
 * Runs: many metrics compared with what was kept of them, in one loop.
 *
 * Most metrics are where they were at the last scrape, and most of their numbers are unchanged.
 * Metric by metric, each costs a chain of calls: move a flyweight, read its identity and its number,
 * look both up in what was kept. A run is one loop over two lists. With prom-client it reduced the
 * encoding of 100,000 lines from 31 to 25 ms.
 *
 * A run never reads ahead: it stops at the first metric that differs from what was kept, and nothing
 * interrupts it. So its values are from one moment, as they are when read metric by metric.
 */
import type { Metric } from "./metric-family.ts";

/** What was kept of metrics of one family: one entry for each, in the order of the last scrape. */
export interface KeptRun {
  /** The identities of the entries; a run ends at an entry without one. */
  readonly identities: readonly unknown[];
  /** The index of each entry's first number; its last is the one before the next entry's first. */
  readonly firstNumbers: Uint32Array;
  /** The numbers of all entries. A value has one; see `RunShape` for histograms. */
  readonly numbers: Float64Array;
  /** The indexes of the numbers that have changed, ascending; a run adds to them. */
  readonly changed: number[];
  /** The first entry of the run, and the one after its last. */
  readonly from: number;
  readonly to: number;
  readonly shape: RunShape;
  /** Compares all numbers of an entry with those of its metric; `false` when they cannot be compared. */
  compare(entry: number, metric: Metric): boolean;
}

/** How the numbers of a family's metrics are laid out. */
export interface RunShape {
  /** Whether kept text includes exemplars; a run then ends at a metric that has one. */
  readonly hasExemplars: boolean;
  /**
   * The distances of a histogram's count and sum from the end of its numbers. If neither has changed,
   * nor the object that holds the buckets, the histogram has not.
   */
  readonly countFromEnd: 2 | 3;
  readonly sumFromEnd: 1 | 2;
}

/** Reads metrics one at a time, or many at a time. */
export interface RunReader extends IterableIterator<Metric> {
  /**
   * Updates entries for as long as the next metrics match them, and returns how many. The iterator
   * continues with the metric after those.
   */
  readRun(run: KeptRun): number;
}

/**
 * The method of `metrics` that returns a `RunReader`. It is a symbol, so that a user's gatherer cannot
 * have it by accident: those are read metric by metric.
 */
export const RUNS: unique symbol = Symbol("runs");

/** Metrics that can be read many at a time. */
export interface WithRuns {
  [RUNS](): RunReader;
}

/** Returns the reader of metrics that can be read many at a time. */
export function runReaderOf(metrics: Iterable<Metric>): RunReader | undefined {
  return (metrics as Iterable<Metric> & Partial<WithRuns>)[RUNS]?.();
}
