import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import type { SummaryMetric } from "../../../src/model/metric-family.ts";
import { gatherAll } from "../../helpers/gathering.ts";
import { type ClientLibrary, LIBRARIES, type LibraryMetric } from "../../helpers/libraries.ts";

// The libraries compress a digest before they read it; we read it as it is. Up to 99 observations a
// digest keeps each by itself, so that the values are the same. Above that both are estimates, and
// those of the library differ from call to call, because it compresses in random order.

const PERCENTILES = [0, 0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

/** The most that a quantile may be away from its rank. The worst seen was 0.004, of either way. */
const MAX_RANK_ERROR = 0.01;

/** What all libraries keep of a time window: one digest for each part of it. */
interface TimeWindow {
  readonly ringBuffer: readonly { toArray(): { mean: number; n: number }[] }[];
}

function timeWindowOf(summary: LibraryMetric): TimeWindow {
  // No library has its store in its types.
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
  // The types of the libraries forget what `get()` gives.
  const { values } = (await summary.get()) as { values: { metricName?: string; value: number }[] };
  return values.filter(({ metricName }) => metricName === undefined).map(({ value }) => value);
}

/** How far `value` is from where `quantile` lies among sorted observations, as a share of them. */
function rankError(sorted: readonly number[], quantile: number, value: number): number {
  const rank = quantile * sorted.length;
  const below = sorted.filter((one) => one < value).length;
  const upTo = sorted.filter((one) => one <= value).length;
  return Math.max(below - rank, rank - upTo, 0) / sorted.length;
}

const observation = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -5, max: 5 }),
);

/** Many observations, in the orders and of the shapes that a digest may find hard. */
const SHAPES: Readonly<Record<string, (index: number, random: number) => number>> = {
  uniform: (_, random) => random,
  exponential: (_, random) => -Math.log(1 - random),
  "heavy-tailed": (_, random) => (1 - random) ** -3,
  ascending: (index) => index,
  descending: (index) => -index,
};

for (const library of LIBRARIES) {
  test(`reading a summary of ${library.name} leaves its digests as they were`, async () => {
    const { summary, read } = createSummary(library);
    // Ascending observations are those that `compress()` changes most.
    for (let value = 1; value <= 999; value++) summary.observe(value);
    const digests = () => timeWindowOf(summary).ringBuffer.map((digest) => digest.toArray());
    const before = digests();
    await read();
    assert.deepEqual(digests(), before);
    await summary.get();
    assert.notDeepEqual(digests(), before);
  });

  test(`up to 99 observations the quantiles are those of ${library.name}`, async () => {
    const property = fc.asyncProperty(
      fc.array(observation, { maxLength: 99, size: "max" }),
      async (values) => {
        const { summary, read } = createSummary(library);
        for (const value of values) summary.observe(value);
        assert.deepEqual(await read(), await readByLibrary(summary));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  for (const [shape, observe] of Object.entries(SHAPES)) {
    test(`quantiles of ${shape} values in ${library.name} are as good as its own`, async () => {
      const property = fc.asyncProperty(
        fc.integer({ min: 500, max: 4_000 }),
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 7, maxLength: 7 }),
        async (count, seeds) => {
          const { summary, read } = createSummary(library);
          const values = Array.from({ length: count }, (_, index) =>
            // Not evenly spread, but never two alike.
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
      await fc.assert(property, { numRuns: 5 });
    });
  }
}
