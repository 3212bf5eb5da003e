import assert from "node:assert/strict";
import { test } from "node:test";
import type { Encoder, FamilyEncoder } from "../../../src/exposition/encoder.ts";
import { MemoryPressure } from "../../../src/exposition/kept/memory-pressure.ts";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import type { Loan } from "../../../src/exposition/loan.ts";
import { createOpenMetricsEncoder } from "../../../src/exposition/text/openmetrics.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { Exemplar, MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";
import { encodeChunks } from "../../helpers/scraping/encode-families.ts";
import { TRUSTED_LABELS } from "../trusted-labels.ts";

/** A family that stays the same object while its metrics change. */
function liveFamily(): MetricFamily & { list: ValueMetric[] } {
  const list: ValueMetric[] = [];
  const metrics = { [Symbol.iterator]: () => family.list.values() };
  const family = { name: "a_total", help: "", type: "counter" as const, metrics, list };
  return family;
}

function metricOf(set: number, value: number, more: Partial<ValueMetric> = {}): ValueMetric {
  return { identity: set, labels: { set }, value, ...more };
}

function encode(encoder: Encoder, family: MetricFamily, faults: string[] = []): string {
  const chunks: Uint8Array[] = [];
  const report = (name: string, reason: string) => faults.push(`${name}: ${reason}`);
  for (const chunk of encodeChunks(encoder, [family], report)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const PREAMBLE = "# TYPE a_total counter\n";

test("BlockStore keeps blocks from the second scrape of a family on", () => {
  const store = new BlockStore(1e6);
  const encoder = createTextEncoder("underscores", store);
  const family = liveFamily();
  family.list = [metricOf(1, 5)];
  encode(encoder, family);
  assert.equal(store.footprint, 0);
  encode(encoder, family);
  assert.ok(store.footprint > 0);
  assert.equal(encode(encoder, family), `${PREAMBLE}a_total{set="1"} 5\n`);
});

test("BlockStore never exceeds its budget, and keeps nothing without one", () => {
  const family = liveFamily();
  family.list = Array.from({ length: 5_000 }, (_, set) => metricOf(set, set));
  const expected = encode(createTextEncoder("underscores"), family);
  for (const budget of [0, 1, 60_000]) {
    const store = new BlockStore(budget);
    const encoder = createTextEncoder("underscores", store);
    for (let scrape = 0; scrape < 3; scrape++) {
      assert.equal(encode(encoder, family), expected);
      assert.ok(store.footprint <= budget);
    }
  }
});

test("BlockStore drops what is idle for five minutes, and keeps it again later", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const store = new BlockStore(1e6);
  const encoder = createTextEncoder("underscores", store);
  const family = liveFamily();
  family.list = [metricOf(1, 5)];
  encode(encoder, family);
  encode(encoder, family);
  t.mock.timers.tick(5 * 60_000);
  assert.ok(store.footprint > 0, "five minutes have not passed since the last scrape");
  t.mock.timers.tick(5 * 60_000);
  assert.equal(store.footprint, 0);
  encode(encoder, family);
  assert.ok(store.footprint > 0);
  store.clear();
  assert.equal(store.footprint, 0);
});

/** Tells whether a selection is kept: whether its walk gives a block. */
function isKept(store: BlockStore, owner: object, selection = ""): boolean {
  let hasBlock = false;
  const ignore = () => {};
  const block = (_: Uint8Array, loan: Loan | undefined) => {
    hasBlock = true;
    loan?.giveBack(false);
  };
  const walk = store.walk(owner, selection, { isFull: false, text: ignore, number: ignore, block });
  walk.family(liveFamily(), PREAMBLE_ENCODER);
  walk.finish();
  return hasBlock;
}

/** Encodes nothing but the preamble. */
const PREAMBLE_ENCODER: FamilyEncoder = {
  labels: TRUSTED_LABELS,
  preamble: PREAMBLE,
  encode: () => false,
  listNumbers: () => -1,
  hasSameNumbers: () => false,
};

test("BlockStore keeps nothing while memory is short", () => {
  const memory = { heapUsed: 0, heapLimit: 100, rss: 0, rssLimit: undefined };
  let now = 0;
  const pressure = new MemoryPressure(
    () => memory,
    () => now,
  );
  const store = new BlockStore(1e6, { pressure });
  const owner = {};
  assert.deepEqual([isKept(store, owner), isKept(store, owner)], [false, true]);
  memory.heapUsed = 90;
  pressure.look();
  assert.equal(isKept(store, owner), false);
  memory.heapUsed = 50;
  now += 10 * 60_000;
  pressure.look();
  assert.equal(isKept(store, owner), true);
  store.clear();
});

test("BlockStore never evicts a selection that is in use", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const store = new BlockStore(1e6);
  const owner = {};
  const kept = () =>
    Array.from({ length: 9 }, (_, selection) => isKept(store, owner, `${selection}`));
  const eight = [...Array(8).fill(true), false];
  assert.deepEqual(kept(), Array(9).fill(false));
  assert.deepEqual(kept(), eight);
  assert.deepEqual(kept(), eight);
  t.mock.timers.tick(5 * 60_000);
  assert.ok(isKept(store, owner, "8"), "the first of eight idle selections gives its place");
  store.clear();
});

test("BlockStore drops blocks during a scrape, and gets their memory back", () => {
  const store = new BlockStore(1e6);
  const encoder = createTextEncoder("underscores", store);
  const family = liveFamily();
  family.list = Array.from({ length: 5_000 }, (_, set) => metricOf(set, set));
  const expected = encode(encoder, family);
  // Dropped before the first chunk, and after it.
  for (const chunksBefore of [0, 1]) {
    const chunks: Buffer[] = [];
    const steps = encodeChunks(encoder, [family], assert.fail);
    for (let index = 0; index < chunksBefore; index++)
      chunks.push(Buffer.from(steps.next().value ?? []));
    store.clear();
    for (let step = steps.next(); !step.done; step = steps.next())
      chunks.push(Buffer.from(step.value));
    assert.equal(Buffer.concat(chunks).toString(), expected);
    assert.equal(store.footprint, 0);
    encode(encoder, family);
    encode(encoder, family);
    assert.ok(store.footprint > 0);
  }
  store.clear();
});

test("a kept block reports each metric without a number at every scrape", () => {
  const encoder = createTextEncoder("underscores", new BlockStore(1e6));
  const family = liveFamily();
  family.list = [metricOf(1, 5), metricOf(2, "x" as unknown as number), metricOf(3, 6)];
  for (let scrape = 0; scrape < 3; scrape++) {
    const faults: string[] = [];
    const expected = `${PREAMBLE}a_total{set="1"} 5\na_total{set="3"} 6\n`;
    assert.equal(encode(encoder, family, faults), expected);
    assert.deepEqual(faults, ["a_total: a value is not a number"]);
  }
});

test("a metric that throws in the middle of a block drops all blocks", () => {
  const store = new BlockStore(1e6);
  const encoder = createTextEncoder("underscores", store);
  const family = liveFamily();
  family.list = [metricOf(1, 5), metricOf(2, 6)];
  encode(encoder, family);
  encode(encoder, family);
  const broken: ValueMetric = {
    identity: 2,
    labels: {},
    get value(): number {
      throw new Error("no luck");
    },
  };
  family.list = [metricOf(1, 7), broken];
  assert.throws(() => encode(encoder, family), { message: "no luck" });
  assert.equal(store.footprint, 0);
  family.list = [metricOf(1, 8), metricOf(2, 9)];
  assert.equal(encode(encoder, family), `${PREAMBLE}a_total{set="1"} 8\na_total{set="2"} 9\n`);
});

test("a kept block follows exemplars and timestamps", () => {
  const store = new BlockStore(1e6);
  const text = createTextEncoder("underscores", store);
  const openMetrics = createOpenMetricsEncoder("underscores", store);
  const family = liveFamily();
  const exemplars: (Exemplar | undefined)[] = [
    { labels: { id: "a" }, value: 1 },
    { labels: { id: "b" }, value: 1 },
    undefined,
    undefined,
    { labels: { id: "c" }, value: 2 },
  ];
  for (const [round, exemplar] of exemplars.entries()) {
    const timestampMs = round < 3 ? undefined : round;
    family.list = [metricOf(1, 5, { exemplar, timestampMs }), metricOf(2, 6)];
    for (const [encoder, fresh] of [
      [text, createTextEncoder("underscores")],
      [openMetrics, createOpenMetricsEncoder("underscores")],
    ] as const) {
      assert.equal(encode(encoder, family), encode(fresh, family));
    }
  }
});

test("a kept block follows metrics without an identity", () => {
  const encoder = createTextEncoder("underscores", new BlockStore(1e6));
  const family = liveFamily();
  for (const labels of [{ a: "1" }, { a: "2" }, { a: "3" }]) {
    family.list = [{ labels, value: 1 }];
    assert.equal(encode(encoder, family), `${PREAMBLE}a_total{a="${labels.a}"} 1\n`);
  }
});

test("a kept block keeps names and labels of any bytes while numbers change length", () => {
  const encoder = createTextEncoder("allow-utf-8", new BlockStore(1e6));
  const fresh = createTextEncoder("allow-utf-8");
  const family = liveFamily();
  for (const factor of [1, 12_345, 0.1, 1e300, 0, Number.NaN, 7]) {
    family.list = Array.from({ length: 900 }, (_, set) =>
      metricOf(set, set * factor, { labels: { é: `ü😱\ud800${set}` } }),
    );
    assert.equal(encode(encoder, family), encode(fresh, family));
  }
});

test("a kept histogram follows its buckets, timestamp and missing numbers", () => {
  for (const createEncoder of [createTextEncoder, createOpenMetricsEncoder]) {
    const encoder = createEncoder("underscores", new BlockStore(1e6));
    let buckets = 1;
    let more: object = {};
    const metrics = {
      *[Symbol.iterator]() {
        const upperBounds = Array.from({ length: buckets }, (_, index) => index);
        const counts = { cumulativeCounts: upperBounds, count: 500, sum: 1 };
        yield { identity: 1, labels: {}, upperBounds, ...counts, ...more };
      },
    };
    const family: MetricFamily = { name: "h", help: "", type: "histogram", metrics };
    for (buckets of [1, 3, 300, 300, 2]) {
      for (more of [{}, { timestampMs: 1_000 }, { timestampMs: 2_000 }, { sum: "x" }, { sum: 2 }]) {
        const faults: string[] = [];
        const expected = encode(createEncoder("underscores"), family);
        assert.equal(encode(encoder, family, faults), expected);
        assert.equal(faults.length, "sum" in more && more.sum === "x" ? 1 : 0);
      }
    }
  }
});

test("a kept summary follows its quantiles, timestamp and missing numbers", () => {
  for (const createEncoder of [createTextEncoder, createOpenMetricsEncoder]) {
    const encoder = createEncoder("underscores", new BlockStore(1e6));
    let more: object = {};
    const metrics = {
      *[Symbol.iterator]() {
        yield {
          identity: 1,
          labels: {},
          quantiles: [0.5],
          quantileValues: [7],
          count: 2,
          sum: 3,
          ...more,
        };
      },
    };
    const family: MetricFamily = { name: "s", help: "", type: "summary", metrics };
    const rounds = [
      {},
      { quantileValues: [12.5] },
      { timestampMs: 1_000 },
      {},
      {},
      { count: "x" },
      {},
    ];
    for (more of rounds) {
      const faults: string[] = [];
      assert.equal(encode(encoder, family, faults), encode(createEncoder("underscores"), family));
      assert.equal(faults.length, "count" in more ? 1 : 0);
    }
  }
});

test("BlockStore drops all blocks after the scrape in which memory becomes short", () => {
  const memory = { heapUsed: 0, heapLimit: 100, rss: 0, rssLimit: undefined };
  const warnings: string[] = [];
  const pressure = new MemoryPressure(() => memory, createSeconds());
  const store = new BlockStore(1e8, { pressure, warn: (message) => warnings.push(message) });
  const encoder = createTextEncoder("underscores", store);
  const family = liveFamily();
  // A store with less is not worth a look.
  const padding = "x".repeat(10_000);
  family.list = Array.from({ length: 500 }, (_, set) =>
    metricOf(set, 1, { labels: { set, padding } }),
  );
  for (let scrape = 0; scrape < 2; scrape++) encode(encoder, family);
  store.afterScrape();
  assert.ok(store.footprint > 0);
  memory.heapUsed = 90;
  store.afterScrape();
  assert.equal(store.footprint, 0);
  assert.deepEqual(warnings, [
    "Dropped the kept bytes of the last scrape: the heap of V8 takes 90 % of its limit; scrapes cost more CPU until there is memory again",
  ]);
  store.afterScrape();
  assert.equal(warnings.length, 1);
});

/** A clock that goes on by more than a second whenever it is read. */
function createSeconds(): () => number {
  let now = 0;
  return () => {
    now += 2_000;
    return now;
  };
}
