import type { Registry } from "prom-client";
import type { Labels, Metric, MetricFamily } from "../../src/model/metric-family.ts";
import { canonicalNumber } from "../helpers/exposition/number.ts";
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
  /** Whether a native histogram is one series, in place of its classic buckets. */
  readonly isNative?: boolean;
}

/** How series look that were scraped in the text format. */
export const TEXT_STYLE: SeriesStyle = {
  bound: (value) => (value === Number.POSITIVE_INFINITY ? "+Inf" : `${value}`),
  gaugeHistogram: ["_count", "_sum"],
};

/** How series look that were scraped in OpenMetrics. */
export const OPENMETRICS_STYLE: SeriesStyle = {
  bound: canonicalNumber,
  gaugeHistogram: ["_gcount", "_gsum"],
};

/** How series look that were scraped in protobuf, by a Prometheus that knows native histograms. */
export const PROTOBUF_STYLE: SeriesStyle = {
  bound: canonicalNumber,
  gaugeHistogram: ["_count", "_sum"],
  isNative: true,
};

/** The value of a series that is a native histogram. */
export const NATIVE = "native histogram";

/** Says which series a scraper must have of the fixture; shares no code with the encoders. */
export async function expectedSeries(
  { registry, exemplarRegistry, families }: Everything,
  style: SeriesStyle,
): Promise<SeriesMap> {
  const series = new Map<string, string>();
  const add = (name: string, labels: Labels, value: number | string) => {
    const key = seriesKey(name, labels);
    if (series.has(key)) throw new Error(`The fixture has a series twice: ${key}`);
    series.set(key, typeof value === "string" ? value : valueText(value));
  };
  await addRegistry(registry, style, add);
  await addRegistry(exemplarRegistry, style, add);
  for (const family of families) {
    for (const metric of family.metrics) addMetric(family, metric, style, add);
  }
  return series;
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

type Add = (name: string, labels: Labels, value: number | string) => void;

/** Reads a registry as prom-client itself shows it. */
async function addRegistry(
  registry: Pick<Registry, "getMetricsAsJSON">,
  style: SeriesStyle, add: Add): Promise<void> {
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const sample of values) {
      const { labels, value } = sample;
      // Missing in the type: histograms and summaries name each of their samples.
      const { metricName = name } = sample as { metricName?: string };
      const { le, quantile } = labels;
      const bounds = {
        ...(le !== undefined && { le: style.bound(numberOf(le)) }),
        ...(quantile !== undefined && { quantile: style.bound(numberOf(quantile)) }),
      };
      add(metricName, { ...labels, ...bounds }, value);
    }
  }
}

function addMetric({ name, type }: MetricFamily, metric: Metric, style: SeriesStyle, add: Add) {
  const { labels } = metric;
  if ("value" in metric) {
    add(name, labels, metric.value);
    return;
  }
  if ("native" in metric && style.isNative) {
    add(name, labels, NATIVE);
    return;
  }
  const [count, sum] = type === "gaugehistogram" ? style.gaugeHistogram : ["_count", "_sum"];
  add(`${name}${count}`, labels, metric.count);
  add(`${name}${sum}`, labels, metric.sum);
  if ("quantiles" in metric) {
    for (const [index, bound] of metric.quantiles.entries()) {
      const value = Number(metric.quantileValues[index]);
      add(name, { ...labels, quantile: style.bound(bound) }, value);
    }
    return;
  }
  for (const [index, bound] of [...metric.upperBounds, Number.POSITIVE_INFINITY].entries()) {
    const value = metric.cumulativeCounts[index] ?? metric.count;
    add(`${name}_bucket`, { ...labels, le: style.bound(bound) }, value);
  }
}

/** Identifies a series as a scraper does, with its names as the scheme `underscores` has them. */
export function seriesKey(name: string, labels: Labels): string {
  const pairs = Object.entries(labels)
    .map(([label, value]) => [underscored(label), wellFormed(value ?? "")] as const)
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
  return Number(`${text}`.replace(/^([+-]?)Inf$/, "$1Infinity"));
}

const SHOWN_CHARACTERS = 200;

/** Lists what is missing, what differs and what is too many, in short; `[]` if all is well. */
export function differences(actual: SeriesMap, expected: SeriesMap): string[] {
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys]
    .filter((key) => actual.get(key) !== expected.get(key))
    .slice(0, 20)
    .map((key) => {
      const shown = key.slice(0, SHOWN_CHARACTERS);
      return `${shown}: ${actual.get(key)} in place of ${expected.get(key)}`;
    });
}
