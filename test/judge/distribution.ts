import { OPENMETRICS_NUMBER, parseNumber } from "./number.ts";
import { ExpositionError, type ParsedSample, sampleKey } from "./types.ts";

/** A sample and the number of its line. */
export interface SampleLine {
  readonly line: number;
  readonly sample: ParsedSample;
}

/** The samples of one label set, in the order of the exposition; never empty. */
export type SampleGroup = readonly [SampleLine, ...SampleLine[]];

/** A bucket of a classic histogram, with the line that says so. */
export interface BucketLine extends SampleLine {
  readonly le: number;
}

/** Throws the violation of `rule` at a line. */
export function failAt(line: number, rule: string): never {
  throw new ExpositionError(`line ${line}`, rule);
}

/**
 * Splits the samples of a family into its metrics.
 *
 * @param boundOf Names the label that tells the samples of one metric apart, if there is one.
 * @throws {ExpositionError} If the samples of a metric do not stand together.
 */
export function groupSamples(
  lines: readonly SampleLine[],
  boundOf: (sample: ParsedSample) => string | undefined,
): SampleGroup[] {
  const groups: [SampleLine, ...SampleLine[]][] = [];
  const seen = new Set<string>();
  let current: string | undefined;
  for (const entry of lines) {
    const labels = new Map(entry.sample.labels);
    const bound = boundOf(entry.sample);
    if (bound !== undefined) {
      labels.delete(bound);
    }
    const key = sampleKey({ name: "", labels });
    if (key === current) {
      groups.at(-1)?.push(entry);
      continue;
    }
    if (seen.has(key)) {
      failAt(entry.line, "the samples of one metric do not stand together");
    }
    seen.add(key);
    current = key;
    groups.push([entry]);
  }
  return groups;
}

/**
 * Checks the buckets of one classic histogram and returns them.
 *
 * The bounds ascend, no two of them are the same number, the counts are cumulative, and the last
 * bound is `+Inf` in just these letters, by which scrapers know it.
 */
export function checkBuckets(group: SampleGroup, bucketName: string): BucketLine[] {
  const buckets: BucketLine[] = [];
  for (const { line, sample } of group) {
    if (sample.name !== bucketName) {
      continue;
    }
    const le = readBound(line, sample, "le");
    const previous = buckets.at(-1);
    if (previous !== undefined && le === previous.le) {
      failAt(line, `two buckets of one bound: ${sample.labels.get("le")}`);
    }
    if (previous !== undefined && le < previous.le) {
      failAt(line, "le does not ascend");
    }
    if (!(sample.value >= (previous?.sample.value ?? 0))) {
      failAt(line, "the bucket counts are not cumulative");
    }
    buckets.push({ line, sample, le });
  }
  if (buckets.at(-1)?.le !== Number.POSITIVE_INFINITY) {
    failAt(group[0].line, "a histogram without the +Inf bucket");
  }
  return buckets;
}

/** Reads the number in an `le` or `quantile` label. */
export function readBound(line: number, sample: ParsedSample, label: "le" | "quantile"): number {
  const text = sample.labels.get(label);
  if (text === undefined) {
    failAt(line, `${sample.name} without ${label}`);
  }
  const bound = parseNumber(text, OPENMETRICS_NUMBER);
  if (bound === undefined || Number.isNaN(bound)) {
    failAt(line, `${label} is not a number: ${JSON.stringify(text)}`);
  }
  if (bound === Number.POSITIVE_INFINITY && text !== "+Inf") {
    failAt(line, `${label} must spell infinity +Inf`);
  }
  return bound;
}

/** Checks that the quantiles of one summary lie between 0 and 1. */
export function readQuantile(line: number, sample: ParsedSample): number {
  const quantile = readBound(line, sample, "quantile");
  if (quantile < 0 || quantile > 1) {
    failAt(line, "quantile is not between 0 and 1");
  }
  return quantile;
}
