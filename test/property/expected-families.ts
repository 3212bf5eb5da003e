import type {
  Exemplar,
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  MetricType,
  SummaryMetric,
  ValueMetric,
} from "../../src/model/metric-family.ts";
import {
  type EscapingScheme,
  escapeLabelName,
  escapeMetricName,
  isLegacyLabelName,
} from "../../src/model/names.ts";
import type { Format } from "../../src/options/options.ts";
import {
  canonicalNumber,
  type ParsedExemplar,
  type ParsedFamily,
  type ParsedSample,
} from "../judge/index.ts";

/** Which of the three kinds of formats, whatever the version. */
type Kind = "text" | "openmetrics" | "protobuf";

/**
 * Says in the plainest way what a scraper must read of well-formed families: the family's name and
 * type, and every sample with what the format carries of it. Bounds are canonical numbers.
 */
export function expectedFamilies(
  families: readonly MetricFamily[],
  format: Format,
  scheme: EscapingScheme,
): ParsedFamily[] {
  const kind = KINDS[format];
  return families.map((family) => {
    const { help, unit = "", type } = family;
    const full = escapeMetricName(family.name, scheme);
    const short = full.slice(0, full.length - (SUFFIXES[type] ?? "").length);
    const name = kind === "openmetrics" ? short : full;
    const hasUnit = kind !== "text" && unit !== "" && short.endsWith(`_${unit}`);
    return {
      name,
      type: TYPES[kind][type] ?? type,
      ...(help !== "" && { help }),
      ...(hasUnit && { unit }),
      samples: Array.from<Metric, ParsedSample[]>(family.metrics, (metric) =>
        samplesOf(family, metric, full, kind, scheme),
      ).flat(),
    };
  });
}

const KINDS: Readonly<Record<Format, Kind>> = {
  "text-0.0.4": "text",
  "text-1.0.0": "text",
  "openmetrics-1.0.0": "openmetrics",
  "openmetrics-0.0.1": "openmetrics",
  protobuf: "protobuf",
};

type Words = Readonly<Partial<Record<MetricType, string>>>;

/** Where a type has another word. */
const TYPES: Readonly<Record<Kind, Words>> = {
  text: { info: "gauge", stateset: "gauge", unknown: "untyped", gaugehistogram: "histogram" },
  protobuf: { info: "gauge", stateset: "gauge", unknown: "untyped" },
  openmetrics: {},
};

/** What OpenMetrics leaves out of the name of a family. */
const SUFFIXES: Words = { counter: "_total", info: "_info" };

/** A sample without what all samples of its metric share. */
interface Part {
  readonly suffix?: string;
  readonly bound?: readonly [string, number];
  readonly value: number;
  readonly exemplar?: ParsedExemplar | undefined;
}

function samplesOf(
  { type }: MetricFamily,
  metric: Metric,
  name: string,
  kind: Kind,
  scheme: EscapingScheme,
): ParsedSample[] {
  const reserved = type === "summary" ? "quantile" : type.endsWith("histogram") ? "le" : undefined;
  const labels = normalLabels(metric.labels, scheme, reserved);
  const { timestampMs } = metric;
  return partsOf(type, metric, kind, scheme).map(({ suffix = "", bound, value, exemplar }) => ({
    name: name + suffix,
    labels: new Map([
      ...labels,
      ...(bound ? [[bound[0], canonicalNumber(bound[1])] as const] : []),
    ]),
    value,
    ...(timestampMs !== undefined && { timestampMs }),
    ...(exemplar !== undefined && { exemplar }),
  }));
}

/** The casts hold because a family's type decides the type of its metrics. */
function partsOf(type: MetricType, metric: Metric, kind: Kind, scheme: EscapingScheme): Part[] {
  if (type === "summary") return summaryParts(metric as SummaryMetric, kind);
  if (type === "histogram" || type === "gaugehistogram") {
    const isGauge = type === "gaugehistogram" && kind === "openmetrics";
    return histogramParts(metric as HistogramMetric, isGauge ? "_g" : "_", kind, scheme);
  }
  const { value, exemplar } = metric as ValueMetric;
  return [{ value, exemplar: type === "counter" ? shown(exemplar, kind, scheme) : undefined }];
}

function summaryParts(
  { quantiles, quantileValues, sum, count }: SummaryMetric,
  kind: Kind,
): Part[] {
  return [
    ...quantiles.map(
      (quantile, index): Part => ({
        bound: ["quantile", quantile],
        value: Number(quantileValues[index]),
      }),
    ),
    ...(isShown(sum, kind) ? [{ suffix: "_sum", value: sum }] : []),
    { suffix: "_count", value: count },
  ];
}

/** A sum that is not known is left out; protobuf has no way to say so but `NaN`. */
function isShown(sum: number, kind: Kind): boolean {
  return kind === "protobuf" || !Number.isNaN(sum);
}

function histogramParts(
  { upperBounds, cumulativeCounts, exemplars = [], sum, count }: HistogramMetric,
  prefix: string,
  kind: Kind,
  scheme: EscapingScheme,
): Part[] {
  const bounds = [Number.NEGATIVE_INFINITY, ...upperBounds, Number.POSITIVE_INFINITY];
  const buckets = bounds.slice(1).map((bound, index): Part => {
    const exemplar = exemplars[index];
    const below = bounds[index] ?? Number.NaN;
    // OpenMetrics 1.0, Exemplars: the value must lie in the bucket.
    const isInBucket = exemplar && exemplar.value > below && exemplar.value <= bound;
    return {
      suffix: "_bucket",
      bound: ["le", bound],
      value: cumulativeCounts[index] ?? count,
      exemplar:
        isInBucket || kind === "protobuf" ? shown(exemplar ?? undefined, kind, scheme) : undefined,
    };
  });
  const hasSum = isShown(sum, kind);
  return [
    ...buckets,
    ...(hasSum ? [{ suffix: `${prefix}sum`, value: sum }] : []),
    // The count of the bucket `+Inf` is the same, and OpenMetrics has both totals or neither.
    ...(hasSum || kind === "text" ? [{ suffix: `${prefix}count`, value: count }] : []),
  ];
}

/** What a format shows of an exemplar: text has none, OpenMetrics those that every parser reads. */
function shown(
  exemplar: Exemplar | undefined,
  kind: Kind,
  scheme: EscapingScheme,
): ParsedExemplar | undefined {
  if (exemplar === undefined || kind === "text") return undefined;
  const { value, timestampMs } = exemplar;
  const labels = normalLabels(exemplar.labels, kind === "protobuf" ? scheme : "allow-utf-8");
  const texts = [...labels].flat();
  const isReadable =
    [...labels.keys()].every(isLegacyLabelName) &&
    texts.every((text) => !/[}"\0]/.test(text)) &&
    Array.from(texts.join("")).length <= 128;
  if (kind === "openmetrics" && !isReadable) return undefined;
  return { labels, value, ...(timestampMs !== undefined && { timestampMs }) };
}

/** Labels that have a value; the values of names that become one are joined in the order of the names. */
function normalLabels(labels: Labels, scheme: EscapingScheme, reserved = "__name__") {
  const normal = new Map<string, string>();
  const sorted = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [name, value] of sorted) {
    const text = String(value);
    const escaped = escapeLabelName(name, scheme);
    const isReserved = escaped === "__name__" || escaped === reserved;
    if (text === "" || isReserved) continue;
    const before = normal.get(escaped);
    normal.set(escaped, before === undefined ? text : `${before};${text}`);
  }
  return normal;
}
