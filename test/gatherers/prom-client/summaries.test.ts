import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import type { SummaryMetric } from "../../../src/model/metric-family.ts";
import {
  type ClientLibrary,
  LIBRARIES,
  type LibraryMetric,
} from "../../helpers/registries/libraries.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { gatherAll } from "../../helpers/scraping/gathering.ts";

// The libraries compress a digest before they read it; we do not. Up to 99 observations a
// digest keeps each by itself, so that the values are the same. Above that both are estimates, and
// those of the library differ from call to call, because it compresses in random order.

const PERCENTILES = [0, 0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

/** The largest error of a quantile, as a rank. The worst observed was 0.004, with either way. */
const MAX_RANK_ERROR = 0.01;

/** The time window of every library: one digest for each part of it. */
interface TimeWindow {
  readonly ringBuffer: readonly { toArray(): { mean: number; n: number }[] }[];
}

function timeWindowOf(summary: LibraryMetric): TimeWindow {
  // No library declares its store in its types.
  const { hashMap, store } = summary as unknown as {
    hashMap?: Record<string, { td: TimeWindow }>;
    store?: { values(): Iterable<{ td?: TimeWindow; value?: { td: TimeWindow } }> };
  };
  const [child] = store ? [...store.values()] : Object.values(hashMap ?? {});
  const window = child?.td ?? (child as { value?: { td: TimeWindow } }).value?.td;
  assert.ok(window);
  return window;
}

function createSummary(library: ClientLibrary) {
  const registry = new library.Registry();
  const config = { name: "s", help: "h", percentiles: PERCENTILES, registers: [registry] };
  const summary = new library.Summary(config);
  const gatherer = createRegistryGatherer(registry);
  const read = async (): Promise<readonly number[]> => {
    const [family] = await gatherAll(gatherer);
    const [metric] = (family?.metrics ?? []) as Iterable<SummaryMetric>; // it is a summary
    return Array.from(metric?.quantileValues ?? []);
  };
  return { summary, read };
}

async function readByLibrary(summary: LibraryMetric): Promise<readonly number[]> {
  // The types of the libraries do not declare the result of `get()`.
  const { values } = (await summary.get()) as { values: { metricName?: string; value: number }[] };
  return values.filter(({ metricName }) => metricName === undefined).map(({ value }) => value);
}

/** The distance from `value` to the place of `quantile` among sorted observations, as a share of them. */
function rankError(sorted: readonly number[], quantile: number, value: number): number {
  const rank = quantile * sorted.length;
  const below = sorted.filter((sample) => sample < value).length;
  const upTo = sorted.filter((sample) => sample <= value).length;
  return Math.max(below - rank, rank - upTo, 0) / sorted.length;
}

const observation = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -5, max: 5 }),
);

/** Many observations, in orders and shapes that are hard for a digest. */
const SHAPES: Readonly<Record<string, (index: number, random: number) => number>> = {
  uniform: (_, random) => random,
  exponential: (_, random) => -Math.log(1 - random),
  "heavy-tailed": (_, random) => (1 - random) ** -3,
  ascending: (index) => index,
  descending: (index) => -index,
};

for (const library of LIBRARIES) {
  test(`reading a summary of ${library.name} does not change its digests`, async () => {
    const { summary, read } = createSummary(library);
    // `compress()` changes ascending observations most.
    for (let value = 1; value <= 999; value++) summary.observe(value);
    const digests = () => timeWindowOf(summary).ringBuffer.map((digest) => digest.toArray());
    const before = digests();
    await read();
    assert.deepEqual(digests(), before);
    await summary.get();
    assert.notDeepEqual(digests(), before);
  });

  test(`quantiles of up to 99 observations equal those of ${library.name}`, async () => {
    const property = fc.asyncProperty(
      fc.array(observation, { maxLength: 99, size: "max" }),
      async (values) => {
        const { summary, read } = createSummary(library);
        for (const value of values) summary.observe(value);
        assert.deepEqual(await read(), await readByLibrary(summary));
      },
    );
    await fc.assert(property, { numRuns: scaleRuns(50) });
  });

  for (const [shape, observe] of Object.entries(SHAPES)) {
    test(`quantiles of ${shape} values in ${library.name} are as accurate as its own`, async () => {
      const property = fc.asyncProperty(
        fc.integer({ min: 500, max: 4_000 }),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 7 }),
        async (count, seeds) => {
          const { summary, read } = createSummary(library);
          const values = Array.from({ length: count }, (_, index) =>
            // Unevenly spread, and all different.
            observe(index, (((seeds[index % 7] ?? 0) + index * 0.618_033_988_7) % 1) * 0.999),
          );
          for (const value of values) summary.observe(value);
          const sorted = values.sort((left, right) => left - right);
          for (const quantiles of [await read(), await readByLibrary(summary)]) {
            for (const [index, quantile] of PERCENTILES.entries()) {
              const error = rankError(sorted, quantile, quantiles[index] ?? Number.NaN);
              assert.ok(error <= MAX_RANK_ERROR, `quantile ${quantile} is off by ${error}`);
            }
          }
        },
      );
      await fc.assert(property, { numRuns: scaleRuns(5) });
    });
  }
}
