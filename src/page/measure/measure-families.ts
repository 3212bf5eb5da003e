import type {
  HistogramMetric,
  Metric,
  MetricFamily,
  MetricType,
  SummaryMetric,
} from "../../model/metric-family.ts";
import { countLabelValues, LABEL_SETS_PER_STEP, type LabelSize, PAUSE } from "./label-values.ts";

/** The size of metric families. */
export interface FamilySizes {
  /** The largest families, the one with the most series first. */
  readonly largest: readonly FamilySize[];
  /** All families together, including those that are not among the largest. */
  readonly total: FamilyTotals;
}

/** The size of several families together. */
export interface FamilyTotals {
  readonly families: number;
  readonly labelSets: number;
  readonly series: number;
}

/** What a metric family is, and how large. */
export interface FamilySize {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  /** How many metrics it has. */
  readonly labelSets: number;
  /** What Prometheus makes of them: each bucket is a series, and so are sum and count. */
  readonly series: number;
  /** The labels of its first metric. */
  readonly labels: readonly LabelSize[];
}

/** Called for a family that throws while it is read. */
export type OnFailure = (family: string, error: unknown) => void;

/** How many families are listed: all, except in a process that creates them without end. */
export const MAX_LISTED = 1_000;

/** In how many of them label values are counted: what grows is among the largest. */
const MAX_EXAMINED = 10;

const MAX_LABELS = 16;

/**
 * Counts the series of families without encoding them. A pause is an empty chunk.
 *
 * @param onFailure Called for a family that throws; it is skipped.
 */
export function* measureFamilies(
  families: Iterable<MetricFamily>,
  onFailure: OnFailure,
): Generator<Uint8Array, FamilySizes, undefined> {
  const total = { families: 0, labelSets: 0, series: 0 };
  let measured: Measured[] = [];
  let seen = 0;
  for (const family of families) {
    if (++seen % LABEL_SETS_PER_STEP === 0) yield PAUSE;
    const size = yield* isolated(family, measureFamily(family), onFailure);
    if (size === undefined) continue;
    total.families++;
    total.labelSets += size.labelSets;
    total.series += size.series;
    measured.push({ family, size });
    // To sort them all at the end would hold the event loop where they are many.
    if (measured.length === 2 * MAX_LISTED) measured = largestOf(measured);
  }
  measured = largestOf(measured);
  for (const entry of measured.slice(0, MAX_EXAMINED)) {
    const { family, size } = entry;
    const names = size.labels.map(({ name }) => name);
    const labels = yield* isolated(family, countLabelValues(family, names), onFailure);
    if (labels !== undefined) entry.size = { ...size, labels };
  }
  return { largest: measured.map(({ size }) => size), total };
}

interface Measured {
  readonly family: MetricFamily;
  size: FamilySize;
}

function largestOf(measured: Measured[]): Measured[] {
  const order = (a: FamilySize, b: FamilySize) => b.series - a.series || (a.name < b.name ? -1 : 1);
  return measured.sort((a, b) => order(a.size, b.size)).slice(0, MAX_LISTED);
}

/** Lets work on a family fail without the others. */
export function* isolated<T>(
  { name }: MetricFamily,
  work: Generator<Uint8Array, T, undefined>,
  onFailure: OnFailure,
): Generator<Uint8Array, T | undefined, undefined> {
  try {
    return yield* work;
  } catch (error) {
    onFailure(name, error);
    return undefined;
  }
}

/** Counts the label sets and series of a family. */
export function* measureFamily({
  name,
  help,
  type,
  metrics,
}: MetricFamily): Generator<Uint8Array, FamilySize, undefined> {
  const seriesOf = SERIES_OF[type];
  let [labelSets, series] = [0, 0];
  let names: readonly string[] = [];
  for (const metric of metrics) {
    if (labelSets === 0) names = Object.keys(metric.labels).slice(0, MAX_LABELS);
    labelSets++;
    series += seriesOf(metric);
    if (labelSets % LABEL_SETS_PER_STEP === 0) yield PAUSE;
  }
  const labels = names.map((label) => ({ name: label }));
  return { name, help, type, labelSets, series, labels };
}

// The casts hold because a family's type decides the type of its metrics.

const oneSeries = () => 1;
/** The buckets, `+Inf`, the sum and the count. */
const ofHistogram = (metric: Metric) => (metric as HistogramMetric).upperBounds.length + 3;
/** The quantiles, the sum and the count. */
const ofSummary = (metric: Metric) => (metric as SummaryMetric).quantiles.length + 2;

/** How many series a metric of each type is. */
export const SERIES_OF: Readonly<Record<MetricType, (metric: Metric) => number>> = {
  counter: oneSeries,
  gauge: oneSeries,
  unknown: oneSeries,
  info: oneSeries,
  stateset: oneSeries,
  histogram: ofHistogram,
  gaugehistogram: ofHistogram,
  summary: ofSummary,
};
