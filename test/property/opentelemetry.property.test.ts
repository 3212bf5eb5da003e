import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes, AttributeValue, Meter } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InstrumentType, MeterProvider } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import type {
  CollectionResult,
  DataPoint,
  ScopeMetrics,
} from "../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../src/gatherers/opentelemetry/gatherer.ts";
import type { MappingOptions } from "../../src/gatherers/opentelemetry/mapping-options.ts";
import { PrometheusReader } from "../../src/gatherers/opentelemetry/reader.ts";
import type { EscapingScheme } from "../../src/model/names.ts";
import { FORMATS, type Format } from "../../src/options/options.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { createScraper, type Scraper } from "../helpers/scraping/scraper.ts";
import { parseExposition, sampleKey } from "../judge/index.ts";

/** Of so few characters that names, and what they are translated to, are often the same. */
const text = fc.string({ unit: fc.constantFrom(..."a_./1é"), maxLength: 4 });

const key = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom("le", "quantile", "otel.scope.name", "__name__") },
);
const attributeValue = fc.constantFrom<AttributeValue | undefined>(
  ...["a", "", 'é\n"\\', 1, true, Number.NaN, ["a", null], undefined],
);
const attributes = fc.dictionary(key, attributeValue, { maxKeys: 3 });

/** The histograms of the second are exponential. */
const SCOPES = ["a", "b.é"];

const instrument = fc.record({
  scope: fc.constantFrom(...SCOPES),
  name: fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 2, arbitrary: fc.constantFrom("target.info", "a_total", "a.count", "a_bucket") },
  ),
  create: fc.constantFrom(
    "createCounter",
    "createUpDownCounter",
    "createGauge",
    "createHistogram",
    "createObservableCounter",
    "createObservableUpDownCounter",
    "createObservableGauge",
  ),
  unit: fc.constantFrom("", "1", "s", "By", "{a}/s", "a", "é"),
  description: fc.constantFrom("", "one", "two\n"),
});

const recording = fc.record({
  /** Which of the instruments and of the label sets, counted around. */
  instrument: fc.nat(20),
  set: fc.nat(20),
  value: fc.oneof(
    fc.double({ min: 0, max: 1e3, noNaN: true }),
    fc.nat(20),
    fc.constantFrom(1e300, 1e-300, 1e100, 1e-30, 2 ** 40),
  ),
  /** Whether the application first changes the label set, which it records with again and again. */
  isChanged: fc.integer({ min: 0, max: 9 }).map((number) => number === 9),
});

/** What an application does before each scrape. */
const round = fc.record({
  instruments: fc.array(instrument, { maxLength: 6 }),
  recordings: fc.array(recording, { maxLength: 20 }),
});

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

const applications = fc.record({
  options,
  hasExemplars: fc.boolean(),
  resource: attributes,
  sets: fc.array(attributes, { minLength: 1, maxLength: 6 }),
  rounds: fc.array(round, { minLength: 3, maxLength: 4 }),
});

const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");

const MEDIA_RANGES: Readonly<Record<Format, string>> = {
  "text-0.0.4": "text/plain;version=0.0.4",
  "text-1.0.0": "text/plain;version=1.0.0",
  "openmetrics-1.0.0": "application/openmetrics-text;version=1.0.0",
  "openmetrics-0.0.1": "application/openmetrics-text;version=0.0.1",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

for (const format of FORMATS) {
  test(`scrapes of any instruments in ${format} are well-formed, with each series once`, async () => {
    await fc.assert(
      fc.asyncProperty(applications, schemes, async ({ rounds, ...application }, scheme) => {
        const accept = `${MEDIA_RANGES[format]};escaping=${scheme}`;
        const { collect, run } = createApplication(application);
        let collected = await collect();
        const collecting = { collect: async () => collected };
        const gatherer = gathererOf(collecting, application.options);
        const scraper = createScraper(gatherer);
        for (const { instruments, recordings } of rounds) {
          run(instruments, recordings);
          collected = await collect();
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

/** The order of scopes is not always the same. */
function reversed(result: CollectionResult): CollectionResult {
  return withScopes(result, (scopes) => scopes.toReversed());
}

/** Adds the exemplars that no released SDK has. */
function withExemplars(result: CollectionResult): CollectionResult {
  const addTo = (point: DataPoint): DataPoint => {
    const { attributes, startTime } = point;
    const exemplar = { value: 1, timestamp: startTime, traceId: "t" };
    return { ...point, exemplars: [exemplar, { ...exemplar, filteredAttributes: attributes }] };
  };
  return withScopes(result, (scopes) =>
    scopes.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) => ({ ...metric, dataPoints: metric.dataPoints.map(addTo) })),
    })),
  );
}

function withScopes(
  { resourceMetrics: { resource, scopeMetrics }, errors }: CollectionResult,
  change: (scopes: readonly ScopeMetrics[]) => readonly ScopeMetrics[],
): CollectionResult {
  return { resourceMetrics: { resource, scopeMetrics: change(scopeMetrics) }, errors };
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

type Instrument = typeof instrument extends fc.Arbitrary<infer T> ? T : never;
type Recording = typeof recording extends fc.Arbitrary<infer T> ? T : never;

interface ApplicationShape {
  readonly hasExemplars: boolean;
  readonly resource: Attributes;
  readonly sets: readonly Attributes[];
}

/** Makes an application that creates instruments and records with them. */
function createApplication({ hasExemplars, resource, sets }: ApplicationShape) {
  const reader = new PrometheusReader();
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes(resource),
    views: [
      {
        instrumentType: InstrumentType.HISTOGRAM,
        meterName: SCOPES[1] ?? "",
        aggregation: { type: 5, options: { maxSize: 160 } },
      },
    ],
  });
  const records: ((value: number, set: Attributes) => void)[] = [];
  return {
    async collect(): Promise<CollectionResult> {
      const result = await reader.collect();
      return hasExemplars ? withExemplars(result) : result;
    },
    run(instruments: readonly Instrument[], recordings: readonly Recording[]): void {
      for (const made of instruments) records.push(recorderOf(provider.getMeter(made.scope), made));
      for (const { instrument, set: index, value, isChanged } of recordings) {
        const set = sets[index % sets.length] ?? {};
        if (isChanged) set["a"] = value;
        records[instrument % records.length]?.(value, set);
      }
    },
  };
}

/** Creates an instrument, and returns what counts with it. */
function recorderOf(
  meter: Meter,
  { name, create, ...settings }: Instrument,
): (value: number, set: Attributes) => void {
  switch (create) {
    case "createCounter": {
      const counter = meter.createCounter(name, settings);
      return (value, set) => counter.add(value, set);
    }
    case "createUpDownCounter": {
      const counter = meter.createUpDownCounter(name, settings);
      return (value, set) => counter.add(value - 10, set);
    }
    case "createGauge":
    case "createHistogram": {
      const instrument = meter[create](name, settings);
      return (value, set) => instrument.record(value, set);
    }
    default: {
      const observed = new Map<Attributes, number>();
      meter[create](name, settings).addCallback((result) => {
        for (const [set, value] of observed) result.observe(value, set);
      });
      return (value, set) => observed.set(set, value + (observed.get(set) ?? 0));
    }
  }
}
