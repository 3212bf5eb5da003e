import type { HistogramMetric, SummaryMetric } from "./metric-family.ts";

/** The bounds of buckets, or the quantiles, that can be written, ascending. */
export interface UsableBounds {
  readonly values: readonly number[];
  /** The index of each in the list that was given. */
  readonly indexes: readonly number[];
  /** Why some cannot be written, if so. */
  readonly fault: string | undefined;
}

/** What a bound may be, and what to report of another. */
export interface BoundRule {
  isLegal(bound: number): boolean;
  readonly fault: string;
}

/** OpenMetrics 1.0, Histogram: a bound must not be `NaN`. `+Inf` follows from the count. */
export const BUCKET_BOUNDS: BoundRule = {
  isLegal: Number.isFinite,
  fault: "a bound of a bucket is not a finite number, or is there twice",
};

/** Parsers of the text format and of protobuf accept any number. */
export const ANY_QUANTILES: BoundRule = {
  isLegal: (quantile) => typeof quantile === "number" && !Number.isNaN(quantile),
  fault: "a quantile is not a number, or is there twice",
};

/**
 * Makes a function that selects and sorts the bounds that can be written: two of them that are equal
 * would be the same series twice. A family mostly has one array of bounds, which is examined once.
 */
export function createBoundsReader({
  isLegal,
  fault,
}: BoundRule): (
  bounds: HistogramMetric["upperBounds"] | SummaryMetric["quantiles"],
) => UsableBounds {
  let last: readonly number[] | undefined;
  let usable: UsableBounds | undefined;
  return (bounds) => {
    if (usable === undefined || bounds !== last) {
      last = bounds;
      usable = select(bounds, isLegal, fault);
    }
    return usable;
  };
}

function select(
  bounds: readonly number[],
  isLegal: BoundRule["isLegal"],
  fault: string,
): UsableBounds {
  // An author without a compiler that checks types may have left them out.
  const ascending = Array.from(bounds ?? [], (value, index) => ({ value, index }))
    .filter(({ value }) => isLegal(value))
    .sort((a, b) => a.value - b.value);
  // Both zeros are one bound, and `-0` is equal to `0`.
  const unique = ascending.filter(({ value }, at) => value !== ascending[at - 1]?.value);
  return {
    values: unique.map(({ value }) => value),
    indexes: unique.map(({ index }) => index),
    fault: unique.length === bounds?.length ? undefined : fault,
  };
}
