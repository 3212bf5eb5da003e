import type {
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  MetricType,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";

/** A line of the text format, for a person. */
export interface Sample {
  /** Name and labels. */
  readonly series: string;
  readonly value: string;
}

/** The samples of a metric. */
export function samplesOf({ name, type }: MetricFamily, metric: Metric): Sample[] {
  const labels = labelsOf(metric.labels);
  const samples: Sample[] = [];
  WRITERS[type](metric, (suffix, value, ...more) => {
    const pairs = [...labels, ...more];
    const list = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    samples.push({ series: name + suffix + list, value: textOf(value) });
  });
  return samples;
}

type Write = (suffix: string, value: number, ...labels: string[]) => void;

// The casts hold because a family's type decides the type of its metrics.

const writeValue = (metric: Metric, write: Write): void => write("", (metric as ValueMetric).value);

const writeHistogram = (metric: Metric, write: Write): void => {
  const { upperBounds, cumulativeCounts, count, sum } = metric as HistogramMetric;
  for (const [index, bound] of upperBounds.entries()) {
    write("_bucket", cumulativeCounts[index] ?? 0, pairOf("le", textOf(bound)));
  }
  write("_bucket", count, pairOf("le", "+Inf"));
  write("_sum", sum);
  write("_count", count);
};

const writeSummary = (metric: Metric, write: Write): void => {
  const { quantiles, quantileValues, count, sum } = metric as SummaryMetric;
  for (const [index, quantile] of quantiles.entries()) {
    write("", quantileValues[index] ?? Number.NaN, pairOf("quantile", textOf(quantile)));
  }
  write("_sum", sum);
  write("_count", count);
};

const WRITERS: Readonly<Record<MetricType, (metric: Metric, write: Write) => void>> = {
  counter: writeValue,
  gauge: writeValue,
  unknown: writeValue,
  info: writeValue,
  stateset: writeValue,
  histogram: writeHistogram,
  gaugehistogram: writeHistogram,
  summary: writeSummary,
};

/** A value may be as long as a program makes it. */
const MAX_VALUE_LENGTH = 200;

function labelsOf(labels: Labels): string[] {
  return Object.entries(labels)
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => pairOf(name, value));
}

function pairOf(name: string, value: string): string {
  const cut = value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
  return `${name}="${cut.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function textOf(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
