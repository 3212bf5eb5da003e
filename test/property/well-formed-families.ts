import fc from "fast-check";
import type {
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  SummaryMetric,
  ValueFamily,
  ValueMetric,
} from "../../src/model/metric-family.ts";
import { families } from "../exposition/protobuf/family-arbitraries.ts";
import { codePoints } from "../helpers/code-points.ts";

/** How names and labels of a case look. */
interface Style {
  /** Put before the name of each family; may need escaping. */
  readonly prefix: string;
  /** Put before the first label name of each metric; may need escaping. */
  readonly labelPrefix: string;
  readonly unit: string | undefined;
}

const prefixes = fc.oneof(
  fc.constantFrom("", "http.", "ä", "9", "a b", "_", "U__", "😀"),
  fc.string({ unit: codePoints, maxLength: 10 }),
);

const styles: fc.Arbitrary<Style> = fc.record({
  prefix: prefixes,
  labelPrefix: prefixes,
  unit: fc.constantFrom(undefined, "seconds", "bytes", "nothing"),
});

/**
 * Families that every format can show and that break no rule of any: no names that clash, buckets
 * that add up, quantiles within 0 and 1. Their names, labels, texts and numbers are anything.
 */
export const wellFormedFamilies: fc.Arbitrary<MetricFamily[]> = fc
  .tuple(families, styles)
  .filter(([given]) => given.length > 0)
  .map(([given, style]) => given.map((family, index) => wellFormed(family, index, style)));

function wellFormed(family: MetricFamily, index: number, style: Style): MetricFamily {
  const { unit } = style;
  // The number keeps names apart in every escaping scheme.
  const name = `${style.prefix}${family.name}_${index}`;
  const label = <T extends Metric>(metric: T, at: number) => withLabels(metric, style, at);
  switch (family.type) {
    case "counter":
      return { ...family, name: `${name}_seconds_total`, unit, metrics: all(family, label) };
    case "histogram":
    case "gaugehistogram": {
      const metrics = Array.from(family.metrics, wellFormedHistogram).map(label);
      return { ...family, name: `${name}_bytes`, unit, metrics };
    }
    case "summary":
      return {
        ...family,
        name,
        unit,
        metrics: Array.from(family.metrics, wellFormedSummary).map(label),
      };
    case "stateset":
      return stateSet({ ...family, metrics: all(family, label) }, index);
    case "unknown":
      // Every second one becomes an info, which has no arbitrary of its own.
      return index % 2 === 0
        ? { ...family, name, unit, metrics: all(family, label) }
        : { ...family, name: `${name}_info`, type: "info", metrics: infos(all(family, label)) };
    default:
      return { ...family, name: `${name}_seconds`, unit, metrics: all(family, label) };
  }
}

function all(
  { metrics }: ValueFamily,
  change: (metric: ValueMetric, index: number) => ValueMetric,
): ValueMetric[] {
  return Array.from(metrics, change);
}

/** Infos are 1 (OpenMetrics 1.0, Info), and all have a time or none. */
function infos(metrics: readonly ValueMetric[]): ValueMetric[] {
  const timestampMs = metrics[0]?.timestampMs;
  return metrics.map((metric) => ({ ...metric, value: 1, timestampMs }));
}

/** The label of a state has the name of its family, and its value is 0 or 1 (OpenMetrics 1.0, StateSet). */
function stateSet(family: ValueFamily, index: number): MetricFamily {
  const name = `${family.name}_${index}`;
  const metrics = infos(all(family, (metric) => metric)).map((metric, state) => ({
    ...metric,
    value: state % 2,
    labels: { ...metric.labels, [name]: `state ${state}` },
  }));
  return { ...family, name, metrics };
}

/** Makes one label name need escaping, perhaps, and sees to it that no two metrics become one. */
function withLabels<T extends Metric>(metric: T, { labelPrefix }: Style, index: number): T {
  const entries = Object.entries(metric.labels).map(([name, value]) => [labelPrefix + name, value]);
  const labels = {
    ...Object.fromEntries(entries),
    [`${labelPrefix}1`]: "",
    [`${labelPrefix}2`]: [],
  };
  return { ...metric, labels: labelPrefix === "" ? labels : { number: index, ...labels } };
}

function wellFormedSummary(metric: SummaryMetric): SummaryMetric {
  const { length } = metric.quantiles;
  return { ...metric, quantiles: metric.quantiles.map((_, index) => index / length) };
}

function wellFormedHistogram(metric: HistogramMetric): HistogramMetric {
  const counts = Array.from(metric.cumulativeCounts).sort((a, b) => a - b);
  // Both zeros are one bound.
  const upperBounds = [...new Set(metric.upperBounds.map((bound) => bound + 0))];
  const native = metric.native && {
    ...metric.native,
    exemplars: metric.native.exemplars?.map(withTimestamp) ?? [],
  };
  return {
    ...metric,
    native,
    upperBounds,
    cumulativeCounts: upperBounds.map((_, index) => Math.min(counts[index] ?? 0, metric.count)),
    exemplars: Array.from(metric.exemplars ?? [], (exemplar, index) =>
      index % 2 === 0 ? exemplar : inBucket(exemplar, upperBounds[index]),
    ),
  };
}

function withTimestamp(exemplar: Exemplar): Exemplar {
  return { ...exemplar, timestampMs: exemplar.timestampMs ?? 1_500 };
}

/** Moves an exemplar to the upper end of its bucket, and cuts its labels so that they are short. */
function inBucket(
  exemplar: Exemplar | null | undefined,
  upperBound: number | undefined,
): Exemplar | null | undefined {
  if (!exemplar) return exemplar;
  return { ...exemplar, labels: shortened(exemplar.labels), value: upperBound ?? exemplar.value };
}

function shortened(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      name,
      Array.from(String(value).replaceAll("}", "]")).slice(0, 10).join(""),
    ]),
  );
}

/**
 * Makes families that stay the same objects while what they hold changes, as those of a registry.
 *
 * @param current The families that they hold now, as many as `families` and of the same types.
 */
export function livingFamilies(
  families: readonly MetricFamily[],
  current: () => readonly MetricFamily[],
): MetricFamily[] {
  return families.map((family, index) => {
    const metrics = { [Symbol.iterator]: () => identified(current()[index]?.metrics ?? []) };
    // The type of the metrics is that of the family, which stays the same.
    return { ...family, metrics } as MetricFamily;
  });
}

/** Gives metrics the identities that they had before: a label set has one for good. */
function* identified(metrics: Iterable<Metric>): Generator<Metric> {
  for (const metric of metrics) yield { ...metric, identity: JSON.stringify(metric.labels) };
}

/** The same families some time later: other numbers, other exemplars, other times, one metric less. */
export function changedFamilies(families: readonly MetricFamily[]): MetricFamily[] {
  return families.map((family) => {
    const metrics = Array.from<Metric, Metric>(family.metrics, (metric) =>
      changedMetric(metric, family.type),
    );
    // The type of a family decides the type of its metrics, which stays the same.
    return { ...family, metrics: metrics.length > 1 ? metrics.slice(1) : metrics } as MetricFamily;
  });
}

function changedMetric(metric: Metric, type: MetricFamily["type"]): Metric {
  const timestampMs = metric.timestampMs === undefined ? 1_234 : undefined;
  if (type === "info") return { ...metric, timestampMs };
  if ("value" in metric) {
    const value = type === "stateset" ? 1 - metric.value : metric.value / 3;
    return { ...metric, timestampMs, value, exemplar: undefined };
  }
  // The counts of a native histogram must stay what its buckets add up to.
  return "upperBounds" in metric
    ? { ...metric, timestampMs, sum: metric.sum / 3, exemplars: [] }
    : { ...metric, timestampMs, sum: metric.sum / 3, count: metric.count + 1 };
}
