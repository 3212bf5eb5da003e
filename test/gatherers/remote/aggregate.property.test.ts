import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  type LibraryRegistry,
} from "../../helpers/registries/libraries.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { createContext, gatherAll } from "../../helpers/scraping/gathering.ts";
import { parseText, sampleKey } from "../../judge/index.ts";
import { TestGroup, type TestWorker } from "./workers.ts";

// Where the aggregation of the client libraries is right, ours is the same: counters, histograms of the same
// bounds, and gauges of finite numbers, of workers that all live.

const GAUGES = ["sum", "min", "max", "average", "omit"];
const step = fc.record({
  metric: fc.nat(GAUGES.length + 1),
  label: fc.constantFrom("x", "y", "z", '"', "\\", "é"),
  value: fc.double({ min: 0, max: 1e6, noNaN: true }),
});
const plans = fc.array(fc.array(fc.array(step, { maxLength: 10 }), { maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

function createApplication({ Registry, Counter, Gauge, Histogram }: ClientLibrary) {
  const registry = new Registry();
  const config = { help: "h", labelNames: ["a"], registers: [registry] };
  const counter = new Counter({ ...config, name: "c_total" });
  const histogram = new Histogram({ ...config, name: "h", buckets: [1, 1_000] });
  const gauges = GAUGES.map((aggregator) => {
    return new Gauge({ ...config, name: `g_${aggregator}`, aggregator });
  });
  const apply = ({
    metric,
    label: a,
    value,
  }: typeof step extends fc.Arbitrary<infer T> ? T : never) => {
    if (metric === 0) counter.inc({ a }, value);
    else if (metric === 1) histogram.observe({ a }, value);
    else gauges[metric - 2]?.set({ a }, value);
  };
  return { registry, apply };
}

function samplesOf(text: string): ReadonlyMap<string, number> {
  const families = text.trim() === "" ? [] : parseText(text, { lenient: true });
  const samples = families.flatMap((family) => family.samples);
  return new Map(samples.map((sample) => [sampleKey(sample), sample.value]));
}

async function answer(
  group: TestGroup,
  worker: TestWorker,
  registry: LibraryRegistry,
): Promise<void> {
  group.answer(worker, [...(await gatherAll(createRegistryGatherer(registry), createContext()))]);
}

for (const library of EXEMPLAR_LIBRARIES) {
  test(`merged numbers are those of AggregatorRegistry.aggregate() of ${library.name}`, async () => {
    const property = fc.asyncProperty(plans, async (plan) => {
      const group = new TestGroup();
      const applications = [0, 1, 2, 3].map(() => createApplication(library));
      const workers = applications.map(() => group.join([]));
      for (const steps of plan) {
        for (const [index, { registry, apply }] of applications.entries()) {
          for (const each of steps[index] ?? []) apply(each);
          await answer(group, workers[index] ?? assert.fail(), registry);
        }
        const snapshots = applications.map(({ registry }) => registry.getMetricsAsJSON());
        const theirs = library.AggregatorRegistry.aggregate(await Promise.all(snapshots));
        const expected = samplesOf(await theirs.metrics());
        const actual = samplesOf(group.text());
        assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
        for (const [key, value] of expected) {
          // The order of the additions may differ.
          const difference = Math.abs((actual.get(key) ?? Number.NaN) - value);
          assert.ok(difference <= Math.abs(value) * 1e-9, `${key}: ${actual.get(key)}, ${value}`);
        }
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(30) });
  });
}
