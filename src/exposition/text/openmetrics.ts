import type {
  HistogramMetric,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../../model/metric-family.ts";
import type { EscapingScheme } from "../../model/names.ts";
import type { Encoder, FamilyEncoder, MetricEncoder, TextSink } from "../encoder.ts";
import type { PageStore } from "../kept/store.ts";
import { formatCanonical } from "./canonical-number.ts";
import { createTextFormatEncoder, type TextPlan } from "./encode.ts";
import { escapeQuoted } from "./escape.ts";
import { formatBucketExemplar, formatExemplar } from "./exemplar.ts";
import { createLabelEncoder } from "./labels.ts";
import {
  boundLineRest,
  boundStarts,
  hasSameValue,
  hasTotals,
  lineStart,
  listBounds,
  listValue,
  numberAt,
  quoteMetricName,
  VALUE_RUN,
  writeBoundLines,
  writeLine,
} from "./metric-lines.ts";
import { type PlannedFamily, planFamilies } from "./openmetrics-plan.ts";
import { formatSeconds } from "./timestamp.ts";

/**
 * Makes an encoder of OpenMetrics, versions 1.0.0 and 0.0.1: their bodies are the same.
 *
 * Samples have the names that they have in the text format; `planFamilies()` says at what price.
 * Values that OpenMetrics forbids, such as a negative counter, are written as they are: Prometheus
 * stores them, though strict parsers, such as the Python client's, refuse the exposition. `_created`
 * lines are not written, because a server that does not expect them takes them for series of their
 * own. Native histograms have no place in the format.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export function createOpenMetricsEncoder(scheme: EscapingScheme, store?: PageStore): Encoder {
  const known = new WeakMap<MetricFamily, PlannedFamily & { readonly encoder: FamilyEncoder }>();

  const encoderOf = (planned: PlannedFamily): FamilyEncoder => {
    const { family, name, type } = planned;
    const previous = known.get(family);
    // Which other families there are decides over the name and the type.
    if (previous?.name === name && previous.type === type) return previous.encoder;
    const encoder = createFamilyEncoder(planned, scheme);
    known.set(family, { ...planned, encoder });
    return encoder;
  };

  const plan = (families: readonly MetricFamily[]): TextPlan => {
    const { planned, leftOut } = planFamilies(families, scheme);
    const served = planned.map((one) => ({ family: one.family, encoder: encoderOf(one) }));
    return { served, leftOut };
  };

  return createTextFormatEncoder({ plan, end: "# EOF\n" }, store);
}

function createFamilyEncoder(planned: PlannedFamily, scheme: EscapingScheme): FamilyEncoder {
  return { head: createHead(planned), ...createMetricEncoder(planned, scheme) };
}

/** OpenMetrics 1.0, Overall Structure: type, unit and help, in this order. */
function createHead({ family, name, type }: PlannedFamily): string {
  const written = quoteMetricName(name);
  const { help, unit = "" } = family;
  const unitLine = isUnitOf(unit, name, type) ? `# UNIT ${written} ${unit}\n` : "";
  const helpLine = help === "" ? "" : `# HELP ${written} ${escapeQuoted(help)}\n`;
  return `# TYPE ${written} ${type}\n${unitLine}${helpLine}`;
}

/** OpenMetrics 1.0, UNIT: it ends the name; an info and a state set have none. */
function isUnitOf(unit: string, name: string, type: MetricFamily["type"]): boolean {
  if (type === "info" || type === "stateset") return false;
  // A unit is made of the characters of a metric name, and there is no way to quote it.
  return /^[a-zA-Z0-9_:]+$/.test(unit) && name.endsWith(`_${unit}`);
}

/** The casts below hold because a family's type decides the type of its metrics. */
function createMetricEncoder({ name, type }: PlannedFamily, scheme: EscapingScheme): MetricEncoder {
  switch (type) {
    case "histogram":
      return createHistogramEncoder(name, ["_count", "_sum"], scheme) as MetricEncoder;
    case "gaugehistogram":
      return createHistogramEncoder(name, ["_gcount", "_gsum"], scheme) as MetricEncoder;
    case "summary":
      return createSummaryEncoder(name, scheme) as MetricEncoder;
    case "counter":
      return createCounterEncoder(name, scheme) as MetricEncoder;
    case "info":
      return createValueEncoder(`${name}_info`, scheme) as MetricEncoder;
    default:
      return createValueEncoder(name, scheme) as MetricEncoder;
  }
}

function createValueEncoder(sampleName: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme);
  const start = lineStart(sampleName);
  return {
    encode(metric: ValueMetric, sink: TextSink): boolean {
      if (typeof metric.value !== "number") return false;
      const end = `${formatSeconds(metric.timestampMs)}\n`;
      writeLine(start, encodeLabels(metric.labels), metric.value, end, sink);
      return true;
    },
    listNumbers: listValue,
    hasSameNumbers: hasSameValue,
    run: VALUE_RUN,
  };
}

function createCounterEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme);
  const start = lineStart(`${name}_total`);
  return {
    encode(metric: ValueMetric, sink: TextSink): boolean {
      if (typeof metric.value !== "number") return false;
      const end = `${formatSeconds(metric.timestampMs)}${formatExemplar(metric.exemplar)}\n`;
      writeLine(start, encodeLabels(metric.labels), metric.value, end, sink);
      return true;
    },
    listNumbers(metric: ValueMetric, numbers: Float64Array): number {
      return metric.exemplar === undefined ? listValue(metric, numbers) : -1;
    },
    hasSameNumbers(metric: ValueMetric, numbers: Float64Array, first: number): boolean {
      return metric.exemplar === undefined && hasSameValue(metric, numbers, first);
    },
    run: { hasExemplars: true, sumFromEnd: 1 },
  };
}

function createHistogramEncoder(
  name: string,
  [countSuffix, sumSuffix]: readonly [string, string],
  scheme: EscapingScheme,
) {
  const encodeLabels = createLabelEncoder(scheme, "le");
  const bucketStart = lineStart(`${name}_bucket`);
  const infStart = `${bucketStart.open}le="+Inf"`;
  const bucketsOf = boundStarts(bucketStart.open, "le", formatCanonical);
  const countStart = lineStart(`${name}${countSuffix}`);
  const sumStart = lineStart(`${name}${sumSuffix}`);
  return {
    encode(metric: HistogramMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labels = encodeLabels(metric.labels);
      const rest = boundLineRest(labels);
      const timestamp = formatSeconds(metric.timestampMs);
      const starts = bucketsOf(metric.upperBounds);
      for (let index = 0; index < starts.length; index++) {
        sink.text(`${starts[index]}${rest}`);
        sink.number(numberAt(metric.cumulativeCounts, index));
        sink.text(`${timestamp}${formatBucketExemplar(metric, index)}\n`);
      }
      sink.text(`${infStart}${rest}`);
      sink.number(metric.count);
      sink.text(`${timestamp}${formatBucketExemplar(metric, starts.length)}\n`);
      writeLine(countStart, labels, metric.count, `${timestamp}\n`, sink);
      writeLine(sumStart, labels, metric.sum, `${timestamp}\n`, sink);
      return true;
    },

    listNumbers(metric: HistogramMetric, numbers: Float64Array): number {
      const isFixed = metric.timestampMs === undefined && metric.exemplars === undefined;
      if (!isFixed || !hasTotals(metric)) return -1;
      const count = listBounds(metric.upperBounds, metric.cumulativeCounts, numbers);
      numbers[count] = metric.count;
      numbers[count + 1] = metric.count;
      numbers[count + 2] = metric.sum;
      return count + 3;
    },

    hasSameNumbers(metric: HistogramMetric, numbers: Float64Array, first: number): boolean {
      const count = first + metric.upperBounds.length;
      return (
        numbers[count] === metric.count &&
        numbers[count + 2] === metric.sum &&
        metric.exemplars === undefined &&
        metric.timestampMs === undefined
      );
    },

    run: { hasExemplars: true, sumFromEnd: 1 },
  };
}

function createSummaryEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme, "quantile");
  const quantilesOf = boundStarts(lineStart(name).open, "quantile", formatCanonical);
  const countStart = lineStart(`${name}_count`);
  const sumStart = lineStart(`${name}_sum`);
  return {
    encode(metric: SummaryMetric, sink: TextSink): boolean {
      if (!hasTotals(metric)) return false;
      const labels = encodeLabels(metric.labels);
      const end = `${formatSeconds(metric.timestampMs)}\n`;
      const starts = quantilesOf(metric.quantiles);
      writeBoundLines(starts, boundLineRest(labels), metric.quantileValues, end, sink);
      writeLine(countStart, labels, metric.count, end, sink);
      writeLine(sumStart, labels, metric.sum, end, sink);
      return true;
    },

    listNumbers(metric: SummaryMetric, numbers: Float64Array): number {
      if (!hasTotals(metric) || metric.timestampMs !== undefined) return -1;
      const count = listBounds(metric.quantiles, metric.quantileValues, numbers);
      numbers[count] = metric.count;
      numbers[count + 1] = metric.sum;
      return count + 2;
    },

    // Quantiles move with the time window while the totals stay.
    hasSameNumbers: () => false,
  };
}
