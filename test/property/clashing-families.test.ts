import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Encoder } from "../../src/exposition/encoder.ts";
import { BlockStore } from "../../src/exposition/kept/store.ts";
import { createProtobufEncoder } from "../../src/exposition/protobuf/protobuf.ts";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import type { Metric, MetricFamily, MetricType } from "../../src/model/metric-family.ts";
import { type EscapingScheme, escapeLabelName, escapeMetricName } from "../../src/model/names.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { encodeChunks } from "../helpers/scraping/encode-families.ts";
import {
  type ParsedFamily,
  parseOpenMetrics,
  parseProtobuf,
  parseText,
  protoToSamples,
  sampleKey,
} from "../judge/index.ts";

// Families that clash on purpose: names that escaping makes equal, names of other families' samples,
// and label sets that differ in nothing that a scraper reads.

/** A label set, with a number that is its value and, with its family, its identity. */
interface Point {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
  readonly timestampMs: number | undefined;
}

interface Plan {
  readonly name: string;
  readonly type: MetricType;
  readonly points: readonly Point[];
  readonly hasIdentities: boolean;
  /** Whether its iterator yields one object again and again. */
  readonly isFlyweight: boolean;
  /** Whether the gatherer promises that labels are unique; then no two are, as the gatherer has them. */
  readonly hasUniqueLabels: boolean;
}

const UNPRINTABLE = Object.create(null) as unknown;

const labelNames = fc.constantFrom(
  "a",
  "b",
  "a.b",
  "a-b",
  "a_b",
  "é",
  "le",
  "quantile",
  "__name__",
);
const labelValues = fc.constantFrom<unknown>(
  ...["", "1", 1, true, "true", undefined, "undefined", null, [], "\ud800", "\ud801", '"\n'],
  UNPRINTABLE,
);
const TYPES = ["counter", "gauge", "unknown", "info", "stateset", "histogram", "gaugehistogram"];

const points = fc
  .array(
    fc.record({
      labels: fc.dictionary(labelNames, labelValues, { maxKeys: 3 }),
      timestampMs: fc.option(fc.constantFrom(1_000, 2_000), { nil: undefined, freq: 8 }),
    }),
    { maxLength: 8 },
  )
  .map((list) => list.map((point, value) => ({ ...point, value })));

const plan = fc
  .record({
    name: fc
      .tuple(fc.constantFrom("x", "X"), fc.constantFrom("", "_", ".", "-"))
      .chain(([base, separator]) =>
        fc
          .constantFrom("", "count", "sum", "bucket", "total", "info", "created", "gcount", "gsum")
          .map((suffix) => (suffix === "" ? base : `${base}${separator}${suffix}`)),
      ),
    type: fc.constantFrom(...(TYPES as MetricType[]), "summary"),
    points,
    hasIdentities: fc.boolean(),
    isFlyweight: fc.boolean(),
    hasUniqueLabels: fc.boolean(),
  })
  .map(
    (given): Plan => (given.hasUniqueLabels ? { ...given, points: unique(given.points) } : given),
  );

/** Of points with the same names and texts the first. */
function unique(list: readonly Point[]): Point[] {
  const byLabels = new Map<string, Point>();
  for (const point of list.toReversed()) {
    const texts = Object.entries(point.labels).map(([name, value]) => [
      name,
      value === UNPRINTABLE ? "" : `"${String(value)}`,
    ]);
    byLabels.set(JSON.stringify(texts.sort()), point);
  }
  return [...byLabels.values()].reverse();
}

const FORMATS = {
  text: {
    create: createTextEncoder,
    parse: (body: Buffer, utf8Names: boolean) => parseText(body, { utf8Names }),
  },
  OpenMetrics: {
    create: createOpenMetricsEncoder,
    parse: (body: Buffer, utf8Names: boolean) =>
      parseOpenMetrics(body, { utf8Names, canonical: true, strictSemantics: false }),
  },
  protobuf: {
    // It keeps nothing between scrapes.
    create: (scheme: EscapingScheme) => createProtobufEncoder(scheme),
    parse: (body: Buffer, utf8Names: boolean) => protoToSamples(parseProtobuf(body, { utf8Names })),
  },
};

const schemes = fc.constantFrom<EscapingScheme>("allow-utf-8", "underscores", "dots", "values");

for (const [format, { create, parse }] of Object.entries(FORMATS)) {
  test(`of families and labels that clash, ${format} has the first of each`, () => {
    const property = fc.property(
      fc.uniqueArray(plan, { selector: ({ name }) => name, maxLength: 6 }),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
      schemes,
      (plans, changes, scheme) => {
        const kept = create(scheme, new BlockStore(1e8));
        let current = plans;
        const families = plans.map((_, index) => livingFamily(() => current[index] as Plan));
        for (const change of changes) {
          current = plans.map((given) => ({ ...given, points: changed(given, change) }));
          const fresh = scrape(create(scheme), families);
          assert.deepEqual(scrape(kept, families), fresh);
          const { body, faults } = fresh;
          const skipped = plans.filter(({ name }) =>
            faults.some((fault) => fault.startsWith(`${name}: `) && / another family/.test(fault)),
          );
          if (format !== "OpenMetrics") assert.deepEqual(skipped, namesakes(plans, scheme));
          else assert.ok(plans.length === 0 || !skipped.includes(plans[0] as Plan));
          const read = body.length === 0 ? [] : parse(body, scheme === "allow-utf-8");
          const served = current.filter((_, index) => !skipped.includes(plans[index] as Plan));
          assert.deepEqual(seriesOf(read), firstSeries(served, scheme));
          const ofLabels = faults.filter((fault) => / labels?\b/.test(fault));
          assert.equal(new Set(ofLabels).size, ofLabels.length);
        }
      },
    );
    fc.assert(property, { numRuns: scaleRuns(150) });
  });
}

/** What an application may do between two scrapes: nothing, reorder, remove or double label sets. */
function changed({ points: list, hasUniqueLabels }: Plan, change: number): readonly Point[] {
  if (change === 1) return list.toReversed();
  if (change === 2) return list.slice(1);
  if (change === 3 && !hasUniqueLabels)
    return list.concat(list.map((point) => ({ ...point, value: point.value + 100 })));
  return list;
}

function livingFamily(current: () => Plan): MetricFamily {
  const { name, type, hasIdentities, isFlyweight, hasUniqueLabels } = current();
  function* metrics() {
    const flyweight = {};
    for (const point of current().points) {
      const metric = metricOf(type, point);
      const identity = hasIdentities ? `${name} ${type} ${point.value}` : undefined;
      const whole = { ...metric, timestampMs: point.timestampMs, identity };
      yield (isFlyweight ? Object.assign(flyweight, whole) : whole) as never;
    }
  }
  // The type decides what the metrics are.
  const living = { hasUniqueLabels, metrics: { [Symbol.iterator]: metrics } };
  return { name, help: "", type, ...living } as MetricFamily;
}

function metricOf(type: MetricType, { labels, value }: Point): Metric {
  if (type === "summary") {
    return { labels, count: value, sum: value, quantiles: [0.5, 0.5], quantileValues: [value, 0] };
  }
  if (type === "histogram" || type === "gaugehistogram") {
    return { labels, count: value, sum: value, upperBounds: [1, 1], cumulativeCounts: [value, 0] };
  }
  return { labels, value };
}

function scrape(encoder: Encoder, families: readonly MetricFamily[]) {
  const faults: string[] = [];
  const report = (name: string, reason: string) => faults.push(`${name}: ${reason}`);
  const chunks = encodeChunks(encoder, families, report);
  const body = Buffer.concat(Array.from(chunks, (chunk) => Buffer.from(chunk)));
  return { body, faults };
}

/** The families with a name that a family before has for itself or for its samples. */
function namesakes(plans: readonly Plan[], scheme: EscapingScheme): Plan[] {
  const taken = new Set<string>();
  return plans.filter(({ name, type }) => {
    const full = fullName(name, type, scheme);
    const suffixes = [""];
    if (type === "summary" || type.endsWith("histogram")) suffixes.push("_sum", "_count");
    if (type.endsWith("histogram")) suffixes.push("_bucket");
    const names = suffixes.map((suffix) => full + suffix);
    if (names.some((taking) => taken.has(taking))) return true;
    for (const taking of names) taken.add(taking);
    return false;
  });
}

function fullName(name: string, type: MetricType, scheme: EscapingScheme): string {
  const full = type === "info" && !name.endsWith("_info") ? `${name}_info` : name;
  return escapeMetricName(full, scheme);
}

/** One series of each metric with its value: the number, the count, or the last bucket. */
function firstSeries(plans: readonly Plan[], scheme: EscapingScheme): Map<string, number> {
  const series = new Map<string, number>();
  for (const { name, type, points } of plans) {
    const full = fullName(name, type, scheme);
    const isHistogram = type.endsWith("histogram");
    const suffix = isHistogram ? "_bucket" : type === "summary" ? "_count" : "";
    const reserved = isHistogram ? "le" : type === "summary" ? "quantile" : "__name__";
    for (const { labels, value } of points) {
      const read = labelsRead(labels, scheme, reserved);
      if (read === undefined) continue;
      if (isHistogram) read.set("le", "+Inf");
      const key = sampleKey({ name: full + suffix, labels: read });
      if (!series.has(key)) series.set(key, value);
    }
  }
  return new Map([...series].sort());
}

/** What a scraper reads of labels; `undefined` if one has no text. */
function labelsRead(labels: Point["labels"], scheme: EscapingScheme, reserved: string) {
  const read = new Map<string, string>();
  for (const name of Object.keys(labels).sort()) {
    const value = labels[name];
    if (value === UNPRINTABLE) return undefined;
    const text = String(value).replace(/\p{Surrogate}/gu, "\ufffd");
    const written = escapeLabelName(name, scheme);
    const isOwn = written !== "__name__" && written !== reserved;
    if (text === "" || !isOwn) continue;
    const before = read.get(written);
    read.set(written, before === undefined ? text : `${before};${text}`);
  }
  return read;
}

function seriesOf(families: readonly ParsedFamily[]): Map<string, number> {
  const series = families.flatMap(({ name, type, samples }) =>
    samples
      .filter((sample) => {
        if (type === "summary") return sample.name === `${name}_count`;
        return !type.endsWith("histogram") || sample.labels.get("le") === "+Inf";
      })
      .map((sample) => [sampleKey(sample), sample.value] as const),
  );
  return new Map(series.sort());
}
