import assert from "node:assert/strict";
import { test } from "node:test";
import { PageStore } from "../../../src/exposition/kept/store.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";
import { encodeChunks } from "../../helpers/encode-families.ts";

/** Families that can change, and a scrape that tells how many metrics were written anew. */
function createScrape(names: readonly string[], budget = 1e9) {
  const store = new PageStore(budget);
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
    return { name, help: "", type: "gauge", metrics };
  });
  const scrape = (selection = "", chosen = families): number => {
    written = 0;
    const chunks = encodeChunks(encoder, chosen, assert.fail, selection);
    while (!chunks.next().done);
    return written;
  };
  return { scrape, sets, families, store, identities };
}

/** More than two pages of metrics, and less than a tenth of all. */
const A_FEW = 1_000;

test("PageWalk writes nothing anew where nothing has come or gone", () => {
  const { scrape } = createScrape(["a", "b", "c"]);
  assert.deepEqual([scrape(), scrape(), scrape()], [12_000, 12_000, 0]);
});

for (const { what, change } of [
  { what: "a metric comes first", change: (sets: number[]) => sets.unshift(9_999) },
  { what: "a metric comes last", change: (sets: number[]) => sets.push(9_999) },
  {
    what: "a metric comes in the middle",
    change: (sets: number[]) => sets.splice(1_700, 0, 9_999),
  },
  { what: "the first metric goes", change: (sets: number[]) => sets.shift() },
  { what: "the last metric goes", change: (sets: number[]) => sets.pop() },
  { what: "a metric in the middle goes", change: (sets: number[]) => sets.splice(1_700, 1) },
]) {
  test(`PageWalk writes a page or two anew when ${what}`, () => {
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

test("PageWalk writes nothing but the numbers of metrics that come in new objects", () => {
  const { scrape, identities } = createScrape(["a", "b"]);
  scrape();
  scrape();
  for (const set of [0, 1, 1_700, 3_999]) identities.set(set, {});
  // One look at each, in both families.
  assert.equal(scrape(), 8);
  assert.equal(scrape(), 0);
});

test("PageWalk keeps a page that a metric without a number would stand on", () => {
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
  const encoder = createTextEncoder("underscores", new PageStore(1e9));
  for (let round = 0; round < 3; round++) {
    written = 0;
    const chunks = encodeChunks(encoder, [family], (_, reason) => faults.push(reason));
    while (!chunks.next().done);
  }
  assert.equal(written, 0);
  assert.equal(faults.length, 3);
});

test("PageWalk keeps the pages behind many new metrics", () => {
  const { scrape, sets } = createScrape(["a", "b"]);
  scrape();
  scrape();
  sets.get("a")?.splice(2_000, 0, ...Array.from({ length: 3_000 }, (_, index) => 10_000 + index));
  const written = scrape();
  assert.ok(written < 3_000 + A_FEW, `${written} metrics were written anew`);
  assert.equal(scrape(), 0);
});

test("PageWalk keeps the pages of a family whose neighbours come and go", () => {
  const { scrape, families } = createScrape(["a", "b", "c"]);
  const [a, b, c] = families as [MetricFamily, MetricFamily, MetricFamily];
  scrape("", [a, c]);
  scrape("", [a, c]);
  const withB = scrape("", [a, b, c]);
  assert.ok(withB < 4_000 + A_FEW, `${withB} metrics were written anew`);
  const withoutA = scrape("", [b, c]);
  assert.ok(withoutA < A_FEW, `${withoutA} metrics were written anew`);
});

test("pages do not crumble while label sets come at one end and go at the other", () => {
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

for (const pages of [3, 10, 20]) {
  test(`PageWalk keeps the first of ${pages} pages while metrics come and go among them`, () => {
    const { scrape, sets, store } = createScrape(["a", "b", "c"], pages * 50_000);
    for (let round = 0; round < 2; round++) scrape();
    const steady = scrape();
    assert.ok(steady < 12_000 - (pages - 2) * 300, `${steady} metrics were written anew`);
    for (let round = 0; round < 20; round++) {
      sets.get("a")?.splice(round * 7, 1, 10_000 + round);
      const written = scrape();
      assert.ok(written <= steady + A_FEW, `${written} metrics were written anew`);
      assert.ok(store.footprint <= pages * 50_000);
    }
  });
}

test("the pages of one selection are kept while others are asked for", () => {
  const { scrape, families } = createScrape(["a", "b"]);
  const some = families.slice(1);
  for (const times of [1, 2]) {
    assert.ok(scrape() > 0, `scrape ${times}`);
    assert.ok(scrape("b", some) > 0, `scrape ${times}`);
  }
  assert.deepEqual([scrape(), scrape("b", some)], [0, 0]);
});

test("the pages of a few selections are kept, and not those of many", () => {
  const { scrape, sets, store } = createScrape(["a"]);
  sets.get("a")?.splice(400);
  scrape("steady");
  scrape("steady");
  const one = store.footprint;
  for (let selection = 0; selection < 300; selection++) {
    scrape(`${selection}`);
    scrape(`${selection}`);
    assert.equal(scrape("steady"), 0);
  }
  assert.ok(store.footprint <= one * 8, `${store.footprint} bytes`);
  store.clear();
  assert.equal(store.footprint, 0);
});
