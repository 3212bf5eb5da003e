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
 * then the timestamp and the start timestamp, where the head of the family has them; `NaN` is an absent one.
 */
import type { Exemplar, MetricType, NativeHistogram } from "../../model/metric-family.ts";

/** What a worker sends at one scrape. Everything but the numbers can be written as JSON. */
export interface Snapshot {
  /** The changes since the last snapshot, in pieces that are small enough to be read without a pause. */
  readonly layout: readonly LayoutPiece[];
  /** The ids of the families, in their order. */
  readonly order: readonly number[];
  /** Whether only some families were asked for: the others have not changed, whatever they are now. */
  readonly isPartial: boolean;
  /** The numbers of all rows of all families of `order`. */
  readonly numbers: Float64Array;
  /** The exemplars that have changed since the last snapshot. */
  readonly exemplars: readonly ExemplarEntry[];
  /** All native histograms. */
  readonly natives: readonly NativeEntry[];
}

/** Changes of some families, to be applied in order. */
export type LayoutPiece = readonly FamilyChange[];

/** A change of one family; a long one comes in several. */
export interface FamilyChange {
  readonly id: number;
  /** In the first change of a family, which begins with no rows. */
  readonly head?: FamilyHead | undefined;
  /** Shapes to add to those of the family. */
  readonly shapes?: readonly RowShape[] | undefined;
  readonly splices?: readonly Splice[] | undefined;
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

/** What rows have in common. */
export interface RowShape {
  /** The names of the labels, without those of empty ones. */
  readonly names: readonly string[];
  /** The finite upper bounds of a histogram, or the quantiles of a summary, ascending; else empty. */
  readonly bounds: readonly number[];
}

/** Replaces rows of a family. */
export interface Splice {
  readonly at: number;
  readonly removed: number;
  readonly rows: readonly Row[];
}

/** The index of its shape, and the values of its labels. */
export type Row = readonly [shape: number, ...values: string[]];

/** The exemplar of a counter, or of a bucket; `null` where there is none any more. */
export type ExemplarEntry = readonly [
  family: number,
  row: number,
  bucket: number,
  exemplar: Exemplar | null,
];

/** The native histogram of a row. */
export type NativeEntry = readonly [family: number, row: number, native: NativeHistogram];
