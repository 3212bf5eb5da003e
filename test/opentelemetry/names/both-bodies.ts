import type { IMetricReader } from "@opentelemetry/sdk-metrics";
import type { CollectionResult } from "../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../src/gatherers/opentelemetry/gatherer.ts";
import { expose } from "../../helpers/scraping/gathering.ts";
import { ExpositionError, type ParsedFamily, parseText, sampleKey } from "../../judge/index.ts";
import { type Application, runApplication } from "../rows/application.ts";
import type { Sdk, SdkName } from "../sdk.ts";

/** What is used of `@opentelemetry/exporter-prometheus`. */
interface Modules {
  readonly PrometheusExporter: new (
    options: object,
  ) => IMetricReader & { collect(): Promise<CollectionResult> };
  readonly PrometheusSerializer: new (
    prefix?: string,
  ) => { serialize(collected: CollectionResult["resourceMetrics"]): string };
}

/** The exporters without labels for scopes. */
export const WITHOUT_SCOPES: ReadonlySet<SdkName> = new Set(["sdk-1", "sdk-2.0"]);

/** What a scraper reads of each of two bodies, sorted. */
export interface BothBodies {
  /** A single text that says why, if a scraper would refuse the body. */
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

/**
 * Serves one collection twice: as the installed exporter does, and with the options that keep its names.
 *
 * @param options Of the mapping, beside those; the labels of the scope are those that the exporter has.
 */
export async function serveBoth(
  sdk: Sdk,
  application: Application,
  options: { readonly prefix?: string; readonly scopeInfoEnabled?: boolean } = {},
): Promise<BothBodies> {
  const { PrometheusExporter, PrometheusSerializer } = sdk.require(
    "@opentelemetry/exporter-prometheus",
  ) as Modules;
  const exporter = new PrometheusExporter({ preventServerStart: true });
  runApplication(sdk, exporter, application);
  const collected = await exporter.collect();
  const theirs = new PrometheusSerializer(options.prefix).serialize(collected.resourceMetrics);
  const gatherer = gathererOf(
    { collect: async () => collected },
    { unitSuffixes: false, scopeInfoEnabled: !WITHOUT_SCOPES.has(sdk.name), ...options },
  );
  const { text } = await expose(gatherer);
  return { theirs: factsOf(theirs), ours: factsOf(text) };
}

/** The types of a body's families and its samples, sorted; how it is written does not count. */
function factsOf(body: string): string[] {
  return readBody(body)
    .flatMap(({ name, type, samples }) => [
      `${name}: ${type}`,
      ...samples.map((sample) => `${sampleKey(sample)} ${sample.value}`),
    ])
    .sort();
}

function readBody(body: string): readonly ParsedFamily[] {
  try {
    return parseText(Buffer.from(body), { lenient: true });
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    return [{ name: `refused: ${error.message}`, type: "", samples: [] }];
  }
}
