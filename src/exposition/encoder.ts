import type { FaultReporter } from "../model/gatherer.ts";
import type { Labels, Metric, MetricFamily } from "../model/metric-family.ts";
import type { RunShape } from "../model/metric-run.ts";
import type { ChunkMemory } from "./chunk-memory.ts";
import type { Loan } from "./loan.ts";

/** Metric families in, the bytes of one exposition format out. */
export interface Encoder {
  /**
   * Encodes `families`, one chunk at each step.
   *
   * It reads the metrics as it goes, so a caller may pause between chunks; one label set is always
   * encoded in one piece. A chunk may be empty: then there is nothing to send yet, and the step is
   * there to pause at. Errors thrown by a metric propagate unchanged.
   */
  encode(
    families: readonly MetricFamily[],
    report: FaultReporter,
    options?: EncodeOptions,
  ): Iterator<Uint8Array>;
}

/** The part of a scrape that matters to an encoder. */
interface EncodeOptions {
  /**
   * Names which families were asked for. What is kept between scrapes is kept for each selection,
   * because the same selection mostly has the same families.
   * @default undefined: nothing is kept
   */
  readonly selection?: string | undefined;
  /**
   * Where to write chunks; it decides how long they are valid. It also borrows the blocks that are
   * sent as chunks. It must be cleared when nobody reads the chunks any more.
   * @default memory that is never reused
   */
  readonly memory?: ChunkMemory | undefined;
}

/**
 * Where a text encoder writes.
 *
 * It is told which parts are sample values, because only those change from scrape to scrape.
 */
export interface TextSink {
  text(text: string): void;
  number(value: number): void;
}

/** Where a text encoder writes that keeps blocks between scrapes. */
export interface BlockSink extends TextSink {
  /** Whether the encoder must pause, and yield what is here. */
  readonly isFull: boolean;
  /** Takes the bytes of a block, which are sent without a copy; `loan` protects them meanwhile. */
  block(bytes: Uint8Array, loan: Loan | undefined): void;
}

/**
 * What became of a metric: `true` if it is written, `false` if it is skipped because a value is not a
 * number, or because its labels were refused. Otherwise it is written except for a part, and this is why.
 */
export type Written = boolean | string;

/** How the metrics of one family are written; what they have in common is made once. */
export interface FamilyEncoder extends MetricEncoder {
  /** The comment lines before the first sample. */
  readonly preamble: string;
}

/**
 * The labels of a family, as its encoder writes them.
 *
 * No two metrics may be written with the same labels. An encoder cannot see that, so it writes none that
 * are not held, except those of a gatherer that promises that they are unique.
 */
export interface LabelHolder {
  /** Whether labels are written although they are not held; ends when some may equal others. */
  readonly isTrusting: boolean;
  /** Whether `encode` has written nothing because labels were not held. */
  readonly isRefused: boolean;
  /** What to report of the labels that were held last; whoever reports it clears it. */
  fault: string | undefined;
  /**
   * Holds the labels of the metric that is encoded next.
   *
   * @returns A text that is equal for two label sets that a scraper considers one; `undefined` for
   *   labels that cannot be written.
   */
  hold(labels: Labels): string | undefined;
  /** Ends what `hold()` began. */
  release(): void;
}

/** How one metric of a family is written. */
export interface MetricEncoder {
  readonly labels: LabelHolder;
  /** Writes the lines of one metric. */
  encode(metric: Metric, sink: TextSink): Written;
  /**
   * Lists the numbers of a metric, in the order in which `encode` writes them.
   *
   * @returns How many there are, or -1 when something else may change too, such as an exemplar, a
   *   timestamp, or which lines there are.
   */
  listNumbers(metric: Metric, numbers: Float64Array): number;
  /**
   * Compares the numbers of a metric with those in `numbers` from `first` on, which is cheaper than a
   * list. `false` means that they may differ.
   */
  hasSameNumbers(metric: Metric, numbers: Float64Array, first: number): boolean;
  /** How metrics are brought up to date many at a time; absent where each must be compared. */
  readonly run?: RunShape;
}
