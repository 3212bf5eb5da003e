import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PAGE_BYTES } from "../../../src/exposition/kept/block-memory.ts";
import { PageText } from "../../../src/exposition/kept/block-text.ts";
import { formatNumber } from "../../../src/exposition/number.ts";

/** What stands before each number of a page; it may be nothing. */
type Texts = readonly string[];

function createPage(texts: Texts, values: readonly number[]): PageText {
  const page = new PageText();
  for (const [index, text] of texts.entries()) {
    page.text(text);
    page.number(values[index] ?? 0);
  }
  page.text("end");
  page.endEntry();
  page.close();
  return page;
}

function update(page: PageText, values: readonly number[]): void {
  page.numbers.note(0, values.length, Float64Array.from(values));
  page.close();
}

function textOf(page: PageText): string {
  return Buffer.from(page.bytes).toString();
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

test("PageNumbers moves what is between numbers whichever grow and shrink", () => {
  const property = fc.property(texts, values, fc.array(change), (between, first, changes) => {
    let current = first;
    const page = createPage(between, current);
    for (const { fresh, share, lend } of changes) {
      const before = expected(between, current);
      const lent = page.bytes;
      const loan = lend ? page.memory.lend() : undefined;
      current = current.map((old, index) => (index % share === 0 ? (fresh[index] ?? 0) : old));
      update(page, current);
      assert.equal(textOf(page), expected(between, current));
      if (lend) assert.equal(Buffer.from(lent).toString(), before);
      loan?.giveBack(false);
    }
  });
  fc.assert(property, { numRuns: 100 });
});

for (const { what, before, after } of [
  { what: "apart", before: [1_000, 1, 5], after: [1, 1_000, 5] },
  { what: "towards each other", before: [1, 1_000, 5], after: [1_000, 1, 5] },
  { what: "back and end where they were", before: [1, 22, 5], after: [11, 2, 5] },
  { what: "forward by more than stands between", before: [1e9, 1, 5], after: [1, 1, 5] },
]) {
  test(`PageNumbers writes numbers between which bytes move ${what}`, () => {
    const between = ["a ", "\nb ", "\nc "];
    const page = createPage(between, before);
    update(page, after);
    assert.equal(textOf(page), expected(between, after));
  });
}

test("PageNumbers writes the longest numbers whole", () => {
  const between = ["a ", "\nb "];
  const page = createPage(between, LONGEST);
  for (const values of [LONGEST.toReversed(), [1, 2], LONGEST]) {
    update(page, values);
    assert.equal(textOf(page), expected(between, values));
  }
});

test("PageNumbers writes in place, as long as there is room", () => {
  const page = createPage(["a ", "\nb "], [1, 2]);
  const { buffer } = page.bytes;
  update(page, [100, 0.25]);
  assert.equal(page.bytes.buffer, buffer);
});

test("PageNumbers asks for more memory where numbers outgrow the page", () => {
  const between = Array.from({ length: PAGE_BYTES / 2 }, () => " ");
  const ones = between.map(() => 1);
  const page = createPage(between, ones);
  const { footprint } = page;
  const grown = ones.map((_, index) => index + 0.5);
  update(page, grown);
  assert.equal(textOf(page), expected(between, grown));
  assert.ok(page.footprint > footprint);
});
