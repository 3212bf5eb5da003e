import { labelsKey } from "../../model/identity.ts";
import type {
  HistogramMetric,
  Labels,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import { type MetricSnapshot, type SnapshotSample, toExemplar } from "./registry.ts";

/**
 * Reads what a metric's public `get()` returns: a flat list of samples, which are grouped into one
 * metric for each label set. Used for every metric whose store has an unknown layout.
 */
export type SnapshotReader<T> = (
  snapshot: MetricSnapshot,
  merge: (labels: Labels) => Labels,
) => T[];

/** Reads the snapshot of a counter, a gauge or a metric of unknown type. */
export const readValues: SnapshotReader<ValueMetric> = (snapshot, merge) =>
  (snapshot.values ?? []).map((sample) => toValueMetric(sample, merge));

/** Reads the snapshot of a histogram. */
export const readHistograms: SnapshotReader<HistogramMetric> = (snapshot, merge) =>
  groupByLabels(snapshot, "le").map((group) => toHistogram(merge(group.labels), group));

/** Reads the snapshot of a summary. */
export const readSummaries: SnapshotReader<SummaryMetric> = (snapshot, merge) =>
  groupByLabels(snapshot, "quantile").map((group) => toSummary(merge(group.labels), group));

function toValueMetric(sample: SnapshotSample, merge: (labels: Labels) => Labels): ValueMetric {
  return {
    labels: merge(sample.labels ?? {}),
    value: sample.value,
    exemplar: toExemplar(sample.exemplar),
  };
}

/** The samples of one label set. */
interface Group {
  readonly labels: Labels;
  /** The samples of the buckets or quantiles, by their bound. */
  readonly bounds: Map<number, SnapshotSample>;
  sum: number;
  count: number;
}

function groupByLabels({ values }: MetricSnapshot, boundLabel: string): Group[] {
  const groups = new Map<string, Group>();
  for (const sample of values ?? []) {
    const { [boundLabel]: bound, ...labels } = sample.labels ?? {};
    const key = labelsKey(labels);
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels, bounds: new Map(), sum: Number.NaN, count: Number.NaN };
      groups.set(key, group);
    }
    if (bound !== undefined) group.bounds.set(toBound(bound), sample);
    else if (sample.metricName?.endsWith("_sum")) group.sum = sample.value;
    else if (sample.metricName?.endsWith("_count")) group.count = sample.value;
  }
  return [...groups.values()];
}

function toBound(bound: unknown): number {
  return bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
}

function toHistogram(labels: Labels, { bounds, sum, count }: Group): HistogramMetric {
  const buckets = ascending(bounds).filter(([bound]) => Number.isFinite(bound));
  const above = bounds.get(Number.POSITIVE_INFINITY);
  return {
    labels,
    upperBounds: buckets.map(([bound]) => bound),
    cumulativeCounts: buckets.map(([, { value }]) => value),
    count: above?.value ?? count,
    sum,
    exemplars: [...buckets.map(([, sample]) => sample), above].map((sample) =>
      toExemplar(sample?.exemplar),
    ),
  };
}

function toSummary(labels: Labels, { bounds, sum, count }: Group): SummaryMetric {
  const quantiles = ascending(bounds);
  return {
    labels,
    quantiles: quantiles.map(([quantile]) => quantile),
    quantileValues: quantiles.map(([, { value }]) => value),
    sum,
    count,
  };
}

function ascending(bounds: Group["bounds"]): [number, SnapshotSample][] {
  return [...bounds].sort(([a], [b]) => a - b);
}
