import type { FaultReporter } from "../model/gatherer.ts";
import type { Metric, MetricFamily } from "../model/metric-family.ts";

/** Metric families in, the bytes of one exposition format out. */
export interface Encoder {
  /**
   * Encodes `families`, one chunk at each step.
   *
   * It reads the metrics as it goes, so a caller may pause between chunks; one label set is always
   * encoded in one piece. A chunk may be empty: then there is nothing to send yet, and the step is
   * there to pause at. What a metric throws while it is read comes out as it is.
   */
  encode(families: readonly MetricFamily[], report: FaultReporter): Iterator<Uint8Array>;
}

/**
 * Where a text encoder writes.
 *
 * It says which parts are sample values, because those alone change from scrape to scrape.
 */
export interface TextSink {
  text(text: string): void;
  number(value: number): void;
}

/** How the metrics of one family are written, with all that is the same for each made once. */
export interface FamilyEncoder {
  /** The comment lines before the first sample. */
  readonly head: string;
  /** Writes all lines of one metric, or none and returns `false` where a value is no number. */
  encode(metric: Metric, sink: TextSink): boolean;
}
