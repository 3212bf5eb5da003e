import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkMemory } from "../../../src/exposition/chunk-memory.ts";
import { BlockStore } from "../../../src/exposition/kept/store.ts";
import { createTextEncoder } from "../../../src/exposition/text/text.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";

/** Scrapes of one gauge of some blocks, whose values a test changes. */
function create(maxBytes = 1e9, sets = 3_000) {
  const state = { value: 1 };
  const family: MetricFamily = {
    name: "g",
    help: "",
    type: "gauge",
    metrics: {
      *[Symbol.iterator]() {
        for (let set = 0; set < sets; set++) {
          yield { identity: set, labels: { set, padding: "x".repeat(20) }, value: state.value };
        }
      },
    },
  };
  const store = new BlockStore(maxBytes);
  const encoder = createTextEncoder("underscores", store);
  const start = () => {
    const memory = new ChunkMemory();
    memory.reuse();
    return { memory, chunks: encoder.encode([family], assert.fail, { selection: "", memory }) };
  };
  const scrape = () => {
    const { memory, chunks } = start();
    const texts: string[] = [];
    for (let step = chunks.next(); !step.done; step = chunks.next()) {
      texts.push(String(step.value));
      memory.next();
    }
    memory.clear();
    return texts.join("");
  };
  scrape();
  scrape();
  return { state, store, start, scrape };
}

function take(chunks: Iterator<Uint8Array>): Uint8Array {
  const { done, value } = chunks.next();
  assert.ok(!done);
  return value;
}

/** The values of all lines. */
function valuesOf(text: string | Uint8Array): Set<string | undefined> {
  const lines = String(text)
    .split("\n")
    .filter((line) => line.startsWith("g{"));
  return new Set(lines.map((line) => line.split(" ")[1]));
}

for (const [what, value] of [
  ["the same length", 2],
  ["another length", 22_222],
] as const) {
  test(`a block that is lent does not change when values of ${what} are written`, () => {
    const { state, start, scrape } = create();
    const { memory, chunks } = start();
    const lent = take(chunks);
    state.value = value;
    assert.deepEqual(valuesOf(scrape()), new Set([`${value}`]));
    assert.deepEqual(valuesOf(lent), new Set(["1"]));
    memory.clear();
  });
}

test("a block that was given back is written in place", () => {
  const { state, start, scrape } = create();
  const { memory, chunks } = start();
  const lent = take(chunks);
  memory.next();
  state.value = 2;
  scrape();
  assert.deepEqual(valuesOf(lent), new Set(["2"]));
});

test("a block of a response that was cut off is never written in place", () => {
  const { state, store, start, scrape } = create();
  const before = store.footprint;
  const { memory, chunks } = start();
  const lent = take(chunks);
  memory.abandon();
  state.value = 2;
  assert.deepEqual(valuesOf(scrape()), new Set(["2"]));
  assert.deepEqual(valuesOf(lent), new Set(["1"]));
  assert.equal(store.footprint, before);
});

test("lent bytes of a rewritten block count until they are given back", () => {
  const { state, store, start, scrape } = create();
  const before = store.footprint;
  const borrowers = [start(), start()];
  for (const { chunks } of borrowers) take(chunks);
  state.value = 2;
  scrape();
  const block = store.footprint - before;
  assert.ok(block > 0);
  // One block, which both have borrowed.
  assert.ok(block < before / 2, `${block} of ${before} bytes`);
  borrowers[0]?.memory.next();
  assert.equal(store.footprint, before + block);
  borrowers[1]?.memory.abandon();
  assert.equal(store.footprint, before);
});

test("lent bytes of rewritten blocks never exceed the budget", () => {
  const { store: unbounded } = create();
  const maxBytes = unbounded.footprint + 1_000;
  const { state, store, start, scrape } = create(maxBytes);
  assert.ok(store.footprint > 0);
  const { memory, chunks } = start();
  const lent = take(chunks);
  state.value = 2;
  assert.deepEqual(valuesOf(scrape()), new Set(["2"]));
  assert.ok(store.footprint <= maxBytes);
  assert.deepEqual(valuesOf(lent), new Set(["1"]));
  memory.clear();
  for (const value of [3, 4]) {
    state.value = value;
    assert.deepEqual(valuesOf(scrape()), new Set([`${value}`]));
    assert.ok(store.footprint <= maxBytes);
  }
  assert.ok(store.footprint > maxBytes / 2, "blocks are kept again");
});

test("a block is dropped if its copy and the lent bytes exceed the budget", () => {
  // Room for the only block, which takes more than half of it.
  const { state, store, start, scrape } = create(64 * 1_024, 500);
  assert.ok(store.footprint > 0);
  const { memory, chunks } = start();
  const lent = take(chunks);
  state.value = 2;
  assert.deepEqual(valuesOf(scrape()), new Set(["2"]));
  assert.equal(store.footprint, 0);
  assert.deepEqual(valuesOf(lent), new Set(["1"]));
  memory.clear();
  scrape();
  assert.ok(store.footprint > 0);
});

test("blocks that are dropped while they are lent count until they are given back", () => {
  const { store, start } = create();
  const { memory, chunks } = start();
  take(chunks);
  store.clear();
  assert.ok(store.footprint > 0);
  memory.clear();
  assert.equal(store.footprint, 0);
});
