import assert from "node:assert/strict";
import { test } from "node:test";
import { CHUNK_LENGTH, encodeText, type TextEncoding } from "../../src/encoders/byte-sink.ts";
import type { FamilyEncoder } from "../../src/encoders/encoder.ts";
import type { MetricFamily, ValueMetric } from "../../src/model/metric-family.ts";

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
};

const ENCODING: TextEncoding = { end: "", report: assert.fail, store: undefined };

test("encodeText() writes heads, metrics and the end in one chunk where they fit", () => {
  const families = [familyOf("a", [1, 2.5]), familyOf("b", []), familyOf("c", [Number.NaN])];
  assert.deepEqual(chunksOf(families, "end\n"), ["head\n=1\n=2.5\nhead\nhead\n=NaN\nend\n"]);
});

test("encodeText() gives the end even where there are no families", () => {
  assert.deepEqual(chunksOf([], "# EOF\n"), ["# EOF\n"]);
});

test("encodeText() gives no chunk where there is nothing to write", () => {
  assert.deepEqual(chunksOf([], ""), []);
});

test("encodeText() reports each metric that is left out", () => {
  const faults: string[] = [];
  const steps = encodeText(paired([familyOf("a", [-1, 5, -2])]), {
    ...ENCODING,
    report: (name, reason) => faults.push(`${name}: ${reason}`),
  });
  assert.equal([...steps].join(""), "head\n=5\n");
  assert.deepEqual(faults, ["a: a value is not a number", "a: a value is not a number"]);
});

test("encodeText() cuts chunks between metrics", () => {
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

test("encodeText() reads metrics no further than the chunk that is asked for", () => {
  let read = 0;
  const metrics = {
    *[Symbol.iterator]() {
      for (; ; read++) yield { labels: {}, value: 1 };
    },
  };
  const family: MetricFamily = { name: "a", help: "", type: "gauge", metrics };
  const steps = encodeText(paired([family]), ENCODING);
  assert.equal(read, 0);
  steps.next();
  assert.ok(read > 0 && read < CHUNK_LENGTH);
  steps.return(undefined);
});

test("encodeText() passes on what a metric throws", () => {
  const metrics = {
    // biome-ignore lint/correctness/useYield: It throws before it has anything to yield.
    *[Symbol.iterator](): Generator<ValueMetric> {
      throw new Error("no luck");
    },
  };
  const steps = encodeText(paired([{ ...familyOf("a", []), metrics }]), ENCODING);
  assert.throws(() => steps.next(), { message: "no luck" });
});

test("encodeText() sends valid UTF-8 whatever the text", () => {
  const encoder: FamilyEncoder = { head: "é😱\ud800\n", encode: () => true, listNumbers: () => -1 };
  const chunks = [...encodeText([[familyOf("a", []), encoder]], ENCODING)];
  assert.equal(Buffer.concat(chunks).toString("hex"), "c3a9f09f98b1efbfbd0a");
});

function familyOf(name: string, values: readonly number[]): MetricFamily & { type: "gauge" } {
  const metrics = values.map((value) => ({ labels: {}, value }));
  return { name, help: "", type: "gauge", metrics };
}

function paired(families: readonly MetricFamily[]): (readonly [MetricFamily, FamilyEncoder])[] {
  return families.map((family) => [family, ENCODER]);
}

function chunksOf(families: readonly MetricFamily[], end: string): string[] {
  return Array.from(encodeText(paired(families), { ...ENCODING, end }), (bytes) =>
    Buffer.from(bytes).toString(),
  );
}
