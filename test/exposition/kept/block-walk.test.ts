import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";
import { encodeChunks } from "../../helpers/scraping/encode-families.ts";

/** Families that can change, and a scrape that tells how many metrics were written anew. */
function createScrape(names: readonly string[], budget = 1e9) {
  const store = new BlockStore(budget);
  const encoder = createTextEncoder("underscores", store);
  let written = 0;
  /** Sets whose metric is another object at the next scrape. */
  const identities = new Map<number, unknown>();
  const metricOf = (set: number): ValueMetric => ({
    identity: identities.get(set) ?? set,
    value: set,
    get labels() {
      written++;
      return { set, padding: "x".repeat(60) };
    },
  });
  const sets = new Map(names.map((name) => [name, Array.from({ length: 4_000 }, (_, set) => set)]));
  const families = names.map((name): MetricFamily => {
    const metrics = { [Symbol.iterator]: () => (sets.get(name) ?? []).map(metricOf).values() };
    return { name, help: "", type: "gauge", hasUniqueLabels: true, metrics };
  });
  const scrape = (selection = "", chosen = families): number => {
    written = 0;
    const chunks = encodeChunks(encoder, chosen, assert.fail, selection);
    while (!chunks.next().done);
    return written;
  };
  return { scrape, sets, families, store, identities };
}

/** More than two blocks of metrics, and less than a tenth of all. */
const A_FEW = 1_000;

test("BlockWalk writes nothing anew if nothing has come or gone", () => {
  const { scrape } = createScrape(["a", "b", "c"]);
  assert.deepEqual([scrape(), scrape(), scrape()], [12_000, 12_000, 0]);
});

for (const { what, change } of [
  { what: "a metric is added first", change: (sets: number[]) => sets.unshift(9_999) },
  { what: "a metric is added last", change: (sets: number[]) => sets.push(9_999) },
  {
    what: "a metric is added in the middle",
    change: (sets: number[]) => sets.splice(1_700, 0, 9_999),
  },
  { what: "the first metric is removed", change: (sets: number[]) => sets.shift() },
  { what: "the last metric is removed", change: (sets: number[]) => sets.pop() },
  { what: "a metric in the middle is removed", change: (sets: number[]) => sets.splice(1_700, 1) },
]) {
  test(`BlockWalk writes a block or two anew when ${what}`, () => {
    const { scrape, sets } = createScrape(["a", "b", "c"]);
    scrape();
    scrape();
    for (const name of ["a", "b", "c"]) {
      change(sets.get(name) ?? []);
      const written = scrape();
      assert.ok(written < A_FEW, `${written} metrics were written anew`);
      assert.equal(scrape(), 0);
    }
  });
}

test("BlockWalk writes only the numbers of metrics that come in new objects", () => {
  const { scrape, identities } = createScrape(["a", "b"]);
  scrape();
  scrape();
  for (const set of [0, 1, 1_700, 3_999]) identities.set(set, {});
  // One look at each, in both families.
  assert.equal(scrape(), 8);
  assert.equal(scrape(), 0);
});

test("BlockWalk keeps a block with a metric that is skipped", () => {
  let written = 0;
  const metrics = Array.from(
    { length: 100 },
    (_, set): ValueMetric => ({
      identity: set,
      // A source that is not written in TypeScript may hold anything.
      value: set === 50 ? ("text" as unknown as number) : set,
      get labels() {
        written++;
        return { set };
      },
    }),
  );
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const faults: string[] = [];
  const encoder = createTextEncoder("underscores", new BlockStore(1e9));
  for (let round = 0; round < 3; round++) {
    written = 0;
    const chunks = encodeChunks(encoder, [family], (_, reason) => faults.push(reason));
    while (!chunks.next().done);
  }
  assert.equal(written, 0);
  assert.equal(faults.length, 3);
});

test("BlockWalk keeps the blocks behind many new metrics", () => {
  const { scrape, sets } = createScrape(["a", "b"]);
  scrape();
  scrape();
  sets.get("a")?.splice(2_000, 0, ...Array.from({ length: 3_000 }, (_, index) => 10_000 + index));
  const written = scrape();
  assert.ok(written < 3_000 + A_FEW, `${written} metrics were written anew`);
  assert.equal(scrape(), 0);
});

test("BlockWalk keeps the blocks of a family whose neighbours come and go", () => {
  const { scrape, families } = createScrape(["a", "b", "c"]);
  const [a, b, c] = families as [MetricFamily, MetricFamily, MetricFamily];
  scrape("", [a, c]);
  scrape("", [a, c]);
  const withB = scrape("", [a, b, c]);
  assert.ok(withB < 4_000 + A_FEW, `${withB} metrics were written anew`);
  const withoutA = scrape("", [b, c]);
  assert.ok(withoutA < A_FEW, `${withoutA} metrics were written anew`);
});

test("blocks do not crumble while label sets are added and removed at the ends", () => {
  const { scrape, sets, store } = createScrape(["a"]);
  scrape();
  scrape();
  const before = store.footprint;
  for (let round = 0; round < 300; round++) {
    sets.get("a")?.splice(0, 7);
    sets.get("a")?.push(...Array.from({ length: 7 }, (_, index) => 10_000 + round * 7 + index));
    scrape();
  }
  assert.ok(store.footprint < before * 2, `${store.footprint} bytes instead of ${before}`);
});

for (const blocks of [3, 10, 20]) {
  test(`BlockWalk keeps the first of ${blocks} blocks while metrics come and go among them`, () => {
    const { scrape, sets, store } = createScrape(["a", "b", "c"], blocks * 50_000);
    for (let round = 0; round < 2; round++) scrape();
    const steady = scrape();
    assert.ok(steady < 12_000 - (blocks - 2) * 300, `${steady} metrics were written anew`);
    for (let round = 0; round < 20; round++) {
      sets.get("a")?.splice(round * 7, 1, 10_000 + round);
      const written = scrape();
      assert.ok(written <= steady + A_FEW, `${written} metrics were written anew`);
      assert.ok(store.footprint <= blocks * 50_000);
    }
  });
}

test("the blocks of one selection are kept while others are asked for", () => {
  const { scrape, families } = createScrape(["a", "b"]);
  const some = families.slice(1);
  for (const times of [1, 2]) {
    assert.ok(scrape() > 0, `scrape ${times}`);
    assert.ok(scrape("b", some) > 0, `scrape ${times}`);
  }
  assert.deepEqual([scrape(), scrape("b", some)], [0, 0]);
});

test("the blocks of a few selections are kept, but not those of many", () => {
  const { scrape, sets, store } = createScrape(["a"]);
  sets.get("a")?.splice(400);
  scrape("steady");
  scrape("steady");
  const single = store.footprint;
  for (let selection = 0; selection < 300; selection++) {
    scrape(`${selection}`);
    scrape(`${selection}`);
    assert.equal(scrape("steady"), 0);
  }
  assert.ok(store.footprint <= single * 8, `${store.footprint} bytes`);
  store.clear();
  assert.equal(store.footprint, 0);
});

/** Scrapes of one gauge of some blocks, of which a metric is gone, so that a walk rejoins a block. */
function createRejoining() {
  const { sets, families, store } = createScrape(["a"]);
  const encoder = createTextEncoder("underscores", store);
  const start = () => {
    const chunks: Generator<Uint8Array, void> = encodeChunks(encoder, families, assert.fail);
    let text = "";
    const next = () => {
      const { done, value }: IteratorResult<Uint8Array, void> = chunks.next();
      if (!done) text += Buffer.from(value);
      return done === true;
    };
    const finish = () => {
      while (!next());
      return text;
    };
    return { next, finish, leave: () => chunks.return() };
  };
  for (let scrape = 0; scrape < 2; scrape++) start().finish();
  sets.get("a")?.splice(10, 1);
  const fresh = () => {
    const chunks = encodeChunks(createTextEncoder("underscores"), families, assert.fail);
    let text = "";
    for (const chunk of chunks) text += Buffer.from(chunk);
    return text;
  };
  return { start, fresh, store };
}

test("BlockWalk does not write a block in which another walk has paused", () => {
  const { start, fresh, store } = createRejoining();
  const expected = fresh();
  const first = start();
  // The first block lacks a metric. It ends where the second begins, and the walk pauses in there.
  first.next();
  assert.equal(start().finish(), expected);
  assert.equal(first.finish(), expected);
  assert.equal(start().finish(), expected);
  store.clear();
  assert.equal(store.footprint, 0);
});

test("BlockWalk replaces a block in which another walk has ended", () => {
  const { start, fresh, store } = createRejoining();
  const expected = fresh();
  const before = store.footprint;
  const first = start();
  first.next();
  first.leave();
  for (let scrape = 0; scrape < 3; scrape++) assert.equal(start().finish(), expected);
  assert.ok(store.footprint <= before, `${store.footprint} bytes instead of ${before}`);
  store.clear();
  assert.equal(store.footprint, 0);
});

/** Families whose only metric fills a block; `padding` is the length of the first one's label. */
function createLargeFamilies(padding: { length: number }): readonly MetricFamily[] {
  return ["a", "b", "c"].map((name, index) => ({
    name,
    help: "",
    type: "gauge",
    metrics: {
      *[Symbol.iterator](): Generator<ValueMetric> {
        const length = index === 0 ? padding.length : 40_000;
        yield { identity: `${name} ${length}`, labels: { padding: "x".repeat(length) }, value: 1 };
      },
    },
  }));
}

test("BlockWalk ends a block before the preamble that the next one starts with", () => {
  const padding = { length: 40_000 };
  const families = createLargeFamilies(padding);
  const store = new BlockStore(1e9);
  const encoder = createTextEncoder("underscores", store);
  const encode = (from: typeof encoder) =>
    Array.from(encodeChunks(from, families, assert.fail), (chunk) => Buffer.from(chunk).toString());
  for (const length of [40_000, 40_000, 20_000, 40_000]) {
    padding.length = length;
    const fresh = createTextEncoder("underscores");
    assert.equal(encode(encoder).join(""), encode(fresh).join(""));
  }
  assert.equal(encode(encoder).length, 3);
  store.clear();
});

test("BlockWalk yields no chunk for a block whose only metric is skipped", () => {
  const full: ValueMetric = { identity: 1, labels: { padding: "x".repeat(40_000) }, value: 1 };
  // A source that is not written in TypeScript may hold anything.
  const bad: ValueMetric = { identity: 2, labels: {}, value: "text" as unknown as number };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics: [full, bad] };
  const encoder = createTextEncoder("underscores", new BlockStore(1e9));
  for (let scrape = 0; scrape < 4; scrape++) {
    assert.equal([...encodeChunks(encoder, [family], () => {})].length, 1);
  }
});
