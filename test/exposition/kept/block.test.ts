import assert from "node:assert/strict";
import { test } from "node:test";
import type { FamilyEncoder } from "../../../src/exposition/encoder.ts";
import { Block } from "../../../src/exposition/kept/block.ts";
import type { Metric } from "../../../src/model/metric-family.ts";
import { TRUSTED_LABELS } from "../trusted-labels.ts";

type Part = string | number;

/** What a metric of these tests writes: text and numbers, in order. */
interface PartsMetric {
  readonly identity: unknown;
  readonly parts: readonly Part[];
  /** Whether only the numbers may change. */
  readonly isComparable?: boolean;
}

const ENCODER: FamilyEncoder = {
  labels: TRUSTED_LABELS,
  preamble: "",
  encode(metric, sink) {
    const { parts } = metric as unknown as PartsMetric;
    if (parts.length === 0) return false;
    for (const part of parts) typeof part === "string" ? sink.text(part) : sink.number(part);
    return true;
  },
  listNumbers(metric, numbers) {
    const { parts, isComparable = true } = metric as unknown as PartsMetric;
    if (!isComparable) return -1;
    const values = parts.filter((part) => typeof part === "number");
    numbers.set(values);
    return values.length;
  },
  hasSameNumbers: () => false,
};

function metricOf(identity: unknown, parts: readonly Part[], isComparable = true): Metric {
  // The encoder above is all that looks at it.
  return { identity, parts, isComparable } as unknown as Metric;
}

/** A block of three entries, of which the one in the middle writes `parts`. */
function blockOf(
  parts: readonly Part[],
  { identity }: { identity: unknown } = { identity: "b" },
): Block {
  const block = new Block();
  block.open(ENCODER);
  block.append(metricOf("a", ["first ", 1, "\n"]), ENCODER);
  block.append(metricOf(identity, parts), ENCODER);
  block.append(metricOf("c", ["last ", 3, "\n"]), ENCODER);
  block.close(3);
  block.open(ENCODER);
  return block;
}

function textOf(block: Block): string {
  block.close(3);
  return Buffer.from(block.bytes).toString();
}

const LONE = "\ud800";

const SAME_TEXTS: readonly { what: string; before: readonly Part[]; after: readonly Part[] }[] = [
  { what: "the same numbers", before: ["x ", 1, "\n"], after: ["x ", 1, "\n"] },
  {
    what: "longer numbers",
    before: ["x ", 1, " y ", 2, "\n"],
    after: ["x ", 10, " y ", 0.25, "\n"],
  },
  { what: "NaN", before: ["x ", Number.NaN, "\n"], after: ["x ", Number.NaN, "\n"] },
  { what: "no numbers", before: ["x\n"], after: ["x\n"] },
  { what: "a NUL in the text", before: ["x\0 ", 1, "\0\n"], after: ["x\0 ", 2, "\0\n"] },
  { what: "digits beside a number", before: ["x1", 2, "3\n"], after: ["x1", 4, "3\n"] },
  { what: "characters of many bytes", before: ["é😱 ", 1, "ü\n"], after: ["é😱 ", 222, "ü\n"] },
  { what: "a lone surrogate", before: [`${LONE} `, 1, "\n"], after: [`${LONE} `, 2, "\n"] },
];

for (const { what, before, after } of SAME_TEXTS) {
  test(`Block adopts a metric with ${what} and the text of the entry`, () => {
    const block = blockOf(before);
    assert.equal(block.adopt(1, metricOf("new", after), ENCODER), "adopted");
    assert.equal(block.isRewritten, false);
    assert.equal(block.isAt(1, "new"), true);
    assert.equal(textOf(block), textOf(blockOf(after)));
  });
}

const OTHER_TEXTS: readonly { what: string; before: readonly Part[]; after: readonly Part[] }[] = [
  { what: "another text", before: ["x ", 1, "\n"], after: ["y ", 1, "\n"] },
  { what: "another end", before: ["x ", 1, "\n"], after: ["x ", 1, " 7\n"] },
  { what: "a longer text", before: ["x ", 1, "\n"], after: ["xx ", 1, "\n"] },
  { what: "a number more", before: ["x ", 1, "\n"], after: ["x ", 1, " ", 2, "\n"] },
  { what: "a number less", before: ["x ", 1, " ", 2, "\n"], after: ["x ", 1, " 2\n"] },
  { what: "a NUL for a number", before: ["x ", 1, "\n"], after: ["x \0\n"] },
  { what: "the number further left", before: ["x1", 2, "3\n"], after: ["x", 12, "3\n"] },
  { what: "the number further right", before: ["x", 12, "3\n"], after: ["x1", 23, "\n"] },
  { what: "other characters of many bytes", before: ["é ", 1, "\n"], after: ["ü ", 1, "\n"] },
  { what: "U+FFFE for a surrogate", before: [`${LONE} `, 1, "\n"], after: ["\ufffe ", 1, "\n"] },
];

for (const { what, before, after } of OTHER_TEXTS) {
  test(`Block does not adopt a metric with ${what}`, () => {
    const block = blockOf(before);
    assert.equal(block.adopt(1, metricOf("new", after), ENCODER), "different");
    assert.equal(block.isAt(1, "b"), true);
    assert.equal(textOf(block), textOf(blockOf(before)));
  });
}

test("Block keeps the entry when a metric is skipped", () => {
  const block = blockOf(["x ", 1, "\n"]);
  assert.equal(block.adopt(1, metricOf("new", []), ENCODER), "skipped");
  assert.equal(block.isAt(1, "b"), true);
  assert.equal(textOf(block), "first 1\nx 1\nlast 3\n");
});

test("Block keeps no identity of an adopted metric that cannot be compared", () => {
  const block = blockOf(["x ", 1, "\n"]);
  assert.equal(block.adopt(1, metricOf("new", ["x ", 2, "\n"], false), ENCODER), "adopted");
  assert.equal(block.isAt(1, "new"), false);
  assert.equal(textOf(block), "first 1\nx 2\nlast 3\n");
});

test("Block adopts nothing without an identity", () => {
  const parts = ["x ", 1, "\n"];
  assert.equal(blockOf(parts).adopt(1, metricOf(undefined, parts), ENCODER), "different");
  assert.equal(
    blockOf(parts, { identity: undefined }).adopt(1, metricOf("new", parts), ENCODER),
    "different",
  );
});

test("Block adopts an entry that is larger than a block", () => {
  const long = "x".repeat(100_000);
  const block = blockOf([`${long} `, 1, "\n"]);
  assert.equal(block.adopt(1, metricOf("new", [`${long} `, 2, "\n"]), ENCODER), "adopted");
  assert.equal(textOf(block), `first 1\n${long} 2\nlast 3\n`);
});

test("Block does not grow however often entries are adopted", () => {
  const block = blockOf(["x ", 1, "\n"]);
  const before = block.footprint;
  for (let value = 0; value < 1_000; value++)
    assert.equal(block.adopt(1, metricOf({}, ["x ", value, "\n"]), ENCODER), "adopted");
  assert.equal(block.footprint, before);
});
