import type {
  HistogramMetric,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import type { Encoder, FamilyEncoder, MetricEncoder, TextSink } from "../encoder.ts";
import { uniquelyNamed } from "../family-names.ts";
import type { PageStore } from "../kept/store.ts";
import { formatNumber } from "../number.ts";
import { createTextFormatEncoder, type LeftOutFamily, type TextPlan } from "./encode.ts";
import { escapeHelp } from "./escape.ts";
import { createLabelEncoder } from "./labels.ts";
import {
  boundLineRest,
  boundStarts,
  hasSameValue,
  hasTotals,
  lineStart,
  listBounds,
  listValue,
  quoteMetricName,
  VALUE_RUN,
  writeBoundLines,
  writeLine,
} from "./metric-lines.ts";
import { formatMilliseconds } from "./timestamp.ts";

/** The types that the text format knows, for those of the model. */
const TEXT_TYPES: Readonly<Record<MetricFamily["type"], string>> = {
  counter: "counter",
  gauge: "gauge",
  unknown: "untyped",
  info: "gauge",
  stateset: "gauge",
  histogram: "histogram",
  gaugehistogram: "histogram",
  summary: "summary",
};

/**
 * Makes an encoder of the text format, versions 0.0.4 and 1.0.0: they differ in nothing but the
 * names that they allow, so `scheme` says it all.
 *
 * @param store Keeps bytes between scrapes, if there is one.
 *
 * Exemplars, units and native histograms are left out, because the format has no place for them.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function createTextEncoder(scheme: EscapingScheme, store?: PageStore): Encoder {
  // A family that is the same object as at the last scrape has the same name, help and type.
  const known = new WeakMap<MetricFamily, FamilyEncoder>();

  const encoderOf = (family: MetricFamily, name: string): FamilyEncoder => {
    let encoder = known.get(family);
    if (encoder === undefined) {
      encoder = createFamilyEncoder(family, name, scheme);
      known.set(family, encoder);
    }
    return encoder;
  };

  const plan = (families: readonly MetricFamily[]): TextPlan => {
    const leftOut: LeftOutFamily[] = [];
    const named = uniquelyNamed(families, scheme, (name, reason) => leftOut.push({ name, reason }));
    const served = Array.from(named, ([family, name]) => ({
      family,
      encoder: encoderOf(family, name),
    }));
    return { served, leftOut };
  };

  return createTextFormatEncoder({ plan, end: "" }, store);
}

function createFamilyEncoder(
  family: MetricFamily,
  name: string,
  scheme: EscapingScheme,
): FamilyEncoder {
  const written = quoteMetricName(name);
  const help = family.help === "" ? "" : `# HELP ${written} ${escapeHelp(family.help)}\n`;
  return {
    head: `${help}# TYPE ${written} ${TEXT_TYPES[family.type]}\n`,
    ...createMetricEncoder(family.type, name, scheme),
  };
}

/** The casts below hold because a family's type decides the type of its metrics. */
function createMetricEncoder(
  type: MetricFamily["type"],
  name: string,
  scheme: EscapingScheme,
): MetricEncoder {
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramEncoder(name, scheme) as MetricEncoder;
    case "summary":
      return createSummaryEncoder(name, scheme) as MetricEncoder;
    default:
      return createValueEncoder(name, scheme) as MetricEncoder;
  }
}

function createValueEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme);
  const start = lineStart(name);
  return {
    encode(metric: ValueMetric, sink: TextSink): boolean {
      if (typeof metric.value !== "number") return false;
      const end = `${formatMilliseconds(metric.timestampMs)}\n`;
      writeLine(start, encodeLabels(metric.labels), metric.value, end, sink);
      return true;
    },
    listNumbers: listValue,
    hasSameNumbers: hasSameValue,
    run: VALUE_RUN,
  };
}

// The text of a bound is part of the identity of its series, so buckets and quantiles are written
// as the client libraries write them: with `formatNumber`, not in the canonical form of OpenMetrics.

function createHistogramEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme, "le");
  const bucketStart = lineStart(`${name}_bucket`);
  const infStart = `${bucketStart.open}le="+Inf"`;
  const bucketsOf = boundStarts(bucketStart.open, "le", formatNumber);
  const sumStart = lineStart(`${name}_sum`);
  const countStart = lineStart(`${name}_count`);
  return {
    encode(metric: HistogramMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labels = encodeLabels(metric.labels);
      const rest = boundLineRest(labels);
      const end = `${formatMilliseconds(metric.timestampMs)}\n`;
      writeBoundLines(bucketsOf(metric.upperBounds), rest, metric.cumulativeCounts, end, sink);
      sink.text(`${infStart}${rest}`);
      sink.number(metric.count);
      sink.text(end);
      writeLine(sumStart, labels, metric.sum, end, sink);
      writeLine(countStart, labels, metric.count, end, sink);
      return true;
    },

    listNumbers(metric: HistogramMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      const count = listBounds(metric.upperBounds, metric.cumulativeCounts, numbers);
      numbers[count] = metric.count;
      numbers[count + 1] = metric.sum;
      numbers[count + 2] = metric.count;
      return count + 3;
    },

    hasSameNumbers(metric: HistogramMetric, numbers: Float64Array, first: number): boolean {
      const count = first + metric.upperBounds.length;
      return (
        numbers[count] === metric.count &&
        numbers[count + 1] === metric.sum &&
        metric.timestampMs === undefined
      );
    },

    run: { hasExemplars: false, sumFromEnd: 2 },
  };
}

function createSummaryEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme, "quantile");
  const quantilesOf = boundStarts(lineStart(name).open, "quantile", formatNumber);
  const sumStart = lineStart(`${name}_sum`);
  const countStart = lineStart(`${name}_count`);
  return {
    encode(metric: SummaryMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labels = encodeLabels(metric.labels);
      const end = `${formatMilliseconds(metric.timestampMs)}\n`;
      const starts = quantilesOf(metric.quantiles);
      writeBoundLines(starts, boundLineRest(labels), metric.quantileValues, end, sink);
      writeLine(sumStart, labels, metric.sum, end, sink);
      writeLine(countStart, labels, metric.count, end, sink);
      return true;
    },

    listNumbers(metric: SummaryMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      const count = listBounds(metric.quantiles, metric.quantileValues, numbers);
      numbers[count] = metric.sum;
      numbers[count + 1] = metric.count;
      return count + 2;
    },

    // Quantiles move with the time window while the totals stay.
    hasSameNumbers: () => false,
  };
}
