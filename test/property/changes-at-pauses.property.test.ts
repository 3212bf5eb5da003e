import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Encoder } from "../../src/exposition/encoder.ts";
import { BlockStore } from "../../src/exposition/kept/store.ts";
import { createProtobufEncoder } from "../../src/exposition/protobuf/protobuf.ts";
import { createOpenMetricsEncoder } from "../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import {
  type ClientLibrary,
  LIBRARIES,
  type LibraryMetric,
} from "../helpers/registries/libraries.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { encodeChunks } from "../helpers/scraping/encode-families.ts";
import { createContext } from "../helpers/scraping/gathering.ts";
import {
  type ParsedFamily,
  type ParsedSample,
  parseOpenMetrics,
  parseProtobuf,
  parseText,
  protoToSamples,
} from "../judge/index.ts";

// Whatever an application does to its metrics while an encoder pauses, a body is legal, no sample stands
// in it twice, and every label set that was there all the time stands in it.

interface Format {
  readonly createEncoder: (store: BlockStore) => Encoder;
  readonly parse: (body: Uint8Array) => ParsedFamily[];
}

const FORMATS: Readonly<Record<string, Format>> = {
  text: {
    createEncoder: (store) => createTextEncoder("underscores", store),
    parse: (body) => parseText(body),
  },
  OpenMetrics: {
    createEncoder: (store) => createOpenMetricsEncoder("underscores", store),
    parse: (body) => parseOpenMetrics(body),
  },
  protobuf: {
    createEncoder: () => createProtobufEncoder("underscores"),
    parse: (body) => protoToSamples(parseProtobuf(body)),
  },
};

/** Long enough for several pauses in each family. */
const PADDING = "x".repeat(1_200);
const SIZE = 150;

/** Label sets that are one for a scraper: an empty label is absent, and may be a default label. */
const ENVIRONMENTS = [undefined, "", "default", "other"];

interface LabelSet {
  readonly set: number;
  readonly env: string | undefined;
}

const labelSet = fc.record({
  set: fc.nat(SIZE + 20),
  env: fc.constantFrom(undefined, undefined, undefined, ...ENVIRONMENTS),
});
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom("replace", "add"), labels: labelSet }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("remove"), labels: labelSet }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("reset", "refill", "register"),
      labels: labelSet,
    }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What happens before a scrape, and at each of its pauses. */
const round = fc.record({
  before: fc.array(operation, { maxLength: 4 }),
  atPauses: fc.array(fc.array(operation, { maxLength: 6 }), { minLength: 2, maxLength: 6 }),
});
const plan = fc.record({
  rounds: fc.array(round, { minLength: 3, maxLength: 4 }),
  keeps: fc.boolean(),
  hasDefaultLabels: fc.boolean(),
  registries: fc.constantFrom(1, 2),
});

const NAMES = ["g", "c_total", "h", "s"] as const;

function createApplication({ Registry, ...client }: ClientLibrary, hasDefaultLabels: boolean) {
  const registry = new Registry();
  if (hasDefaultLabels) registry.setDefaultLabels({ env: "default" });
  let metrics: LibraryMetric[] = [];
  let isTurned = false;
  const register = () => {
    for (const name of NAMES) registry.removeSingleMetric(name);
    const [g, c, h, s] = NAMES;
    const config = { help: "h", labelNames: ["set", "env", "padding"], registers: [registry] };
    metrics = [
      new client.Gauge({ ...config, name: g }),
      new client.Counter({ ...config, name: c }),
      new client.Histogram({ ...config, name: h, buckets: [1] }),
      new client.Summary({ ...config, name: s, percentiles: [0.5] }),
    ];
  };
  const labelsOf = ({ set, env }: LabelSet) => {
    const entries = Object.entries({
      set: `${set}`,
      padding: PADDING,
      ...(env !== undefined && { env }),
    });
    // Now in one order, now in another.
    isTurned = !isTurned;
    return Object.fromEntries(isTurned ? entries.reverse() : entries);
  };
  const add = (labels: LabelSet) => {
    const [gauge, counter, histogram, summary] = metrics;
    gauge?.set(labelsOf(labels), 1);
    counter?.inc(labelsOf(labels), 1);
    // They cost more, and so there are fewer.
    if (labels.set % 4 === 0) histogram?.observe(labelsOf(labels), 1);
    if (labels.set % 8 === 0) summary?.observe(labelsOf(labels), 1);
  };
  const remove = (labels: LabelSet) => {
    for (const metric of metrics) metric.remove(labelsOf(labels));
  };
  const fill = () => {
    for (let set = 0; set < SIZE; set++) {
      add({ set, env: undefined });
      const env = ENVIRONMENTS[set % 40];
      if (env !== undefined) add({ set, env });
    }
  };
  register();
  fill();
  const apply = ({ kind, labels }: Operation) => {
    if (kind === "reset" || kind === "refill") for (const metric of metrics) metric.reset();
    if (kind === "register") register();
    if (kind === "refill" || kind === "register") fill();
    if (kind === "remove" || kind === "replace") remove(labels);
    if (kind === "add" || kind === "replace") add(labels);
  };
  return { registry, apply };
}

/** Encodes families, with a pause after each chunk. */
function encode(
  encoder: Encoder,
  families: readonly MetricFamily[],
  atPause: (pause: number) => void,
): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const chunk of encodeChunks(encoder, families, () => {})) {
    chunks.push(Buffer.from(chunk));
    atPause(chunks.length - 1);
  }
  return Buffer.concat(chunks);
}

/** What tells a sample from others with the same label `set`. */
function nameOf({ name, labels }: ParsedSample): string {
  return [name, ...["env", "le", "quantile"].map((label) => labels.get(label))].join();
}

/** The series of each label `set`. */
function seriesOf(families: readonly ParsedFamily[]): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>();
  for (const sample of families.flatMap(({ samples }) => samples)) {
    const set = sample.labels.get("set") ?? "";
    series.set(set, (series.get(set) ?? new Set()).add(nameOf(sample)));
  }
  return series;
}

for (const library of LIBRARIES) {
  for (const [name, { createEncoder, parse }] of Object.entries(FORMATS)) {
    test(`what ${library.name} changes at a pause is in no ${name} body twice`, async () => {
      const property = fc.asyncProperty(plan, async ({ rounds, keeps, ...setting }) => {
        const { hasDefaultLabels, registries } = setting;
        const applications = Array.from({ length: registries }, () =>
          createApplication(library, hasDefaultLabels),
        );
        const apply = (step: Operation) => {
          for (const [index, application] of applications.entries()) {
            // Only some of what one registry has is in the other, too.
            if (index === 0 || step.labels.set % 2 === 0) application.apply(step);
          }
        };
        const gatherer = gathererOf(applications.map(({ registry }) => registry));
        const encoder = createEncoder(new BlockStore(keeps ? Number.MAX_SAFE_INTEGER : 0));
        const reference = createEncoder(new BlockStore(0));
        for (const { before, atPauses } of rounds) {
          for (const step of before) apply(step);
          const families = [...(await gatherer.gather(createContext())).families];
          const atFirst = seriesOf(parse(encode(reference, families, () => {})));
          const body = encode(encoder, families, (pause) => {
            for (const step of atPauses[pause % atPauses.length] ?? []) {
              apply(step);
              if (step.kind === "reset" || step.kind === "refill") atFirst.clear();
              else if (step.kind !== "register") atFirst.delete(`${step.labels.set}`);
            }
          });
          // The judge rejects a body that has a series twice.
          const served = seriesOf(parse(body));
          for (const [set, series] of atFirst) {
            for (const one of series) assert.ok(served.get(set)?.has(one), one);
          }
        }
      });
      await fc.assert(property, { numRuns: scaleRuns(2) });
    });
  }
}
