import {
  type BucketLine,
  checkBuckets,
  failAt,
  groupSamples,
  readQuantile,
  type SampleGroup,
  type SampleLine,
} from "../distribution.ts";
import { canonicalNumber } from "../number.ts";
import { type ParsedSample, sampleKey } from "../types.ts";
import type { OpenMetricsOptions } from "./openmetrics.ts";

/** A family of which only the samples are left to be judged. */
interface Family {
  readonly name: string;
  readonly type: string;
  readonly lines: readonly SampleLine[];
}

/** The names of a type's samples, as suffixes (OpenMetrics 1.0, Suffixes); `[""]` for the rest. */
export const SAMPLE_SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total", "_created"],
  summary: ["", "_count", "_sum", "_created"],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  info: ["_info"],
};

/** Which samples of a metric point come after the first ones, in the order that all parsers read. */
const CANONICAL_RANK: Readonly<Record<string, number>> = {
  _count: 1,
  _sum: 1,
  _gcount: 1,
  _gsum: 1,
  _created: 2,
};

/** Checks the samples of one family against OpenMetrics 1.0, Metric Types. */
export function checkSamples(family: Family, rules: Required<OpenMetricsOptions>): void {
  const { name, type, lines } = family;
  for (const { line, sample } of lines) {
    checkExemplar(line, sample, family);
    if (type === "stateset" && !sample.labels.has(name)) {
      failAt(line, `a state of ${name} without the label ${name}`);
    }
    if (rules.strictSemantics) {
      checkValue(line, sample, family);
    }
  }
  for (const group of groupSamples(lines, (sample) => boundOf(sample, family))) {
    checkTimestamps(group, rules);
    for (const point of splitPoints(group)) {
      checkPoint(point, family, rules);
    }
  }
}

function suffixOf(sample: ParsedSample, { name }: Family): string {
  return sample.name.slice(name.length);
}

/** Names the label that tells apart the samples of one metric. */
function boundOf(sample: ParsedSample, family: Family): string | undefined {
  const suffix = suffixOf(sample, family);
  if (family.type === "stateset") {
    return family.name;
  }
  if (family.type === "summary") {
    return suffix === "" ? "quantile" : undefined;
  }
  return suffix === "_bucket" ? "le" : undefined;
}

function checkExemplar(line: number, sample: ParsedSample, family: Family): void {
  const suffix = suffixOf(sample, family);
  if (sample.exemplar !== undefined && suffix !== "_bucket" && suffix !== "_total") {
    failAt(line, `an exemplar on ${sample.name} of the ${family.type} ${family.name}`);
  }
}

function checkValue(line: number, sample: ParsedSample, family: Family): void {
  const { name, value } = sample;
  const suffix = suffixOf(sample, family);
  if (family.type === "info" && value !== 1) {
    failAt(line, `the info ${name} is not 1`);
  }
  if (family.type === "stateset" && value !== 0 && value !== 1) {
    failAt(line, `the state ${name} is neither 0 nor 1`);
  }
  if (family.type === "summary" && suffix === "" && value < 0) {
    failAt(line, `the quantile of ${name} is negative`);
  }
  if (suffix !== "" && Number.isNaN(value)) {
    failAt(line, `${name} is NaN`);
  }
  if (suffix !== "" && suffix !== "_gsum" && suffix !== "_created" && value < 0) {
    failAt(line, `${name} is negative`);
  }
  if (/^_(?:bucket|g?count)$/.test(suffix) && !Number.isInteger(value)) {
    failAt(line, `${name} is not a whole number`);
  }
}

/** OpenMetrics 1.0, MetricPoint and Timestamps: all or none, and never backwards. */
function checkTimestamps(group: SampleGroup, { canonical }: Required<OpenMetricsOptions>): void {
  const seen = new Set<string>();
  let previous: number | undefined = group[0].sample.timestampMs;
  for (const { line, sample } of group) {
    const { timestampMs } = sample;
    if ((timestampMs === undefined) !== (previous === undefined)) {
      failAt(line, "a metric with and without timestamps");
    }
    if (timestampMs !== undefined && previous !== undefined && timestampMs < previous) {
      failAt(line, "the timestamps of a metric go backwards");
    }
    previous = timestampMs;
    // With a timestamp, it may be two points whose times differ by less than was written.
    const key = sampleKey(sample);
    if (seen.has(key) && (timestampMs === undefined || canonical)) {
      failAt(line, "a duplicate series");
    }
    seen.add(key);
  }
}

function splitPoints(group: SampleGroup): SampleGroup[] {
  const points: [SampleLine, ...SampleLine[]][] = [];
  for (const entry of group) {
    const point = points.at(-1);
    if (point !== undefined && point[0].sample.timestampMs === entry.sample.timestampMs) {
      point.push(entry);
    } else {
      points.push([entry]);
    }
  }
  return points;
}

function checkPoint(point: SampleGroup, family: Family, rules: Required<OpenMetricsOptions>): void {
  if (family.type === "histogram" || family.type === "gaugehistogram") {
    checkHistogram(point, family, rules);
  }
  if (family.type === "summary") {
    checkSummary(point, family, rules);
  }
  if (rules.canonical) {
    checkLayout(point, family, rules);
  }
}

function checkHistogram(
  point: SampleGroup,
  family: Family,
  rules: Required<OpenMetricsOptions>,
): void {
  const { line } = point[0];
  const isGauge = family.type === "gaugehistogram";
  const buckets = checkBuckets(point, `${family.name}_bucket`);
  checkBucketLines(buckets, rules);
  const part = (suffix: string): number | undefined =>
    point.find(({ sample }) => sample.name === family.name + suffix)?.sample.value;
  const count = part(isGauge ? "_gcount" : "_count");
  const sum = part(isGauge ? "_gsum" : "_sum");
  if ((count === undefined) !== (sum === undefined)) {
    failAt(line, "a histogram has both a count and a sum, or neither");
  }
  if (count !== undefined && count !== buckets.at(-1)?.sample.value) {
    failAt(line, "the count of a histogram is not the count of its +Inf bucket");
  }
  const isNegative = buckets.some(({ le }) => le < 0);
  if (rules.strictSemantics && sum !== undefined && isGauge && sum < 0 && !isNegative) {
    failAt(line, "a negative sum without negative buckets");
  }
  if (rules.strictSemantics && sum !== undefined && !isGauge && isNegative) {
    failAt(line, "a sum with negative buckets");
  }
}

/** OpenMetrics 1.0, Histogram: the value of an exemplar lies in the bucket that shows it. */
function checkBucketLines(
  buckets: readonly BucketLine[],
  { canonical }: Required<OpenMetricsOptions>,
): void {
  let lower = Number.NEGATIVE_INFINITY;
  for (const { line, sample, le } of buckets) {
    const value = sample.exemplar?.value;
    if (value !== undefined && !(value <= le)) {
      failAt(line, "an exemplar above its bucket");
    }
    if (canonical && value !== undefined && value <= lower) {
      failAt(line, "an exemplar below its bucket");
    }
    if (canonical) {
      checkSpelling(line, sample, "le", le);
    }
    lower = le;
  }
}

function checkSpelling(
  line: number,
  sample: ParsedSample,
  label: "le" | "quantile",
  bound: number,
): void {
  const text = sample.labels.get(label);
  if (text !== canonicalNumber(bound)) {
    failAt(line, `${label} is not a canonical number: ${text}`);
  }
}

function checkSummary(
  point: SampleGroup,
  { name }: Family,
  { canonical }: Required<OpenMetricsOptions>,
): void {
  let previous = Number.NEGATIVE_INFINITY;
  for (const { line, sample } of point) {
    if (sample.name !== name) {
      if (sample.labels.has("quantile")) {
        failAt(line, `${sample.name} has a label quantile`);
      }
      continue;
    }
    const quantile = readQuantile(line, sample);
    if (canonical && quantile <= previous) {
      failAt(line, "quantile does not ascend");
    }
    if (canonical) {
      checkSpelling(line, sample, "quantile", quantile);
    }
    previous = quantile;
  }
}

/** Checks that a point is whole and in order, and has `_created` only where that was asked for. */
function checkLayout(
  point: SampleGroup,
  family: Family,
  { created }: Required<OpenMetricsOptions>,
): void {
  const suffixes = point.map(({ sample }) => suffixOf(sample, family));
  if (family.type === "counter" && !suffixes.includes("_total")) {
    failAt(point[0].line, `the counter ${family.name} without _total`);
  }
  let previous = 0;
  for (const { line, sample } of point) {
    const suffix = suffixOf(sample, family);
    const rank = CANONICAL_RANK[suffix] ?? 0;
    if (rank < previous) {
      failAt(line, `${sample.name} is out of order`);
    }
    if (suffix === "_created" && !created) {
      failAt(line, `${sample.name} was not asked for`);
    }
    previous = rank;
  }
}
