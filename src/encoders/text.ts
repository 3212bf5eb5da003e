import type { FaultReporter } from "../model/gatherer.ts";
import type {
  HistogramMetric,
  MetricFamily,
  SummaryMetric,
  ValueMetric,
} from "../model/metric-family.ts";
import { type EscapingScheme, escapeMetricName } from "../model/names.ts";
import { encodeText } from "./byte-sink.ts";
import type { Encoder, FamilyEncoder, TextSink } from "./encoder.ts";
import { escapeHelp } from "./escape.ts";
import { createLabelEncoder } from "./labels.ts";
import { formatNumber } from "./number.ts";
import { lineEnd, lineStart, openLine, quoteMetricName, writeLines } from "./sample-lines.ts";

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
 * Exemplars, units and native histograms are left out, because the format has no place for them.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function createTextEncoder(scheme: EscapingScheme): Encoder {
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

  return {
    *encode(families, report) {
      yield* encodeText(withUniqueNames(families, scheme, report, encoderOf), "", report);
    },
  };
}

/** Leaves out every family whose name, once escaped, is taken: a second `# TYPE` is an error. */
function* withUniqueNames(
  families: readonly MetricFamily[],
  scheme: EscapingScheme,
  report: FaultReporter,
  encoderOf: (family: MetricFamily, name: string) => FamilyEncoder,
): Generator<[MetricFamily, FamilyEncoder]> {
  const taken = new Set<string>();
  for (const family of families) {
    const name = escapeMetricName(textName(family), scheme);
    if (taken.has(name)) {
      report(family.name, `another family is already called ${name}`);
      continue;
    }
    taken.add(name);
    yield [family, encoderOf(family, name)];
  }
}

/** An info is a gauge whose name says what it is (OpenMetrics 1.0, Info). */
function textName({ name, type }: MetricFamily): string {
  return type === "info" && !name.endsWith("_info") ? `${name}_info` : name;
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
    encode: createMetricEncoder(family.type, name, scheme),
  };
}

/** The casts below hold because a family's type decides the type of its metrics. */
function createMetricEncoder(
  type: MetricFamily["type"],
  name: string,
  scheme: EscapingScheme,
): FamilyEncoder["encode"] {
  switch (type) {
    case "histogram":
    case "gaugehistogram":
      return createHistogramEncoder(name, scheme) as FamilyEncoder["encode"];
    case "summary":
      return createSummaryEncoder(name, scheme) as FamilyEncoder["encode"];
    default:
      return createValueEncoder(name, scheme) as FamilyEncoder["encode"];
  }
}

function createValueEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme);
  const start = lineStart(name);
  return (metric: ValueMetric, sink: TextSink): boolean => {
    if (typeof metric.value !== "number") return false;
    sink.text(openLine(start, encodeLabels(metric.labels)));
    sink.number(metric.value);
    sink.text(lineEnd(metric));
    return true;
  };
}

function createHistogramEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme, "le");
  const bucketStart = lineStart(`${name}_bucket`);
  const infStart = `${bucketStart.open}le="+Inf"`;
  const bucketsOf = boundStarts(bucketStart.open, "le");
  const encodeTotals = createTotalsEncoder(name);
  return (metric: HistogramMetric, sink: TextSink): boolean => {
    if (!hasTotals(metric)) return false;
    const labels = encodeLabels(metric.labels);
    const rest = labels === "" ? "} " : `,${labels}} `;
    const end = lineEnd(metric);
    writeLines(bucketsOf(metric.upperBounds), rest, metric.cumulativeCounts, end, sink);
    sink.text(`${infStart}${rest}`);
    sink.number(metric.count);
    sink.text(end);
    encodeTotals(metric, labels, end, sink);
    return true;
  };
}

function createSummaryEncoder(name: string, scheme: EscapingScheme) {
  const encodeLabels = createLabelEncoder(scheme, "quantile");
  const quantilesOf = boundStarts(lineStart(name).open, "quantile");
  const encodeTotals = createTotalsEncoder(name);
  return (metric: SummaryMetric, sink: TextSink): boolean => {
    if (!hasTotals(metric)) return false;
    const labels = encodeLabels(metric.labels);
    const rest = labels === "" ? "} " : `,${labels}} `;
    const end = lineEnd(metric);
    writeLines(quantilesOf(metric.quantiles), rest, metric.quantileValues, end, sink);
    encodeTotals(metric, labels, end, sink);
    return true;
  };
}

function hasTotals({ count, sum }: HistogramMetric | SummaryMetric): boolean {
  return typeof count === "number" && typeof sum === "number";
}

function createTotalsEncoder(name: string) {
  const sumStart = lineStart(`${name}_sum`);
  const countStart = lineStart(`${name}_count`);
  return (
    metric: HistogramMetric | SummaryMetric,
    labels: string,
    end: string,
    sink: TextSink,
  ): void => {
    sink.text(openLine(sumStart, labels));
    sink.number(metric.sum);
    sink.text(end + openLine(countStart, labels));
    sink.number(metric.count);
    sink.text(end);
  };
}

/**
 * The starts of the lines of all buckets or quantiles, made anew only when the bounds are others
 * than last time; mostly a family has one array of bounds for all its metrics.
 */
function boundStarts(open: string, label: string): (bounds: readonly number[]) => string[] {
  let lastBounds: readonly number[] | undefined;
  let starts: string[] = [];
  return (bounds) => {
    if (bounds !== lastBounds) {
      // The text of a bound is part of the identity of its series: as the client libraries print it.
      starts = bounds.map((bound) => `${open}${label}="${formatNumber(bound)}"`);
      lastBounds = bounds;
    }
    return starts;
  };
}
