import type { Metric, MetricFamily } from "../../../src/model/metric-family.ts";
import { render } from "../../../src/render.ts";
import { type RandomExposition, randomExpositions } from "./expositions.ts";
import {
  type Exhibit,
  judgeHere,
  judgeWithPromtool,
  judgeWithPushgateway,
  judgeWithPython,
  judgeWithTsdb,
  prometheusJudge,
} from "./judges.ts";

const TEXT = "text/plain;version=0.0.4";
const OPENMETRICS = "application/openmetrics-text;version=1.0.0";
const PROTOBUF =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
const FORMATS = { text: TEXT, openmetrics: OPENMETRICS, protobuf: PROTOBUF };
type Format = keyof typeof FORMATS;

/** No judge here reads UTF-8 names, except our own. */
const LEGACY_SCHEMES = ["underscores", "dots", "values"] as const;
type Scheme = (typeof LEGACY_SCHEMES)[number] | "allow-utf-8";

/**
 * Serves random expositions to every judge, in every format, each in one of the escaping schemes that the
 * judge reads.
 *
 * @returns A line for each rejection.
 */
export async function judgeExpositions(count: number, seed: number): Promise<string[]> {
  const all = randomExpositions(count, seed);
  const lawful = all.map((exposition) => (exposition.isLawful ? exposition : undefined));
  const pushable = all.map(forPushing);
  const show = (format: Format, given: Given = all) => exhibitsOf(given, format);
  const text = await show("text");
  const openMetrics = await show("openmetrics");
  const protobuf = await show("protobuf");
  const protobufScraped = await show("protobuf", all.map(withoutGaugeHistograms));
  const pushed = [...(await show("text", pushable)), ...(await show("protobuf", pushable))];
  const forPython = [...text, ...(await show("openmetrics", lawful))];
  const verdicts: readonly (readonly [judge: string, Promise<string[]>])[] = [
    ["ours", judgeHere([...text, ...openMetrics, ...protobuf, ...(await showToAll(all))])],
    ["Prometheus", prometheusJudge()([...text, ...openMetrics])],
    ["Prometheus", prometheusJudge("--enable-feature=native-histograms")(protobufScraped)],
    ["Python", judgeWithPython(forPython)],
    ["promtool", judgeWithPromtool(text)],
    ["promtool", judgeWithTsdb(await show("openmetrics", all.map(dated)))],
    ["Pushgateway", judgeWithPushgateway(pushed)],
  ];
  const complaints = await Promise.all(
    verdicts.map(async ([judge, said]) => (await said).map((line) => `${judge}: ${line}`)),
  );
  return complaints.flat();
}

type Given = readonly (RandomExposition | undefined)[];

async function exhibitsOf(given: Given, format: Format): Promise<Exhibit[]> {
  const exhibits: Exhibit[] = [];
  for (const [index, exposition] of given.entries()) {
    const scheme = LEGACY_SCHEMES[index % LEGACY_SCHEMES.length] ?? "underscores";
    if (exposition !== undefined) exhibits.push(await exhibitOf(exposition, index, format, scheme));
  }
  return exhibits;
}

/** The expositions as a scraper sees them that reads UTF-8 names. */
async function showToAll(given: readonly RandomExposition[]): Promise<Exhibit[]> {
  const exhibits: Exhibit[] = [];
  for (const [index, exposition] of given.entries()) {
    for (const format of Object.keys(FORMATS) as Format[]) {
      exhibits.push(await exhibitOf(exposition, index, format, "allow-utf-8"));
    }
  }
  return exhibits;
}

async function exhibitOf(
  { families }: RandomExposition,
  index: number,
  format: Format,
  scheme: Scheme,
): Promise<Exhibit> {
  const gatherer = { gather: () => ({ families }) };
  const accept = `${FORMATS[format]};escaping=${scheme}`;
  const { body, contentType } = await render(gatherer, { accept, logger: false });
  return { path: `/${index}/${format}/${scheme}`, body, contentType };
}

/** Prometheus 2.42 gives all series of a classic gauge histogram in protobuf one name. */
function withoutGaugeHistograms(exposition: RandomExposition): RandomExposition {
  const families = exposition.families.map((family) =>
    family.type === "gaugehistogram" ? { ...family, type: "histogram" as const } : family,
  );
  return { ...exposition, families };
}

/** The same, with a time for each exposition. */
function dated(exposition: RandomExposition, index: number): RandomExposition {
  const timestampMs = FIRST_TIME_MS + index * 1_000;
  return mapMetrics(exposition, (metric) => ({ ...metric, timestampMs }));
}

const FIRST_TIME_MS = Date.UTC(2026, 0);

function mapMetrics(
  exposition: RandomExposition,
  change: (metric: Metric) => Metric,
): RandomExposition {
  const families = exposition.families.map((family) => {
    const metrics = Array.from<Metric, Metric>(family.metrics, change);
    // The type of a family decides the type of its metrics, which stays the same.
    return { ...family, metrics } as MetricFamily;
  });
  return { ...exposition, families };
}

/** A Pushgateway rejects timestamps, and names of labels that begin with two underscores. */
function forPushing(exposition: RandomExposition): RandomExposition {
  return mapMetrics(exposition, ({ timestampMs: _, ...metric }) => {
    const pairs = Object.entries(metric.labels).map(([name, value]) => [letterFirst(name), value]);
    return { ...metric, labels: Object.fromEntries(pairs) };
  });
}

function letterFirst(name: string): string {
  return /^[a-zA-Z]/.test(name) || name === "" || name === "__name__" ? name : `p${name}`;
}
