import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BlockStore } from "../../src/exposition/kept/store.ts";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { createRegistryGatherer } from "../../src/gatherers/prom-client/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { encodeChunks } from "../helpers/scraping/encode-families.ts";
import { createContext } from "../helpers/scraping/gathering.ts";

/** What an application may do to its metrics between two scrapes. */
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("count" as const), set: fc.nat(900) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("observe" as const),
      set: fc.nat(60),
      value: fc.double({ min: -1, max: 20, noNaN: true }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("gauge" as const),
      set: fc.nat(900),
      value: fc.oneof(
        fc.double(),
        fc.integer({ min: -20, max: 1_100 }),
        fc.constantFrom(0, -0, 4_294_967_295, 4_294_967_296, Number.NaN, Number.POSITIVE_INFINITY),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), set: fc.nat(900) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("zero" as const), set: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reset" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "default labels" as const }) },
);
const scrapes = fc.array(fc.array(operation, { maxLength: 40 }), { minLength: 2, maxLength: 8 });

const ENCODERS = { text: createTextEncoder, OpenMetrics: createOpenMetricsEncoder };
/** Enough for all blocks, for some of them, and for none. */
const BUDGETS = [Number.MAX_SAFE_INTEGER, 100_000, 0];

for (const client of LIBRARIES) {
  for (const [format, createEncoder] of Object.entries(ENCODERS)) {
    test(`kept blocks equal a fresh ${format} encoding after any churn of ${client.name}`, async () => {
      const property = fc.asyncProperty(
        scrapes,
        fc.constantFrom(...BUDGETS),
        async (rounds, budget) => {
          const registry = new client.Registry();
          const registers = [registry];
          const labelNames = ["set", "word"];
          const labels = (set: number) => ({ set: `s${set}`, word: set % 7 === 0 ? "ü😱" : "x" });
          const counter = new client.Counter({ name: "c_total", help: "c", labelNames, registers });
          const gauge = new client.Gauge({ name: "g", help: "g", labelNames, registers });
          const histogram = new client.Histogram({ name: "h", help: "h", labelNames, registers });
          for (let set = 0; set < 700; set++) counter.inc(labels(set));
          for (let set = 0; set < 700; set++) gauge.set(labels(set), set);
          for (let set = 0; set < 40; set++) histogram.observe(labels(set), set);

          const gatherer = createRegistryGatherer(registry);
          const store = new BlockStore(budget);
          const kept = createEncoder("underscores", store);
          for (const [round, operations] of rounds.entries()) {
            for (const step of operations) {
              if (step.kind === "count") counter.inc(labels(step.set));
              else if (step.kind === "observe") histogram.observe(labels(step.set), step.value);
              else if (step.kind === "gauge") gauge.set(labels(step.set), step.value);
              else if (step.kind === "remove") {
                counter.remove(labels(step.set));
                gauge.remove(labels(step.set));
                histogram.remove(labels(step.set));
              } else if (step.kind === "zero") histogram.zero?.(labels(step.set));
              else if (step.kind === "reset") counter.reset();
              else registry.setDefaultLabels({ round: `${round}` });
            }
            const { families } = await gatherer.gather(createContext());
            const fresh = createEncoder("underscores");
            assert.equal(encodeAll(kept, [...families]), encodeAll(fresh, [...families]));
            assert.ok(store.footprint <= budget);
          }
        },
      );
      await fc.assert(property, { numRuns: scaleRuns(10) });
    });
  }
}

/** A family of a made-up source: its name, and its metrics, each with its identity and value. */
const family = fc.record({
  name: fc.integer({ min: 0, max: 30 }),
  first: fc.nat(40),
  count: fc.oneof(fc.nat(3), fc.nat(1_500)),
  hole: fc.nat(60),
  factor: fc.constantFrom(1, 10, 0.1),
  // Some gatherers keep nothing between two scrapes, and some leave identities out.
  identities: fc.constantFrom("kept", "new", "none"),
});

type Shape = typeof family extends fc.Arbitrary<infer T> ? T : never;

const changingFamilies = fc.array(
  fc.uniqueArray(family, { selector: ({ name }) => name, maxLength: 12 }),
  { minLength: 2, maxLength: 6 },
);

test("kept blocks equal a fresh encoding after any change of families and metrics", () => {
  const property = fc.property(changingFamilies, (rounds) => {
    const store = new BlockStore(Number.MAX_SAFE_INTEGER);
    const kept = createTextEncoder("underscores", store);
    const source = createSource();
    for (const round of rounds) {
      const families = round.map((shape) => source(shape));
      assert.equal(
        encodeAll(kept, families),
        encodeAll(createTextEncoder("underscores"), families),
      );
    }
    store.clear();
    assert.equal(store.footprint, 0);
  });
  fc.assert(property, { numRuns: scaleRuns(30) });
});

test("concurrent scrapes of the same blocks each equal a fresh encoding", () => {
  const property = fc.property(changingFamilies, fc.array(fc.nat(2)), (rounds, turns) => {
    const store = new BlockStore(Number.MAX_SAFE_INTEGER);
    const kept = createTextEncoder("underscores", store);
    const source = createSource();
    const scrapes = rounds.slice(0, 3).map((round) => {
      const families = round.map((shape) => source(shape));
      encodeAll(kept, families);
      return { families, steps: encodeChunks(kept, families, assert.fail), text: "" };
    });
    const advance = (scrape: (typeof scrapes)[number] | undefined) => {
      const step = scrape?.steps.next();
      if (scrape && step && !step.done) scrape.text += Buffer.from(step.value);
      return step?.done === false;
    };
    for (const turn of turns) advance(scrapes[turn]);
    for (const scrape of scrapes) {
      while (advance(scrape));
      const fresh = createTextEncoder("underscores");
      assert.equal(scrape.text, encodeAll(fresh, scrape.families));
    }
    store.clear();
    assert.equal(store.footprint, 0);
  });
  fc.assert(property, { numRuns: scaleRuns(30) });
});

/** Makes families that stay the same objects while their shapes change. */
function createSource() {
  const known = new Map<number, MetricFamily & { shape: Shape }>();
  return (shape: Shape) => {
    let found = known.get(shape.name);
    if (found === undefined) {
      found = {
        name: `family_${shape.name}`,
        help: "",
        type: "gauge",
        shape,
        metrics: {
          *[Symbol.iterator]() {
            const current = known.get(shape.name)?.shape ?? shape;
            const { first, count, hole, factor, identities } = current;
            for (let set = first; set < first + count; set++) {
              if (set % 61 === hole) continue;
              const given = identities === "new" ? {} : undefined;
              yield {
                identity: identities === "kept" ? set : given,
                labels: { set, padding: "x".repeat(40) },
                value: set * factor,
              };
            }
          },
        },
      };
      known.set(shape.name, found);
    }
    found.shape = shape;
    return found;
  };
}

function encodeAll(
  encoder: ReturnType<typeof createTextEncoder>,
  families: readonly MetricFamily[],
): string {
  const chunks: Uint8Array[] = [];
  const report = () => assert.fail("something was skipped");
  for (const chunk of encodeChunks(encoder, families, report)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
