import type { IMetricReader } from "@opentelemetry/sdk-metrics";
import type { CollectionResult } from "../../../src/gatherers/opentelemetry/collected.ts";
import { metricsOf } from "../../../src/programs/opentelemetry/serve.ts";
import { originalSettingsOf } from "../../../src/programs/opentelemetry/settings.ts";
import { expose } from "../../helpers/scraping/gathering.ts";
import { ExpositionError, type ParsedFamily, parseText, sampleKey } from "../../judge/index.ts";
import { type Application, runApplication } from "../rows/application.ts";
import type { Sdk } from "../sdk.ts";

/** What is used of `@opentelemetry/exporter-prometheus`. */
type Exporter = IMetricReader & {
  readonly _serializer: { serialize(collected: CollectionResult["resourceMetrics"]): string };
  collect(): Promise<CollectionResult>;
};

/** What a scraper reads of each of two bodies, sorted. */
export interface BothBodies {
  /** A single text that says why, if a scraper would refuse the body. */
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

/**
 * Serves one collection twice: as the installed exporter does, and as the preload does in its place.
 *
 * @param options Those of the exporter.
 */
export async function serveBoth(
  sdk: Sdk,
  application: Application,
  options: { readonly prefix?: string } = {},
): Promise<BothBodies> {
  const { PrometheusExporter } = sdk.require("@opentelemetry/exporter-prometheus");
  const exporter: Exporter = new PrometheusExporter({ ...options, preventServerStart: true });
  runApplication(sdk, exporter, application);
  const collected = await exporter.collect();
  const theirs = exporter._serializer.serialize(collected.resourceMetrics);
  const settings = originalSettingsOf(exporter, undefined);
  const { text } = await expose(metricsOf({ collect: async () => collected }, settings));
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
