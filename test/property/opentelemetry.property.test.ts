import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CollectionResult } from "../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../src/gatherers/opentelemetry/gatherer.ts";
import type { MappingOptions } from "../../src/gatherers/opentelemetry/mapping-options.ts";
import type { EscapingScheme } from "../../src/model/names.ts";
import { FORMATS } from "../../src/options/options.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { MEDIA_RANGES } from "../helpers/scraping/media-ranges.ts";
import { createScraper, type Scraper } from "../helpers/scraping/scraper.ts";
import { parseExposition, sampleKey } from "../judge/index.ts";
import { applications, startApplication } from "./opentelemetry-applications.ts";

const options = fc.record<MappingOptions>({
  prefix: fc.constantFrom(undefined, "a", "1.é"),
  translationStrategy: fc.constantFrom(
    "UnderscoreEscapingWithSuffixes",
    "UnderscoreEscapingWithoutSuffixes",
    "NoUTF8EscapingWithSuffixes",
    "NoTranslation",
  ),
  unitSuffixes: fc.boolean(),
  scopeInfoEnabled: fc.boolean(),
  targetInfoEnabled: fc.boolean(),
  resourceConstantLabels: fc.constantFrom(undefined, { included: ["a*"] }),
  exponentialHistograms: fc.constantFrom("both", "native"),
});

const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");

for (const format of FORMATS) {
  test(`scrapes of any instruments in ${format} are well-formed, with each series once`, async () => {
    await fc.assert(
      fc.asyncProperty(applications, options, schemes, async (shape, mapping, scheme) => {
        const accept = `${MEDIA_RANGES[format]};escaping=${scheme}`;
        const application = startApplication(shape);
        let collected = await application.collect();
        // The SDK may have counted on by the next collection, although nothing was recorded.
        const gatherer = gathererOf({ collect: async () => collected }, mapping);
        const scraper = createScraper(gatherer);
        for (const round of shape.rounds) {
          application.run(round);
          collected = await application.collect();
          // From the third scrape on, only what has changed is written.
          const body = await scrape(scraper, accept, scheme);
          collected = reversed(collected);
          assert.equal(body, await scrape(createScraper(gatherer), accept, scheme));
        }
      }),
      { numRuns: scaleRuns(40) },
    );
  });
}

/** The SDK lists scopes in any order. */
function reversed({ resourceMetrics, errors }: CollectionResult): CollectionResult {
  const scopeMetrics = resourceMetrics.scopeMetrics.toReversed();
  return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
}

/** Scrapes, and has the body judged. */
async function scrape(scraper: Scraper, accept: string, scheme: EscapingScheme): Promise<string> {
  const { status, headers, body } = await scraper.scrape({ accept });
  assert.equal(status, 200, scraper.log.join("\n"));
  // A scraper that asks for UTF-8 names in OpenMetrics 0.0.1 gets them, but the type cannot say so.
  const type = headers["Content-Type"] ?? "";
  const readAs =
    type.includes("version=0.0.1") && scheme === "allow-utf-8"
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      : type;
  const series = parseExposition(readAs, body).flatMap(({ samples }) => samples.map(sampleKey));
  assert.deepEqual(series, [...new Set(series)]);
  return body.toString("latin1");
}
