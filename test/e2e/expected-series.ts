import type { Registry } from "prom-client";
import type {
  HistogramMetric,
  Labels,
  Metric,
  MetricFamily,
  SummaryMetric,
} from "../../src/model/metric-family.ts";
import { canonicalNumber } from "../judge/index.ts";
import type { Everything } from "./everything.ts";
import type { Scraper } from "./programs.ts";

/** Series by what identifies them, with their values as `valueText()` writes them. */
export type SeriesMap = ReadonlyMap<string, string>;

/** What the format of a scrape decides about its series. */
export interface SeriesStyle {
  /** Writes the bounds of buckets and quantiles. */
  readonly bound: (value: number) => string;
  /** The suffixes of a gauge histogram's count and sum. */
  readonly gaugeHistogram: readonly [count: string, sum: string];
  /** Which totals a histogram lacks whose sum is `NaN`, which means that it is not known. */
  readonly unknownTotals: "none" | "sum" | "both";
  /** Whether a native histogram is one series, in place of its classic buckets. */
  readonly isNative?: boolean;
}

/** How series look that were scraped in the text format. */
export const TEXT_STYLE: SeriesStyle = {
  bound: (value) => (value === Number.POSITIVE_INFINITY ? "+Inf" : `${value}`),
  gaugeHistogram: ["_count", "_sum"],
  unknownTotals: "sum",
};

/** How series look that were scraped in OpenMetrics. */
export const OPENMETRICS_STYLE: SeriesStyle = {
  bound: canonicalNumber,
  gaugeHistogram: ["_gcount", "_gsum"],
  unknownTotals: "both",
};

/** How series look that were scraped in protobuf, by a Prometheus that knows native histograms. */
export const PROTOBUF_STYLE: SeriesStyle = {
  bound: canonicalNumber,
  gaugeHistogram: ["_count", "_sum"],
  unknownTotals: "none",
  isNative: true,
};

/** The value of a series that is a native histogram. */
export const NATIVE = "native histogram";

/** Says which series a scraper must have of the fixture; shares no code with the encoders. */
export async function expectedSeries(
  { registry, exemplarRegistry, families }: Everything,
  style: SeriesStyle,
): Promise<SeriesMap> {
  const samples = [
    ...(await registrySamples(registry, style)),
    ...(await registrySamples(exemplarRegistry, style)),
    ...familySamples(families, style),
  ];
  return toSeries(samples);
}

/** The same, only for families. */
export function expectedSeriesOf(families: readonly MetricFamily[], style: SeriesStyle): SeriesMap {
  return toSeries(familySamples(families, style));
}

function toSeries(samples: Iterable<ExpectedSample>): SeriesMap {
  const series = new Map<string, string>();
  for (const { name, labels, value } of samples) {
    const key = seriesKey(name, labels);
    if (series.has(key)) throw new Error(`The fixture has a series twice: ${key}`);
    series.set(key, valueText(value));
  }
  return series;
}

interface ExpectedSample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number | typeof NATIVE;
}

/** Reads the series of a job, without what the scraper and the server say of themselves. */
export async function scrapedSeries(scraper: Scraper, job: string): Promise<SeriesMap> {
  const ours = `{job="${job}",__name__!~"up|scrape_.*|promhttp_.*"}`;
  const samples = await scraper.query(ours);
  return new Map(
    samples.map(({ metric, value, histogram }) => {
      const { __name__: name = "", job: _job, instance: _instance, ...labels } = metric;
      return [seriesKey(name, labels), histogram === undefined ? valueText(value) : NATIVE];
    }),
  );
}

/** Reads a registry as prom-client itself shows it. */
async function registrySamples(
  registry: Pick<Registry, "getMetricsAsJSON">,
  style: SeriesStyle,
): Promise<ExpectedSample[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.flatMap(({ name: familyName, values }) =>
    values.map((sample) => {
      const { labels, value } = sample;
      // Missing in the type: histograms and summaries name each of their samples.
      const { metricName: name = familyName } = sample as { metricName?: string };
      const { le, quantile } = labels;
      const bounds = {
        ...(le !== undefined && { le: style.bound(numberOf(le)) }),
        ...(quantile !== undefined && { quantile: style.bound(numberOf(quantile)) }),
      };
      return { name, labels: { ...labels, ...bounds }, value };
    }),
  );
}

function familySamples(families: readonly MetricFamily[], style: SeriesStyle): ExpectedSample[] {
  return families.flatMap((family) =>
    Array.from<Metric, ExpectedSample[]>(family.metrics, (metric) =>
      metricSamples(family, metric, style),
    ).flat(),
  );
}

function metricSamples(
  { name, type }: MetricFamily,
  metric: Metric,
  style: SeriesStyle,
): ExpectedSample[] {
  const { labels } = metric;
  if ("value" in metric) return [{ name, labels, value: metric.value }];
  if ("native" in metric && style.isNative) return [{ name, labels, value: NATIVE }];
  const [count, sum] = type === "gaugehistogram" ? style.gaugeHistogram : ["_count", "_sum"];
  const lacks = Number.isNaN(metric.sum) ? style.unknownTotals : "none";
  const bounds = "quantiles" in metric ? quantiles(metric, style) : buckets(metric, style);
  return [
    ...bounds.map(({ suffix, label, value }) => ({
      name: `${name}${suffix}`,
      labels: { ...labels, ...label },
      value,
    })),
    ...(lacks !== "both" ? [{ name: `${name}${count}`, labels, value: metric.count }] : []),
    ...(lacks === "none" ? [{ name: `${name}${sum}`, labels, value: metric.sum }] : []),
  ];
}

function quantiles({ quantiles, quantileValues }: SummaryMetric, style: SeriesStyle) {
  return quantiles.map((bound, index) => ({
    suffix: "",
    label: { quantile: style.bound(bound) },
    value: Number(quantileValues[index]),
  }));
}

function buckets({ upperBounds, cumulativeCounts, count }: HistogramMetric, style: SeriesStyle) {
  return [...upperBounds, Number.POSITIVE_INFINITY].map((bound, index) => ({
    suffix: "_bucket",
    label: { le: style.bound(bound) },
    value: cumulativeCounts[index] ?? count,
  }));
}

/** Identifies a series as a scraper does, with its names as the scheme `underscores` has them. */
export function seriesKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels)
    .map(([label, value]) => [underscored(label), wellFormed(value)] as const)
    .filter(([, value]) => value !== "")
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([underscored(name), ...pairs]);
}

function underscored(name: string): string {
  return name.replace(/^[0-9]|[^a-zA-Z0-9_:]/gu, "_");
}

/** A lone surrogate has no UTF-8. */
function wellFormed(value: unknown): string {
  return Buffer.from(String(value)).toString();
}

/** Writes a value so that equal numbers are equal texts, whatever program printed them. */
export function valueText(value: number | string): string {
  return value === NATIVE ? NATIVE : `${numberOf(value)}`;
}

function numberOf(text: number | string): number {
  return Number(`${text}`.replace(/^([+-]?)inf$/i, "$1Infinity"));
}

const SHOWN_CHARACTERS = 200;

/**
 * Lists what is missing, what differs and what is too many, in short; `[]` if all is well.
 *
 * @param relativeError How much of a value a scraper may lose.
 */
export function differences(actual: SeriesMap, expected: SeriesMap, relativeError = 0): string[] {
  const isSame = (text: string | undefined, otherText: string | undefined) => {
    const [value, other] = [Number(text), Number(otherText)];
    const smaller = Math.min(Math.abs(value), Math.abs(other));
    return text === otherText || Math.abs(value - other) <= relativeError * smaller;
  };
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys]
    .filter((key) => !isSame(actual.get(key), expected.get(key)))
    .slice(0, 20)
    .map((key) => {
      const shown = key.slice(0, SHOWN_CHARACTERS);
      return `${shown}: ${actual.get(key)} in place of ${expected.get(key)}`;
    });
}
