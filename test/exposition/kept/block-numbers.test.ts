import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BLOCK_BYTES } from "../../../src/exposition/kept/block-memory.ts";
import { BlockText } from "../../../src/exposition/kept/block-text.ts";
import { formatNumber } from "../../../src/exposition/number.ts";
import { scaleRuns } from "../../helpers/scale-runs.ts";

/** What stands before each number of a block; it may be nothing. */
type Texts = readonly string[];

function createBlock(texts: Texts, values: readonly number[]): BlockText {
  const block = new BlockText();
  for (const [index, text] of texts.entries()) {
    block.text(text);
    block.number(values[index] ?? 0);
  }
  block.text("end");
  block.endEntry();
  block.close();
  return block;
}

function update(block: BlockText, values: readonly number[]): void {
  block.numbers.note(0, values.length, Float64Array.from(values));
  block.close();
}

function textOf(block: BlockText): string {
  return Buffer.from(block.bytes).toString();
}

function expected(texts: Texts, values: readonly number[]): string {
  return `${texts.map((text, index) => text + formatNumber(values[index] ?? 0)).join("")}end`;
}

/** The longest texts that there are. */
const LONGEST = [-0.0000011005154973999282, -0.0000011005154973999284];

const value = fc.oneof(
  fc.constantFrom(0, 10, 4_294_967_295, 0.1, -1.234567890123456e-300, Number.NaN, ...LONGEST),
  fc.nat(2_000),
  fc.double(),
);
const COUNT = 150;
const texts = fc.array(fc.constantFrom("", " ", "é\n", 'a_name{label="value"} '), {
  minLength: COUNT,
  maxLength: COUNT,
});
const values = fc.array(value, { minLength: COUNT, maxLength: COUNT });
/** From all numbers to a few, so that what stands between them is short and long. */
const change = fc.record({
  fresh: values,
  share: fc.constantFrom(1, 2, 7, 40),
  lend: fc.boolean(),
});

test("BlockNumbers moves the text between numbers whichever grow and shrink", () => {
  const property = fc.property(texts, values, fc.array(change), (between, first, changes) => {
    let current = first;
    const block = createBlock(between, current);
    for (const { fresh, share, lend } of changes) {
      const before = expected(between, current);
      const lent = block.bytes;
      const loan = lend ? block.memory.lend() : undefined;
      current = current.map((old, index) => (index % share === 0 ? (fresh[index] ?? 0) : old));
      update(block, current);
      assert.equal(textOf(block), expected(between, current));
      if (lend) assert.equal(Buffer.from(lent).toString(), before);
      loan?.giveBack(false);
    }
  });
  fc.assert(property, { numRuns: scaleRuns(100) });
});

for (const { what, before, after } of [
  { what: "apart", before: [1_000, 1, 5], after: [1, 1_000, 5] },
  { what: "towards each other", before: [1, 1_000, 5], after: [1_000, 1, 5] },
  { what: "back and forth", before: [1, 22, 5], after: [11, 2, 5] },
  { what: "forward past the next number", before: [1e9, 1, 5], after: [1, 1, 5] },
]) {
  test(`BlockNumbers writes numbers when the text between moves ${what}`, () => {
    const between = ["a ", "\nb ", "\nc "];
    const block = createBlock(between, before);
    update(block, after);
    assert.equal(textOf(block), expected(between, after));
  });
}

test("BlockNumbers writes the longest numbers whole", () => {
  const between = ["a ", "\nb "];
  const block = createBlock(between, LONGEST);
  for (const values of [LONGEST.toReversed(), [1, 2], LONGEST]) {
    update(block, values);
    assert.equal(textOf(block), expected(between, values));
  }
});

test("BlockNumbers writes in place while there is room", () => {
  const block = createBlock(["a ", "\nb "], [1, 2]);
  const { buffer } = block.bytes;
  update(block, [100, 0.25]);
  assert.equal(block.bytes.buffer, buffer);
});

test("BlockNumbers asks for more memory when numbers outgrow the block", () => {
  const between = Array.from({ length: BLOCK_BYTES / 2 }, () => " ");
  const ones = between.map(() => 1);
  const block = createBlock(between, ones);
  const { footprint } = block;
  const grown = ones.map((_, index) => index + 0.5);
  update(block, grown);
  assert.equal(textOf(block), expected(between, grown));
  assert.ok(block.footprint > footprint);
});
