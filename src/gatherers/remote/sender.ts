import type { FaultReporter } from "../../model/gatherer.ts";
import type { MetricFamily } from "../../model/metric-family.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a snapshot is taken for. */
export interface TakeOptions {
  /** Whether the families are only some of those that the worker has. */
  readonly isPartial: boolean;
  /** Called for each part of a family that cannot be sent. */
  readonly report: FaultReporter;
}

/** Turns metric families into snapshots for one receiver, whose layout it knows. */
export class Sender {
  /**
   * Takes a snapshot; yields where it may pause. One at a time: the next may begin when this one has
   * ended, or was given up.
   */
  *take(
    families: Iterable<MetricFamily>,
    options: TakeOptions,
  ): Generator<undefined, Snapshot, undefined> {
    void families;
    yield;
    return { layout: [], order: [], isPartial: options.isPartial, numbers: new Float64Array(0) };
  }
}

/** Takes a whole snapshot of counters and histograms, without a pause: for exit handlers. */
export function totalsOf(families: Iterable<MetricFamily>): Snapshot {
  const steps = new Sender().take(families, { isPartial: false, report: () => {} });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
