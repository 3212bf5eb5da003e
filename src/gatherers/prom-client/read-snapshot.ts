import { labelsKey, labelText } from "../../model/identity.ts";
import type {
  HistogramMetric,
  Labels,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import { type MetricSnapshot, type SnapshotSample, toExemplar } from "./registry.ts";

export { toSnapshot } from "./snapshot.ts";

/** What reading a snapshot needs of its metric and its registry. */
export interface SnapshotContext {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly aggregator?: unknown;
  /** Adds the registry's default labels. */
  readonly merge: (labels: Labels) => Labels;
  readonly report: (reason: string) => void;
}

/**
 * Makes families of what a metric's public `get()` returned: a flat list of samples, which are grouped
 * into one metric for each label set. Used for every metric whose store has an unknown layout.
 *
 * Samples whose `metricName` is of another metric become families of their own, of unknown type: the
 * libraries print them under that name.
 */
export function readSnapshot(
  snapshot: MetricSnapshot,
  context: SnapshotContext,
): readonly MetricFamily[] {
  const { name, help, aggregator, merge, report } = context;
  const type = familyType(context);
  const ownNames = sampleNames(type, [name, snapshot.name]);
  const own: SnapshotSample[] = [];
  const others = new Map<string, SnapshotSample[]>();
  for (const sample of snapshot.values ?? []) {
    const { metricName } = sample;
    if (typeof metricName !== "string" || ownNames.has(metricName)) own.push(sample);
    else others.set(metricName, [...(others.get(metricName) ?? []), sample]);
  }
  const metrics = READERS[type](own, merge, report);
  const otherFamilies = Array.from(
    others,
    ([otherName, samples]): MetricFamily => ({
      name: otherName,
      help: "",
      type: "unknown",
      metrics: readValues(samples, merge),
    }),
  );
  // Where all samples have another name, so has the metric.
  if (own.length === 0 && otherFamilies.length > 0) return otherFamilies;
  // The type decides which reader it was.
  return [{ name, help, type, aggregator, metrics } as MetricFamily, ...otherFamilies];
}

type SnapshotType = "counter" | "gauge" | "unknown" | "histogram" | "summary";

function familyType({ type, report }: SnapshotContext): SnapshotType {
  if (type === "counter" || type === "gauge" || type === "histogram" || type === "summary") {
    return type;
  }
  if (type !== "untyped" && type !== "unknown") report("the type is unknown");
  return "unknown";
}

/** What the names of a type's samples end in, if they are not all that of the metric. */
const SUFFIXES: Readonly<Partial<Record<SnapshotType, readonly string[]>>> = {
  histogram: ["", "_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

function sampleNames(type: SnapshotType, names: readonly unknown[]): ReadonlySet<string> {
  const suffixes = SUFFIXES[type] ?? [""];
  return new Set(names.flatMap((name) => suffixes.map((suffix) => `${labelText(name)}${suffix}`)));
}

type Samples = readonly SnapshotSample[];
type Merge = SnapshotContext["merge"];
type Report = SnapshotContext["report"];

const READERS: Readonly<
  Record<SnapshotType, (samples: Samples, merge: Merge, report: Report) => object[]>
> = {
  counter: readValues,
  gauge: readValues,
  unknown: readValues,
  histogram: (samples, merge, report) =>
    groupByLabels(samples, "le", report).map((group) => toHistogram(merge(group.labels), group)),
  summary: (samples, merge, report) =>
    groupByLabels(samples, "quantile", report).map((group) =>
      toSummary(merge(group.labels), group),
    ),
};

function readValues(samples: Samples, merge: Merge): ValueMetric[] {
  return samples.map((sample) => ({
    labels: merge(labelsOf(sample)),
    value: sample.value,
    exemplar: toExemplar(sample.exemplar),
  }));
}

/** The labels of a sample, and those that it shares with others: these win where both have one. */
function labelsOf({ labels, sharedLabels }: SnapshotSample): Labels {
  return { ...labels, ...sharedLabels };
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

function groupByLabels(samples: Samples, boundLabel: string, report: Report): Group[] {
  const groups = new Map<string, Group>();
  let hasDuplicate = false;
  for (const sample of samples) {
    const { [boundLabel]: bound, ...labels } = labelsOf(sample);
    const total = TOTALS.find((name) => labelText(sample.metricName)?.endsWith(`_${name}`));
    if (bound === undefined && total === undefined) {
      report(`a sample has no label ${boundLabel}`);
      continue;
    }
    const key = labelsKey(labels);
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels, bounds: new Map() };
      groups.set(key, group);
    }
    if (bound !== undefined) {
      if (group.bounds.has(toBound(bound))) hasDuplicate = true;
      else group.bounds.set(toBound(bound), sample);
    } else if (total !== undefined) {
      if (group[total] !== undefined) hasDuplicate = true;
      else group[total] = sample.value;
    }
  }
  if (hasDuplicate) report("get() returned a sample twice; kept the first");
  return [...groups.values()];
}

function toBound(bound: unknown): number {
  const text = labelText(bound);
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
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
