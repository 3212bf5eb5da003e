import type { FaultReporter } from "../model/gatherer.ts";
import type { Metric, MetricFamily } from "../model/metric-family.ts";
import type { RunShape } from "../model/metric-run.ts";
import type { ChunkMemory } from "./chunk-memory.ts";

/** Metric families in, the bytes of one exposition format out. */
export interface Encoder {
  /**
   * Encodes `families`, one chunk at each step.
   *
   * It reads the metrics as it goes, so a caller may pause between chunks; one label set is always
   * encoded in one piece. A chunk may be empty: then there is nothing to send yet, and the step is
   * there to pause at. What a metric throws while it is read comes out as it is.
   */
  encode(
    families: readonly MetricFamily[],
    report: FaultReporter,
    options?: EncodeOptions,
  ): Iterator<Uint8Array>;
}

/** What an encoder may know of the scrape that it works for. */
interface EncodeOptions {
  /**
   * Names which families were asked for. What is kept between scrapes is kept for each selection,
   * because the same selection mostly gives the same families.
   * @default ""
   */
  readonly selection?: string | undefined;
  /**
   * Where to write chunks; it says how long they are valid. It also borrows the pages that are
   * chunks themselves, and must be cleared when nobody reads them any more.
   * @default memory that is never used again
   */
  readonly memory?: ChunkMemory | undefined;
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
export interface FamilyEncoder extends MetricEncoder {
  /** The comment lines before the first sample. */
  readonly head: string;
}

/** How one metric of a family is written. */
export interface MetricEncoder {
  /** Writes all lines of one metric, or none and returns `false` where a value is no number. */
  encode(metric: Metric, sink: TextSink): boolean;
  /**
   * Lists the numbers of a metric, in the order in which `encode` writes them.
   *
   * @returns How many there are, or -1 when something else than they may change, such as an
   *   exemplar or a timestamp.
   */
  listNumbers(metric: Metric, numbers: Float64Array): number;
  /**
   * Tells, cheaper than by a list, that the numbers of a metric are those in `numbers` from `first`
   * on. `false` means that they may be others.
   */
  hasSameNumbers(metric: Metric, numbers: Float64Array, first: number): boolean;
  /** How metrics are brought up to date many at a time; absent where each must be looked at. */
  readonly run?: RunShape;
}
