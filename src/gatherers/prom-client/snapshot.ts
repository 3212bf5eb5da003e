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
 *
 * @param onDuplicate Called for a sample of a histogram or a summary that is there twice; the first counts.
 */
export type SnapshotReader<T> = (
  snapshot: MetricSnapshot,
  merge: (labels: Labels) => Labels,
  onDuplicate?: () => void,
) => T[];

/** Reads the snapshot of a counter, a gauge or a metric of unknown type. */
export const readValues: SnapshotReader<ValueMetric> = (snapshot, merge) =>
  (snapshot.values ?? []).map((sample) => toValueMetric(sample, merge));

/** Reads the snapshot of a histogram. */
export const readHistograms: SnapshotReader<HistogramMetric> = (snapshot, merge, onDuplicate) =>
  groupByLabels(snapshot, "le", onDuplicate).map((group) =>
    toHistogram(merge(group.labels), group),
  );

/** Reads the snapshot of a summary. */
export const readSummaries: SnapshotReader<SummaryMetric> = (snapshot, merge, onDuplicate) =>
  groupByLabels(snapshot, "quantile", onDuplicate).map((group) =>
    toSummary(merge(group.labels), group),
  );

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
  sum?: number;
  count?: number;
}

const TOTALS = ["sum", "count"] as const;

function groupByLabels(
  { values }: MetricSnapshot,
  boundLabel: string,
  onDuplicate: () => void = () => {},
): Group[] {
  const groups = new Map<string, Group>();
  for (const sample of values ?? []) {
    const { [boundLabel]: bound, ...labels } = sample.labels ?? {};
    const key = labelsKey(labels);
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels, bounds: new Map() };
      groups.set(key, group);
    }
    const total = TOTALS.find((name) => sample.metricName?.endsWith(`_${name}`));
    const isDuplicate =
      bound === undefined
        ? total !== undefined && group[total] !== undefined
        : group.bounds.has(toBound(bound));
    if (isDuplicate) onDuplicate();
    else if (bound !== undefined) group.bounds.set(toBound(bound), sample);
    else if (total !== undefined) group[total] = sample.value;
  }
  return [...groups.values()];
}

function toBound(bound: unknown): number {
  return bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
}

function toHistogram(
  labels: Labels,
  { bounds, sum = Number.NaN, count = Number.NaN }: Group,
): HistogramMetric {
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

function toSummary(
  labels: Labels,
  { bounds, sum = Number.NaN, count = Number.NaN }: Group,
): SummaryMetric {
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
