import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { ChurningRegistry, churn } from "../../helpers/registries/churn.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  OPENMETRICS_TYPE,
} from "../../helpers/registries/libraries.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { encodeFamilies } from "../../helpers/scraping/encode-families.ts";
import { createContext } from "../../helpers/scraping/gathering.ts";
import { parseText, sampleKey } from "../../judge/index.ts";
import { Line } from "./taking.ts";

// What a receiver has of a registry has the same samples as the library's own `metrics()`, whatever an
// application does between two snapshots; and whatever it does during one, no label set is torn.

/** The samples of an exposition, in an order that does not depend on that of the lines. */
function samplesOf(body: string, lenient = false) {
  const families = body === "" ? [] : parseText(body, { lenient });
  return families.map(({ name, type, help, samples }) => {
    const values = samples.map((sample) => [sampleKey(sample), sample.value] as const);
    return { name, type, help, values: values.sort(([left], [right]) => (left < right ? -1 : 1)) };
  });
}

function textOf(families: readonly MetricFamily[]): string {
  const { body, faults } = encodeFamilies(createTextEncoder("underscores"), families);
  assert.deepEqual(faults, []);
  return body;
}

for (const library of EXEMPLAR_LIBRARIES) {
  test(`a receiver has the samples of metrics() of ${library.name} under churn`, async () => {
    const rounds = fc.array(fc.array(churn, { maxLength: 12 }), { minLength: 2, maxLength: 8 });
    const property = fc.asyncProperty(rounds, async (plan) => {
      const application = new ChurningRegistry(library);
      const gatherer = createRegistryGatherer(application.registry);
      const line = new Line();
      const take = async () => {
        const { families } = await gatherer.gather(createContext());
        return line.take(families);
      };
      for (const steps of plan) {
        for (const step of steps) application.apply(step);
        const theirs = samplesOf(await application.registry.metrics(), true);
        const { families, faults } = await take();
        assert.deepEqual(faults, []);
        assert.deepEqual(samplesOf(textOf(families)), theirs);
        assert.deepEqual((await take()).snapshot.layout, []);
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(100) });
  });
}

const COUNTS = [1, 31, 33, 129, 600, 1_100];
const set = fc.oneof(fc.nat(40), fc.nat(1_200));
const bigOperation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("touch" as const), set }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("remove" as const), set }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("replace" as const), set }) },
  { weight: 1, arbitrary: fc.constant({ kind: "refill" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reset" as const }) },
);
const bigRounds = fc.array(
  fc.record({
    before: fc.array(bigOperation, { maxLength: 8 }),
    during: fc.array(fc.tuple(fc.nat(20), bigOperation), { maxLength: 8 }),
    giveUpAfter: fc.option(fc.nat(12)),
  }),
  { minLength: 2, maxLength: 5 },
);

function createBigApplication(
  { Registry, Counter, Gauge, Histogram }: ClientLibrary,
  size: number,
) {
  const registry = new Registry();
  const config = { help: "h", labelNames: ["set"], registers: [registry] };
  const counter = new Counter({ ...config, name: "c_total" });
  const gauge = new Gauge({ ...config, name: "g" });
  const histogram = new Histogram({ ...config, name: "h", buckets: [1, 5, 10] });
  const touch = (id: number) => {
    counter.inc({ set: id }, 1);
    gauge.set({ set: id }, id);
    for (let count = 0; count <= id % 3; count++) histogram.observe({ set: id }, id % 12);
  };
  const fill = () => {
    for (let id = 0; id < size; id++) touch(id);
  };
  fill();
  const apply = (step: typeof bigOperation extends fc.Arbitrary<infer T> ? T : never): void => {
    if (step.kind === "touch") touch(step.set);
    else if (step.kind === "remove" || step.kind === "replace") {
      for (const metric of [counter, gauge, histogram]) metric.remove({ set: step.set });
      if (step.kind === "replace") touch(step.set);
    } else {
      for (const metric of [counter, gauge, histogram]) metric.reset();
      if (step.kind === "refill") fill();
    }
  };
  return { registry, apply };
}

/** The parts of an exposition that must each be of one moment: heads, and label sets. */
function piecesOf(body: string): string[] {
  return body.split(/(?<=^(?!h_bucket|h_sum).*\n)/m);
}

for (const library of EXEMPLAR_LIBRARIES) {
  test(`no label set of ${library.name} is torn by what happens at a pause`, async () => {
    const property = fc.asyncProperty(bigRounds, fc.constantFrom(...COUNTS), async (plan, size) => {
      const { registry, apply } = createBigApplication(library, size);
      const gatherer = createRegistryGatherer(registry);
      const line = new Line();
      for (const { before, during, giveUpAfter } of plan) {
        for (const step of before) apply(step);
        const { families } = await gatherer.gather(createContext());
        const list = [...families];
        if (giveUpAfter !== null) line.giveUp(list, giveUpAfter);
        const possible = new Set(piecesOf(textOf(list)));
        const atPause = (pause: number) => {
          for (const [at, step] of during) {
            if (at !== pause) continue;
            apply(step);
            for (const piece of piecesOf(textOf(list))) possible.add(piece);
          }
        };
        const taken = line.take(list, { atPause });
        for (const piece of piecesOf(textOf(taken.families))) assert.ok(possible.has(piece), piece);
        assert.equal(textOf(line.take(list).families), textOf(list));
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(15) });
  });
}

const exemplarRounds = fc.array(
  fc.array(
    fc.record({
      set: fc.nat(4),
      value: fc.nat(12),
      hasExemplar: fc.boolean(),
      isReset: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  { minLength: 3, maxLength: 8 },
);

for (const { name, Registry, Counter, Histogram } of EXEMPLAR_LIBRARIES) {
  test(`a receiver has the exemplars of ${name}`, async () => {
    const property = fc.asyncProperty(exemplarRounds, fc.boolean(), async (plan, hasLabels) => {
      const registry = new Registry(OPENMETRICS_TYPE);
      const labelNames = hasLabels ? ["set"] : [];
      const config = { help: "h", labelNames, registers: [registry], enableExemplars: true };
      const counter = new Counter({ ...config, name: "c_total" });
      const histogram = new Histogram({ ...config, name: "h", buckets: [1, 5, 10] });
      const gatherer = createRegistryGatherer(registry);
      const line = new Line();
      for (const steps of plan) {
        for (const { set: id, value, hasExemplar, isReset } of steps) {
          if (isReset) for (const metric of [counter, histogram]) metric.reset();
          const labels = hasLabels ? { set: id } : {};
          const exemplarLabels = hasExemplar ? { trace_id: `${value}` } : undefined;
          for (const [metric, method] of [
            [counter, "inc"],
            [histogram, "observe"],
          ] as const) {
            metric[method]({ labels, value, exemplarLabels });
          }
        }
        const families = [...(await gatherer.gather(createContext())).families];
        const openMetricsOf = (list: readonly MetricFamily[]) =>
          encodeFamilies(createOpenMetricsEncoder("underscores"), list).body;
        assert.equal(openMetricsOf(line.take(families).families), openMetricsOf(families));
        assert.deepEqual(line.take(families).snapshot.layout, []);
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(50) });
  });
}
