/**
 * What one worker tells another of its metrics: the layout where it has changed, and all numbers.
 *
 * A family has rows, one for each label set. Rows of the same label names and bounds have one shape, so
 * that a row is no more than its label values. The numbers of a row are, in this order:
 *
 * | type | numbers |
 * |---|---|
 * | counter, gauge, unknown, info, stateset | the value |
 * | histogram, gaugehistogram | for each bound the cumulative count, then the count and the sum |
 * | summary | for each quantile its value, then the count and the sum |
 *
 * then the timestamp and the start timestamp, where the head of the family has them; `NaN` is an absent
 * one. The numbers of a family are those of its rows, without gaps.
 *
 * An exemplar or a native histogram is part of the layout: it rarely changes, moves with its row, and goes
 * with it.
 */
import type { Exemplar, MetricType, NativeHistogram } from "../../model/metric-family.ts";

/** What a worker sends at one scrape. Everything but the numbers can be written as JSON. */
export interface Snapshot {
  /** The changes since the last snapshot, in pieces that are small enough to be read without a pause. */
  readonly layout: readonly LayoutPiece[];
  /**
   * The ids of the families, in their order. Unless the snapshot is partial, all others are gone; an id
   * is never used again.
   */
  readonly order: readonly number[];
  /** Whether only some families were asked for: the others have not changed, whatever they are now. */
  readonly isPartial: boolean;
  /** The numbers of all rows of all families of `order`. */
  readonly numbers: Float64Array;
}

/** Changes of some families, to be applied in order; at most 64 KiB as JSON. */
export type LayoutPiece = readonly FamilyChange[];

/** A change of one family, to be applied in the order of its members; a long one comes in several. */
export interface FamilyChange {
  readonly id: number;
  /** In the first change of a family, which begins with no rows. */
  readonly head?: FamilyHead | undefined;
  /** Shapes to add to those of the family. */
  readonly shapes?: readonly RowShape[] | undefined;
  /** At most one change of a piece has splices of a family. */
  readonly splices?: readonly Splice[] | undefined;
  readonly exemplars?: readonly ExemplarEntry[] | undefined;
  readonly natives?: readonly NativeEntry[] | undefined;
}

/** What does not change in a family. One whose head changes gets another id. */
export interface FamilyHead {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly unit?: string | undefined;
  /** What its library says of a gauge; `"function"` for a function, which cannot be sent. */
  readonly aggregator?: string | undefined;
  readonly hasTimestamps?: boolean | undefined;
  readonly hasStartTimestamps?: boolean | undefined;
}

/** How many shapes a family may have: with more, someone takes values for names. */
export const MAX_SHAPES = 65_536;

/** What rows have in common. */
export interface RowShape {
  /** The names of the labels, without those of empty ones; none is empty or there twice. */
  readonly names: readonly string[];
  /** The finite upper bounds of a histogram, or the finite quantiles of a summary, ascending; else empty. */
  readonly bounds: readonly number[];
}

/** Replaces rows of a family, as the splices before it have left them; those of one change ascend. */
export interface Splice {
  readonly at: number;
  readonly removed: number;
  readonly rows: readonly Row[];
}

/** The index of its shape, and the values of its labels, none of which is empty. */
export type Row = readonly [shape: number, ...values: string[]];

/** The exemplar of a counter, or of a bucket; `null` where there is none any more. */
export type ExemplarEntry = readonly [row: number, bucket: number, exemplar: Exemplar | null];

/** The native histogram of a row; `null` where there is none any more. */
export type NativeEntry = readonly [row: number, native: NativeHistogram | null];
