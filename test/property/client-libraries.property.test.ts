import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { codePoints } from "../helpers/code-points.ts";
import {
  type ClientLibrary,
  LIBRARIES,
  type LibraryMetric,
  type LibraryRegistry,
} from "../helpers/registries/libraries.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { expose } from "../helpers/scraping/gathering.ts";
import { type ParsedFamily, parseText, sampleKey } from "../judge/index.ts";

// What we serve of any registry has the same samples as the library's own `metrics()`, but for the
// faults of the libraries, which the generators below leave out.

const LABEL_NAMES = ["a", "b2", "_c"];

/** Values for labels and help texts, with all that an encoder could trip over. */
function textArbitrary({ major }: ClientLibrary): fc.Arbitrary<string> {
  const nasty = [
    '"',
    "\\",
    "\n",
    '\\"',
    "\\\n",
    "{",
    "}",
    ",",
    "=",
    " ",
    "\t",
    "\r",
    "é",
    "😀",
    "\0",
  ];
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 8 }),
    fc.string({ unit: codePoints, maxLength: 8 }),
    fc.array(fc.constantFrom(...nasty, "n", "x"), { maxLength: 6 }).map((parts) => parts.join("")),
  );
  // Older versions do not escape a backslash before an n, and so print a line feed.
  return major === 13 || major === 14 ? text.filter((value) => !value.includes("\\n")) : text;
}

function labelValueArbitrary(library: ClientLibrary): fc.Arbitrary<string | number> {
  const value = fc.oneof(textArbitrary(library), fc.integer());
  // prom-client 13 uses the default label where a metric has one that is empty or 0.
  return library.major === 13 ? value.filter(Boolean) : value;
}

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.constantFrom(0, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER),
);
const any = fc.oneof(finite, fc.constantFrom(Number.NaN, ...[1, -1].map((sign) => sign / 0)));

const bounds = fc
  .uniqueArray(finite, { maxLength: 6, selector: String })
  // The libraries take the bucket -1 for the one of what is above all bounds.
  .map((values) => values.filter((value) => value !== -1).sort((left, right) => left - right));

interface MetricPlan {
  readonly type: "Counter" | "Gauge" | "Histogram" | "Summary";
  readonly suffix: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly percentiles: readonly number[];
  readonly points: readonly { labelValues: readonly (string | number)[]; value: number }[];
}

function metricArbitrary(library: ClientLibrary): fc.Arbitrary<MetricPlan> {
  const labelValues = fc.tuple(...LABEL_NAMES.map(() => labelValueArbitrary(library)));
  return fc.record({
    type: fc.constantFrom("Counter", "Gauge", "Histogram", "Summary"),
    suffix: fc.constantFrom("", "_total", ":rate", "_bucket", "_count", "_info"),
    // Blanks at the ends are not part of a help text.
    help: textArbitrary(library).map((text) => `<${text}>`),
    labelNames: fc.shuffledSubarray(LABEL_NAMES),
    buckets: bounds,
    percentiles: fc.uniqueArray(fc.constantFrom(0, 0.01, 0.5, 0.9, 0.99, 1)),
    // Quantiles are exact up to 99 observations; `gatherers/summaries.test.ts` says what is above.
    points: fc.array(fc.record({ labelValues, value: any }), { maxLength: 8 }),
  });
}

function defaultLabelsArbitrary(library: ClientLibrary) {
  const name = fc.constantFrom("a", "app", "zone_1");
  const value = labelValueArbitrary(library);
  return fc.option(fc.dictionary(name, value, { maxKeys: 3 }), { nil: {} });
}

function build(library: ClientLibrary, plans: readonly MetricPlan[]): LibraryRegistry {
  const registry = new library.Registry();
  for (const [index, plan] of plans.entries()) {
    const { type, suffix, buckets, percentiles, labelNames, help } = plan;
    const config = { name: `m${index}${suffix}`, help, labelNames, registers: [registry] };
    const metric = new library[type]({ ...config, buckets, percentiles });
    for (const { labelValues, value } of plan.points) {
      const labels = Object.fromEntries(labelNames.map((name, at) => [name, labelValues[at]]));
      // Only a gauge takes everything; the others throw.
      if (type === "Gauge") metric.set(labels, value);
      else if (!Number.isFinite(value)) continue;
      else if (type === "Counter") metric.inc(labels, Math.abs(value));
      else metric.observe(labels, value);
    }
  }
  return registry;
}

/** The families with their samples in an order that does not depend on that of the lines. */
function comparable(families: readonly ParsedFamily[]) {
  return families.map(({ name, type, help, samples }) => {
    const values = samples.map((sample) => [sampleKey(sample), sample.value] as const);
    return { name, type, help, values: values.sort(([left], [right]) => (left < right ? -1 : 1)) };
  });
}

/** Puts the library's own `get()` in its own place, so that no store is read directly any more. */
function hideStores(registry: LibraryRegistry): void {
  // The types of the libraries forget what the objects are.
  for (const metric of registry.getMetricsAsArray() as LibraryMetric[]) {
    const get = metric.get.bind(metric);
    metric.get = () => get();
  }
}

for (const library of LIBRARIES) {
  for (const way of ["stores", "get()"]) {
    test(`a scrape by ${way} has the same samples as metrics() of ${library.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(metricArbitrary(library), { maxLength: 5 }),
          defaultLabelsArbitrary(library),
          async (plans, defaultLabels) => {
            const registry = build(library, plans);
            registry.setDefaultLabels(defaultLabels);
            if (way === "get()") hideStores(registry);
            // First, because prom-client 13 writes the default labels into the metrics.
            const { text, faults } = await expose(registry);
            const theirs = parseText(await registry.metrics(), { lenient: true });
            const ours = text === "" ? [] : parseText(text);
            assert.deepEqual(faults, []);
            assert.deepEqual(comparable(ours), comparable(theirs));
          },
        ),
        { numRuns: scaleRuns(100) },
      );
    });
  }
}
