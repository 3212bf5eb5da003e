import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Encoder } from "../../src/exposition/encoder.ts";
import { BlockStore } from "../../src/exposition/kept/store.ts";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { createRegistryGatherer } from "../../src/gatherers/prom-client/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  LIBRARIES,
  type LibraryMetric,
  OPENMETRICS_TYPE,
} from "../helpers/registries/libraries.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { encodeChunks } from "../helpers/scraping/encode-families.ts";
import { createContext } from "../helpers/scraping/gathering.ts";

// Stores are read many children at a time while they are what was kept. Whatever an application
// does to them, and whenever, a scrape must be what it would be without blocks.

/** The borders of blocks, of runs and of look-ups are somewhere among these. */
const set = fc.oneof(fc.constantFrom(0, 1, 31, 32, 33, 511, 512, 513, 1_023, 1_024), fc.nat(1_100));
const COUNTS = [1, 60, 511, 512, 513, 1_024];

/** A value that `set()` would refuse: only who writes into the store itself can bring it about. */
const oddValue = fc.constantFrom<unknown>("text", undefined, null, 7, Number.NaN, true);

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("gauge" as const), set, value: fc.double() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("count" as const), set }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("observe" as const),
      set: fc.nat(120),
      value: fc.integer({ min: -1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), set }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("replace" as const), set }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("zero" as const), set: fc.nat(120) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("odd" as const), set, value: oddValue }) },
  { weight: 1, arbitrary: fc.constant({ kind: "refill" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "share" as const }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const round = fc.record({
  before: fc.array(operation, { maxLength: 12 }),
  /** How many chunks a scrape has given when others come between. */
  chunks: fc.nat(3),
  during: fc.oneof(fc.constant([]), fc.array(operation, { maxLength: 12 })),
});
const rounds = fc.array(round, { minLength: 2, maxLength: 5 });

/** The children of a metric: what the library keeps for each label set. */
function childrenOf(metric: LibraryMetric): { value?: unknown }[] {
  // No library has its store in its types.
  const { hashMap, store } = metric as unknown as {
    hashMap?: Record<string, object>;
    store?: { values(): Iterable<object> };
  };
  return store === undefined ? Object.values(hashMap ?? {}) : [...store.values()];
}

function createApplication(client: ClientLibrary, count: number) {
  const registry = new client.Registry();
  const config = { help: "h", labelNames: ["set"], registers: [registry] };
  const gauge = new client.Gauge({ ...config, name: "g" });
  const counter = new client.Counter({ ...config, name: "c_total" });
  const histogram = new client.Histogram({ ...config, name: "h", buckets: [1, 5, 10] });
  const labels = (id: number) => ({ set: id % 5 === 0 ? `s${id}é` : `s${id}` });
  let shared = 0;
  const fill = () => {
    for (let id = 0; id < count; id++) gauge.set(labels(id), id);
    for (let id = 0; id < Math.min(count, 100); id++) histogram.observe(labels(id), id % 12);
  };
  fill();
  for (let id = 0; id < count; id++) counter.inc(labels(id), id);

  const apply = (step: Operation): void => {
    if (step.kind === "gauge") gauge.set(labels(step.set), step.value);
    else if (step.kind === "count") counter.inc(labels(step.set), 1);
    else if (step.kind === "observe") histogram.observe(labels(step.set), step.value);
    else if (step.kind === "zero") histogram.zero?.(labels(step.set));
    else if (step.kind === "remove" || step.kind === "replace") {
      for (const metric of [gauge, counter, histogram]) metric.remove(labels(step.set));
      if (step.kind === "remove") return;
      gauge.set(labels(step.set), 1);
      counter.inc(labels(step.set), 1);
      histogram.observe(labels(step.set), 1);
    } else if (step.kind === "odd") {
      const child = childrenOf(gauge)[step.set];
      if (child) child.value = step.value;
    } else if (step.kind === "refill") {
      // As some of the default metrics do at each scrape.
      gauge.reset();
      histogram.reset();
      fill();
    } else {
      // The store keeps the object, so that two label sets become one.
      const object = { set: `shared ${shared++}` };
      gauge.set(object, 1);
      object.set = `shared ${shared++}`;
      gauge.set(object, 2);
    }
  };
  return { registry, apply };
}

/** The parts of an exposition that must each be of one moment: heads, and label sets. */
function piecesOf(text: string): string[] {
  // A histogram ends with its count.
  return text.split(/(?<=^(?!h_bucket|h_sum).*\n)/m);
}

interface Exposition {
  readonly text: string;
  readonly faults: readonly string[];
}

function startScrape(encoder: Encoder, families: readonly MetricFamily[]) {
  const faults: string[] = [];
  const report = (name: string, reason: string) => faults.push(`${name}: ${reason}`);
  const steps = encodeChunks(encoder, families, report);
  let text = "";
  const advance = (): boolean => {
    const step = steps.next();
    if (!step.done) text += Buffer.from(step.value).toString();
    return !step.done;
  };
  const finish = (): Exposition => {
    while (advance());
    return { text, faults };
  };
  return { advance, finish };
}

const FORMATS = { text: createTextEncoder, OpenMetrics: createOpenMetricsEncoder };

for (const client of LIBRARIES) {
  for (const [format, createEncoder] of Object.entries(FORMATS)) {
    test(`runs equal a fresh ${format} encoding whatever becomes of ${client.name}`, async () => {
      const property = fc.asyncProperty(rounds, fc.constantFrom(...COUNTS), async (plan, count) => {
        const { registry, apply } = createApplication(client, count);
        const gatherer = createRegistryGatherer(registry);
        const kept = createEncoder("underscores", new BlockStore(Number.MAX_SAFE_INTEGER));
        const gather = async () => [...(await gatherer.gather(createContext())).families];
        for (const { before, chunks, during } of plan) {
          for (const step of before) apply(step);
          const families = await gather();
          const atFirst = startScrape(createEncoder("underscores"), families).finish();
          const paused = startScrape(kept, families);
          for (let chunk = 0; chunk < chunks; chunk++) paused.advance();
          assert.deepEqual(startScrape(kept, families).finish(), atFirst);
          const possible = new Set(piecesOf(atFirst.text));
          const take = () => {
            const fresh = startScrape(createEncoder("underscores"), families).finish();
            for (const piece of piecesOf(fresh.text)) possible.add(piece);
            return fresh;
          };
          for (const step of during) {
            // A scrape that is under way goes on in the store that is then thrown away.
            if (step.kind === "refill") take();
            apply(step);
          }
          const inTheEnd = take();
          const { text, faults } = paused.finish();
          if (during.length === 0) assert.deepEqual({ text, faults }, atFirst);
          if (format === "text") {
            for (const piece of piecesOf(text)) assert.ok(possible.has(piece), piece);
          }
          assert.deepEqual(startScrape(kept, families).finish(), inTheEnd);
        }
      });
      await fc.assert(property, { numRuns: scaleRuns(10) });
    });
  }
}

const exemplarRounds = fc.array(
  fc.array(fc.record({ set: fc.nat(60), value: fc.nat(12), hasExemplar: fc.boolean() })),
  { minLength: 4, maxLength: 8 },
);

for (const { name, Registry, Counter, Histogram } of EXEMPLAR_LIBRARIES) {
  for (const [format, createEncoder] of Object.entries(FORMATS)) {
    test(`runs of ${format} serve the exemplars that come to ${name}`, async () => {
      const property = fc.asyncProperty(exemplarRounds, async (plan) => {
        const registry = new Registry(OPENMETRICS_TYPE);
        const config = { help: "h", labelNames: ["set"], registers: [registry] };
        const counter = new Counter({ ...config, name: "c_total", enableExemplars: true });
        const histogram = new Histogram({ ...config, name: "h", enableExemplars: true });
        const count = (set: number, value: number, hasExemplar: boolean) => {
          const exemplarLabels = hasExemplar ? { trace_id: `${value}` } : undefined;
          const observation = { labels: { set }, value, exemplarLabels };
          counter.inc(observation);
          histogram.observe(observation);
        };
        for (let set = 0; set < 60; set++) count(set, set % 12, false);
        const gatherer = createRegistryGatherer(registry);
        const kept = createEncoder("underscores", new BlockStore(Number.MAX_SAFE_INTEGER));
        for (const observations of plan) {
          for (const { set, value, hasExemplar } of observations) count(set, value, hasExemplar);
          const families = [...(await gatherer.gather(createContext())).families];
          const fresh = startScrape(createEncoder("underscores"), families).finish();
          assert.deepEqual(startScrape(kept, families).finish(), fresh);
        }
      });
      await fc.assert(property, { numRuns: scaleRuns(10) });
    });
  }
}
