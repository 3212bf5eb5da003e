import assert from "node:assert/strict";
import { test } from "node:test";
import type { FamilyEncoder } from "../../../src/exposition/encoder.ts";
import { Page } from "../../../src/exposition/kept/block.ts";
import type { Metric } from "../../../src/model/metric-family.ts";

type Part = string | number;

/** What a metric of these tests writes: text and numbers, in order. */
interface PartsMetric {
  readonly identity: unknown;
  readonly parts: readonly Part[];
  /** Whether only the numbers may change. */
  readonly isComparable?: boolean;
}

const ENCODER: FamilyEncoder = {
  head: "",
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

/** A page of three entries, of which the one in the middle writes `parts`. */
function pageOf(
  parts: readonly Part[],
  { identity }: { identity: unknown } = { identity: "b" },
): Page {
  const page = new Page();
  page.open(ENCODER);
  page.append(metricOf("a", ["first ", 1, "\n"]), ENCODER);
  page.append(metricOf(identity, parts), ENCODER);
  page.append(metricOf("c", ["last ", 3, "\n"]), ENCODER);
  page.close(3);
  page.open(ENCODER);
  return page;
}

function textOf(page: Page): string {
  page.close(3);
  return Buffer.from(page.bytes).toString();
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
  test(`Page adopts a metric with ${what} and the text of the entry`, () => {
    const page = pageOf(before);
    assert.equal(page.adopt(1, metricOf("new", after), ENCODER), "done");
    assert.equal(page.isRewritten, false);
    assert.equal(page.isAt(1, "new"), true);
    assert.equal(textOf(page), textOf(pageOf(after)));
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
  test(`Page does not adopt a metric with ${what}`, () => {
    const page = pageOf(before);
    assert.equal(page.adopt(1, metricOf("new", after), ENCODER), "another");
    assert.equal(page.isAt(1, "b"), true);
    assert.equal(textOf(page), textOf(pageOf(before)));
  });
}

test("Page keeps the entry where a metric is left out", () => {
  const page = pageOf(["x ", 1, "\n"]);
  assert.equal(page.adopt(1, metricOf("new", []), ENCODER), "left out");
  assert.equal(page.isAt(1, "b"), true);
  assert.equal(textOf(page), "first 1\nx 1\nlast 3\n");
});

test("Page gives no identity to an adopted metric that cannot be compared", () => {
  const page = pageOf(["x ", 1, "\n"]);
  assert.equal(page.adopt(1, metricOf("new", ["x ", 2, "\n"], false), ENCODER), "done");
  assert.equal(page.isAt(1, "new"), false);
  assert.equal(textOf(page), "first 1\nx 2\nlast 3\n");
});

test("Page adopts nothing without an identity, which would be compared each time", () => {
  const parts = ["x ", 1, "\n"];
  assert.equal(pageOf(parts).adopt(1, metricOf(undefined, parts), ENCODER), "another");
  assert.equal(
    pageOf(parts, { identity: undefined }).adopt(1, metricOf("new", parts), ENCODER),
    "another",
  );
});

test("Page adopts an entry that is larger than a page", () => {
  const long = "x".repeat(100_000);
  const page = pageOf([`${long} `, 1, "\n"]);
  assert.equal(page.adopt(1, metricOf("new", [`${long} `, 2, "\n"]), ENCODER), "done");
  assert.equal(textOf(page), `first 1\n${long} 2\nlast 3\n`);
});

test("Page takes no more memory however often entries are adopted", () => {
  const page = pageOf(["x ", 1, "\n"]);
  const before = page.footprint;
  for (let value = 0; value < 1_000; value++)
    assert.equal(page.adopt(1, metricOf({}, ["x ", value, "\n"]), ENCODER), "done");
  assert.equal(page.footprint, before);
});
