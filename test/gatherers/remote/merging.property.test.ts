import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRegistryGatherer } from "../../../src/gatherers/prom-client/gatherer.ts";
import { Sender } from "../../../src/gatherers/remote/sender.ts";
import type { Gatherer } from "../../../src/model/gatherer.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  type LibraryMetric,
  type LibraryRegistry,
} from "../../helpers/registries/libraries.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";
import { createContext } from "../../helpers/scraping/gathering.ts";
import { parseText, sampleKey } from "../../judge/index.ts";
import { applySnapshot, TestGroup, type TestWorker, takeSnapshot } from "./workers.ts";

// Workers count, reset, remove, are late, die, return and are replaced, at random. What is merged must be
// what a model says that has only the texts of the libraries and the rules: a counter is never lower than it
// was, unless its series went, and is never counted twice.

const AGGREGATORS = ["sum", "min", "max", "average", "first"] as const;
const NAMES = ["c_total", "plain_total", "h", ...AGGREGATORS.map((name) => `g_${name}`)];

const worker = fc.nat(3);
const operation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("count" as const),
      worker,
      name: fc.constantFrom(...NAMES),
      label: fc.constantFrom("x", "y", "z", "\n\\"),
      value: fc.integer({ min: 0, max: 9 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("remove" as const, "reset" as const),
      worker,
      name: fc.constantFrom(...NAMES),
      label: fc.constantFrom("x", "y", "z"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("unregister" as const, "help" as const), worker }),
  },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const round = fc.record({
  operations: fc.array(operation, { maxLength: 15 }),
  /** What each of the four workers does. */
  states: fc.tuple(
    ...[0, 1, 2, 3].map(() =>
      fc.oneof(
        { weight: 8, arbitrary: fc.constant("answers" as const) },
        { weight: 2, arbitrary: fc.constant("is late" as const) },
        { weight: 2, arbitrary: fc.constant("answers in part" as const) },
        { weight: 1, arbitrary: fc.constant("dies" as const) },
        { weight: 1, arbitrary: fc.constant("returns" as const) },
      ),
    ),
  ),
});

/** The samples of one label set. */
type Samples = ReadonlyMap<string, number>;

/** What one worker's registry says: by family and label set. */
type Reading = ReadonlyMap<string, ReadonlyMap<string, Samples>>;

/** One application. */
class Application {
  readonly registry: LibraryRegistry;
  readonly gatherer: Gatherer;
  readonly #metrics = new Map<string, LibraryMetric>();

  constructor({ Registry, Counter, Gauge, Histogram }: ClientLibrary) {
    this.registry = new Registry();
    this.gatherer = createRegistryGatherer(this.registry);
    const config = { help: "h", labelNames: ["a"], registers: [this.registry] };
    this.#metrics.set("c_total", new Counter({ ...config, name: "c_total" }));
    this.#metrics.set(
      "plain_total",
      new Counter({ ...config, name: "plain_total", labelNames: [] }),
    );
    this.#metrics.set("h", new Histogram({ ...config, name: "h", buckets: [1, 5] }));
    for (const aggregator of AGGREGATORS) {
      const name = `g_${aggregator}`;
      this.#metrics.set(name, new Gauge({ ...config, name, aggregator }));
    }
  }

  apply(step: Operation): void {
    if (!("name" in step)) {
      if (step.kind === "unregister") this.registry.removeSingleMetric("c_total");
      else (this.#metrics.get("c_total") as LibraryMetric).help += "!";
    } else {
      const metric = this.#metrics.get(step.name) as LibraryMetric;
      const labels = step.name === "plain_total" ? {} : { a: step.label };
      if (step.kind === "reset") metric.reset();
      else if (!("value" in step)) {
        if (step.name !== "plain_total") metric.remove(labels);
      } else if (step.name === "h") metric.observe(labels, step.value);
      else if (step.name.startsWith("g_")) metric.set(labels, step.value);
      else metric.inc(labels, step.value);
    }
  }

  async read(isAsked: (name: string) => boolean): Promise<Reading> {
    const reading = new Map<string, Map<string, Map<string, number>>>();
    const body = await this.registry.metrics();
    for (const { name, samples } of body.trim() === "" ? [] : parseText(body, { lenient: true })) {
      if (!isAsked(name)) continue;
      const family = new Map<string, Map<string, number>>();
      for (const sample of samples) {
        const labels = JSON.stringify(sample.labels.get("a") ?? "");
        const series = family.get(labels) ?? new Map<string, number>();
        family.set(labels, series.set(sampleKey(sample), sample.value));
      }
      reading.set(name, family);
    }
    return reading;
  }
}

/** What must be served of counters and histograms, by the rules alone. */
class Model {
  readonly #series = new Map<string, { retained: Samples; owners: Map<unknown, Samples> }>();
  /** Those that their last owner has removed since the last merge. */
  readonly #removed = new Set<string>();

  /** @param isAsked Which families the reading is of: all others stay. */
  answer(owner: unknown, reading: Reading, isAsked: (name: string) => boolean): void {
    for (const [key, series] of this.#series) {
      const [name = "", labels = ""] = JSON.parse(key) as string[];
      const before = series.owners.get(owner);
      if (before === undefined || !isAsked(name)) continue;
      const after = reading.get(name)?.get(labels);
      if (after === undefined) {
        series.owners.delete(owner);
        series.retained = plus(series.retained, before);
        if (series.owners.size === 0) this.#removed.add(key);
      } else if (hasFallen(before, after)) series.retained = plus(series.retained, before);
    }
    for (const [name, family] of reading) {
      if (name.startsWith("g_")) continue;
      for (const [labels, samples] of family) {
        const key = JSON.stringify([name, labels]);
        const series = this.#series.get(key) ?? { retained: new Map(), owners: new Map() };
        series.owners.set(owner, samples);
        this.#removed.delete(key);
        this.#series.set(key, series);
      }
    }
  }

  retire(owner: unknown): void {
    for (const series of this.#series.values()) {
      series.retained = plus(series.retained, series.owners.get(owner) ?? new Map());
      series.owners.delete(owner);
    }
  }

  merge(): Samples {
    for (const key of this.#removed) this.#series.delete(key);
    this.#removed.clear();
    let samples: Samples = new Map();
    for (const { retained, owners } of this.#series.values()) {
      for (const each of [retained, ...owners.values()]) samples = plus(samples, each);
    }
    return samples;
  }
}

function plus(one: Samples, other: Samples): Samples {
  const sum = new Map(one);
  for (const [key, value] of other) sum.set(key, (sum.get(key) ?? 0) + value);
  return sum;
}

/** The sum of a histogram is not compared. */
function hasFallen(before: Samples, after: Samples): boolean {
  return [...before].some(
    ([key, value]) => !key.startsWith('["h_sum"') && (after.get(key) ?? 0) < value,
  );
}

/** The gauges of those that answered, the lowest slot first. */
function gaugesOf(readings: readonly Reading[]): Samples {
  const values = new Map<string, number[]>();
  for (const reading of readings) {
    for (const [name, family] of reading) {
      if (!name.startsWith("g_")) continue;
      for (const samples of family.values()) {
        for (const [key, value] of samples) values.set(key, [...(values.get(key) ?? []), value]);
      }
    }
  }
  return new Map(
    Array.from(values, ([key, all]) => {
      const sum = all.reduce((total, value) => total + value, 0);
      if (key.startsWith('["g_min"')) return [key, Math.min(...all)];
      if (key.startsWith('["g_max"')) return [key, Math.max(...all)];
      if (key.startsWith('["g_average"')) return [key, sum / all.length];
      return [key, key.startsWith('["g_first"') ? (all[0] ?? 0) : sum];
    }),
  );
}

/** One worker, as the test knows it. */
interface Seat {
  readonly application: Application;
  readonly worker: TestWorker;
  /** What it said last of its gauges. */
  reading: Reading;
}

const ALL = () => true;
const ONLY = (name: string) => name === "c_total" || name === "g_max";

async function familiesOf({ gatherer }: Application, isRequested: (name: string) => boolean) {
  const { families } = await gatherer.gather({ ...createContext(), isRequested });
  return [...families].filter(({ name }) => isRequested(name));
}

function samplesOf(text: string): [string, number][] {
  const families = text === "" ? [] : parseText(text);
  const samples = families.flatMap((family) => family.samples);
  return sorted(samples.map((sample) => [sampleKey(sample), sample.value]));
}

function sorted(samples: Iterable<[string, number]>): [string, number][] {
  return [...samples].sort(([left], [right]) => (left < right ? -1 : 1));
}

for (const library of EXEMPLAR_LIBRARIES) {
  test(`merged numbers of ${library.name} are those of a model, through deaths and resets`, async () => {
    const property = fc.asyncProperty(
      fc.array(round, { minLength: 2, maxLength: 10 }),
      async (plan) => {
        const group = new TestGroup();
        const model = new Model();
        const seats: (Seat | undefined)[] = [undefined, undefined, undefined, undefined];
        const libraries = [library, ...EXEMPLAR_LIBRARIES, library];
        for (const { operations, states } of plan) {
          for (const [slot, state] of states.entries()) {
            let seat = seats[slot];
            if (state === "dies" && seat !== undefined) {
              model.retire(seat.worker);
              group.retire(seat.worker);
              seats[slot] = undefined;
              seat = undefined;
            } else if (seat === undefined) {
              // Copies of one library, and others, in one group.
              const application = new Application(libraries[slot] ?? library);
              seat = { application, worker: group.join([], { slot }), reading: new Map() };
              seats[slot] = seat;
            }
          }
          for (const step of operations) seats[step.worker]?.application.apply(step);
          for (const [slot, state] of states.entries()) {
            const seat = seats[slot];
            if (seat === undefined) continue;
            seat.worker.isCurrent = state !== "is late";
            if (state === "is late") continue;
            const isAsked = state === "answers in part" ? ONLY : ALL;
            if (state === "returns") {
              Object.assign(seat.worker, { sender: new Sender() });
              seat.worker.mirror.renew();
            }
            const isPartial = state === "answers in part";
            const reading = await seat.application.read(isAsked);
            const families = await familiesOf(seat.application, isAsked);
            applySnapshot(
              seat.worker.mirror,
              takeSnapshot(seat.worker.sender, families, isPartial),
            );
            // A family that is missing in part of an answer may only not have been asked for.
            model.answer(seat.worker, reading, (name) => !isPartial || reading.has(name));
            seat.reading = isPartial ? new Map([...seat.reading, ...reading]) : reading;
          }
          const current = seats
            .filter((seat) => seat?.worker.isCurrent)
            .map((seat) => seat?.reading);
          const gauges = gaugesOf(current.filter((reading) => reading !== undefined));
          const expected = sorted([...model.merge(), ...gauges]);
          assert.deepEqual(samplesOf(group.text()), expected);
        }
      },
    );
    await fc.assert(property, { numRuns: scaleRuns(60) });
  });
}
