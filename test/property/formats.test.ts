import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../src/model/names.ts";
import { FORMATS, type Format } from "../../src/options/options.ts";
import { Server } from "../../src/server/server.ts";
import { decompress, ENCODINGS } from "../exposition/compression/helpers.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { MEDIA_RANGES } from "../helpers/scraping/media-ranges.ts";
import { createScraper } from "../helpers/scraping/scraper.ts";
import {
  normalizeBounds,
  type ParsedFamily,
  type ParsedSample,
  parseExposition,
  sampleKey,
} from "../judge/index.ts";
import { expectedFamilies } from "./expected-families.ts";
import { changedFamilies, livingFamilies, wellFormedFamilies } from "./well-formed-families.ts";

const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");
const codings = fc.constantFrom(
  "identity",
  ...ENCODINGS.flatMap(({ encoding, skip }) => (skip === false ? [encoding] : [])),
);

for (const format of FORMATS) {
  test(`scrapes of any families in ${format} read back as these families`, async () => {
    await fc.assert(
      fc.asyncProperty(wellFormedFamilies, schemes, codings, async (families, scheme, coding) => {
        let current = families;
        const living = livingFamilies(families, () => current);
        const { log, scrape } = createScraper(gathererWith(...living));
        const accept = `${MEDIA_RANGES[format]};escaping=${scheme}`;
        // What is kept of one scrape for the next must not show.
        for (current of [families, changedFamilies(families), families]) {
          const { headers, body } = await scrape({ accept, acceptEncoding: coding });
          const plain = unpack(body, headers["Content-Encoding"], coding);
          assertShows(headers["Content-Type"], plain, current, format, scheme);
        }
        assert.deepEqual(log, []);
      }),
      { numRuns: scaleRuns(50) },
    );
  });
}

test("an HTTP scrape of any families reads back as these families", async () => {
  let served: readonly MetricFamily[] = [];
  const options = { logger: false, selfMetrics: false } as const;
  const gatherer = { gather: () => ({ families: served }) };
  const server = await Server.listen(gatherer, "127.0.0.1:0", options);
  after(() => server.close());
  const formats = fc.constantFrom(...FORMATS);
  await fc.assert(
    fc.asyncProperty(
      wellFormedFamilies,
      formats,
      schemes,
      codings,
      async (families, format, scheme, coding) => {
        served = families;
        const accept = `${MEDIA_RANGES[format]};escaping=${scheme}`;
        const answer = await httpGet(server.url, { accept, "accept-encoding": coding });
        assert.equal(answer.status, 200);
        const plain = unpack(answer.body, answer.headers["content-encoding"], coding);
        assertShows(answer.headers["content-type"], plain, families, format, scheme);
      },
    ),
    { numRuns: scaleRuns(50) },
  );
});

/** Undoes the content encoding, which must be the one that was asked for unless the body is small. */
function unpack(body: Buffer, encoding: string | undefined, wanted: string): Buffer {
  const plain = encoding === "gzip" || encoding === "zstd" ? decompress(body, encoding) : body;
  assert.equal(encoding ?? "identity", plain.length < 1_024 ? "identity" : wanted);
  return plain;
}

function assertShows(
  contentType: string | undefined,
  body: Uint8Array,
  families: readonly MetricFamily[],
  format: Format,
  scheme: EscapingScheme,
): void {
  // A scraper that asks for UTF-8 names in OpenMetrics 0.0.1 gets them, but the type cannot say so.
  const readAs =
    format === "openmetrics-0.0.1" && scheme === "allow-utf-8"
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
      : (contentType ?? "");
  // The values are any: counters that are negative, an info that is not 1.
  const parsed = parseExposition(readAs, body, { strictSemantics: false });
  assert.deepEqual(
    normalizeBounds(parsed).map(comparable),
    expectedFamilies(families, format, scheme).map(comparable),
  );
}

/** A family that is the same for two orders of its samples and of their labels. */
function comparable({ samples, ...family }: ParsedFamily): object {
  const bySeries = samples.map((sample) => [sampleKey(sample), contentOf(sample)] as const);
  return { ...family, samples: Object.fromEntries(bySeries), length: samples.length };
}

function contentOf({ value, timestampMs, exemplar }: ParsedSample): object {
  // `-0` is `0` in the text formats.
  const number = (given: number): number => (given === 0 ? 0 : given);
  return {
    value: number(value),
    timestampMs,
    exemplar: exemplar && { ...exemplar, value: number(exemplar.value) },
  };
}
