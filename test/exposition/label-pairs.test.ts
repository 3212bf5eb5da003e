import assert from "node:assert/strict";
import { test } from "node:test";
import { LabelSets, normalLabels, onceForEach } from "../../src/exposition/label-pairs.ts";
import type { Labels } from "../../src/model/metric-family.ts";
import type { EscapingScheme } from "../../src/model/names.ts";

test("LabelSets takes each label set once", () => {
  const sets = new LabelSets();
  assert.deepEqual(
    ["a", "a", "b", "a", "b", "c"].map((key) => sets.add(key)),
    [true, false, true, false, false, true],
  );
});

for (const before of [[], ["x"], ["x", "y"]]) {
  test(`LabelSets takes a label set again that was deleted after ${before.length} others`, () => {
    const sets = new LabelSets();
    for (const key of before) sets.add(key);
    assert.equal(sets.add("a"), true);
    sets.delete("a");
    assert.equal(sets.add("a"), true);
    assert.deepEqual(
      before.map((key) => sets.add(key)),
      before.map(() => false),
    );
  });
}

const ALTERED: readonly {
  readonly what: string;
  readonly labels: Labels;
  readonly scheme?: EscapingScheme;
  readonly isAltered: boolean;
}[] = [
  { what: "plain values", labels: { a: "1", b: 2, c: true, d: 3n }, isAltered: false },
  { what: "an empty value", labels: { a: "" }, isAltered: true },
  { what: "undefined", labels: { a: undefined }, isAltered: true },
  { what: "an object", labels: { a: ["1"] }, isAltered: true },
  { what: "a lone surrogate", labels: { a: "\ud800" }, isAltered: true },
  { what: "a pair of surrogates", labels: { a: "\u{1f631}" }, isAltered: false },
  { what: "the reserved label", labels: { le: "1" }, isAltered: true },
  { what: "an escaped name", labels: { "a.b": "1" }, isAltered: true },
  {
    what: "a UTF-8 name that is read",
    labels: { "a.b": "1" },
    scheme: "allow-utf-8",
    isAltered: false,
  },
];

for (const { what, labels, scheme = "underscores", isAltered } of ALTERED) {
  test(`normalLabels() ${isAltered ? "alters" : "keeps"} labels with ${what}`, () => {
    assert.equal(normalLabels(labels, scheme, "le")?.isAltered, isAltered);
  });
}

test("normalLabels() returns nothing for a value without a text", () => {
  const thrower = {
    toString() {
      throw new Error("no text");
    },
  };
  for (const value of [Object.create(null), thrower, { toString: null, valueOf: null }]) {
    assert.equal(normalLabels({ a: "1", b: value }, "underscores"), undefined);
  }
});

test("onceForEach() reports each reason of each family once", () => {
  const reported: string[] = [];
  const report = onceForEach((family, reason) => reported.push(`${family}: ${reason}`));
  for (const family of ["a", "b", "a"]) for (const reason of ["x", "y"]) report(family, reason);
  assert.deepEqual(reported, ["a: x", "a: y", "b: x", "b: y"]);
});
