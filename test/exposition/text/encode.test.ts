import assert from "node:assert/strict";
import { test } from "node:test";
import type { FamilyEncoder } from "../../../src/exposition/encoder.ts";
import { PageStore } from "../../../src/exposition/kept/store.ts";
import { CHUNK_LENGTH } from "../../../src/exposition/text/byte-sink.ts";
import { createTextFormatEncoder, type TextPlan } from "../../../src/exposition/text/encode.ts";
import type { MetricFamily, ValueMetric } from "../../../src/model/metric-family.ts";

/** Writes `=` and the value; leaves out negative ones. */
const ENCODER: FamilyEncoder = {
  head: "head\n",
  encode: (metric, sink) => {
    // The families below hold plain values alone.
    const { value } = metric as ValueMetric;
    if (value < 0) return false;
    sink.text("=");
    sink.number(value);
    sink.text("\n");
    return true;
  },
  listNumbers: () => -1,
  hasSameNumbers: () => false,
};

test("createTextFormatEncoder() writes heads, metrics and the end in one chunk where they fit", () => {
  const families = [familyOf("a", [1, 2.5]), familyOf("b", []), familyOf("c", [Number.NaN])];
  assert.deepEqual(chunksOf(families, "end\n"), ["head\n=1\n=2.5\nhead\nhead\n=NaN\nend\n"]);
});

test("createTextFormatEncoder() gives the end even where there are no families", () => {
  assert.deepEqual(chunksOf([], "# EOF\n"), ["# EOF\n"]);
});

test("createTextFormatEncoder() gives no chunk where there is nothing to write", () => {
  assert.deepEqual(chunksOf([], ""), []);
});

test("createTextFormatEncoder() reports each metric that is left out", () => {
  const faults: string[] = [];
  const { encode } = createTextFormatEncoder({ plan, end: "" });
  const steps = encode([familyOf("a", [-1, 5, -2])], (name, reason) =>
    faults.push(`${name}: ${reason}`),
  );
  assert.equal(Buffer.from(steps.next().value).toString(), "head\n=5\n");
  assert.ok(steps.next().done);
  assert.deepEqual(faults, ["a: a value is not a number", "a: a value is not a number"]);
});

test("createTextFormatEncoder() cuts chunks between metrics", () => {
  const count = CHUNK_LENGTH;
  const values = Array.from({ length: count }, (_, index) => index % 10);
  const chunks = chunksOf([familyOf("a", values)], "end\n");
  assert.equal(chunks.length, 4);
  for (const chunk of chunks) {
    assert.ok(chunk.length <= CHUNK_LENGTH + 2);
    assert.ok(chunk.endsWith("\n"));
  }
  assert.equal(chunks.join(""), `head\n${values.map((value) => `=${value}\n`).join("")}end\n`);
});

test("createTextFormatEncoder() reads metrics no further than the chunk that is asked for", () => {
  let read = 0;
  const metrics = {
    *[Symbol.iterator]() {
      for (; ; read++) yield { labels: {}, value: 1 };
    },
  };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const steps = createTextFormatEncoder({ plan, end: "" }).encode([family], assert.fail);
  assert.equal(read, 0);
  steps.next();
  assert.ok(read > 0 && read < CHUNK_LENGTH);
  steps.return?.();
});

test("createTextFormatEncoder() passes on what a metric throws", () => {
  const metrics = {
    // biome-ignore lint/correctness/useYield: It throws before it has anything to yield.
    *[Symbol.iterator](): Generator<ValueMetric> {
      throw new Error("no luck");
    },
  };
  const broken = { ...familyOf("a", []), metrics };
  const steps = createTextFormatEncoder({ plan, end: "" }).encode([broken], assert.fail);
  assert.throws(() => steps.next(), { message: "no luck" });
});

test("createTextFormatEncoder() sends valid UTF-8 whatever the text", () => {
  assert.deepEqual(chunksOf([], "é😱\ud800\n"), ["é😱\ufffd\n"]);
});

function familyOf(name: string, values: readonly number[]): MetricFamily & { type: "gauge" } {
  const metrics = values.map((value) => ({ labels: {}, value }));
  return { name, help: "", type: "gauge", metrics };
}

function plan(families: readonly MetricFamily[]): TextPlan {
  return { served: families.map((family) => ({ family, encoder: ENCODER })), leftOut: [] };
}

function chunksOf(families: readonly MetricFamily[], end: string): string[] {
  const chunks: string[] = [];
  const steps = createTextFormatEncoder({ plan, end }).encode(families, assert.fail);
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    chunks.push(Buffer.from(step.value).toString());
  }
  return chunks;
}

test("createTextFormatEncoder() writes a label set of any size in one piece", () => {
  const head = "é".repeat(CHUNK_LENGTH * 2);
  const families = [familyOf("a", [1]), familyOf("b", [2])];
  const large: FamilyEncoder = { ...ENCODER, head };
  const format = {
    plan: () => ({
      served: families.map((family, index) => ({ family, encoder: index === 0 ? ENCODER : large })),
      leftOut: [],
    }),
    end: "",
  };
  const store = new PageStore(1e9);
  const encoder = createTextFormatEncoder(format, store);
  for (let scrape = 0; scrape < 3; scrape++) {
    const steps = encoder.encode(families, assert.fail);
    const chunks: Buffer[] = [];
    for (let step = steps.next(); step.done !== true; step = steps.next()) {
      chunks.push(Buffer.from(step.value));
    }
    assert.equal(Buffer.concat(chunks).toString(), `head\n=1\n${head}=2\n`);
  }
});
