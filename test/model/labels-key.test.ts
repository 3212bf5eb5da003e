import assert from "node:assert/strict";
import { test } from "node:test";
import { labelsKey } from "../../src/model/labels-key.ts";

const SAME: readonly (readonly [object, object, string])[] = [
  [{ a: "1", b: "2" }, { b: "2", a: "1" }, "the order of the labels"],
  [{ a: "1" }, { a: "1", b: "" }, "an empty label"],
  [{ a: "1" }, { a: "1", b: null, c: undefined }, "a nullish label"],
  [{ a: "1" }, { a: 1 }, "the type of a value"],
  [{ a: "1" }, { a: ["1"] }, "an array of one"],
  [{}, { a: { toString: () => "" } }, "a value that is empty as a string"],
];

for (const [left, right, name] of SAME) {
  test(`labelsKey() does not depend on ${name}`, () => {
    assert.equal(labelsKey({ ...left }), labelsKey({ ...right }));
  });
}

const DIFFERENT: readonly (readonly [object, object, string])[] = [
  [{ a: "1" }, { a: "2" }, "values"],
  [{ a: "1" }, { b: "1" }, "names"],
  [{ a: "1" }, {}, "a label more"],
  [{ a: "1,b=2" }, { a: "1", b: "2" }, "separators in a value"],
  [{ a: '1","b","2' }, { a: "1", b: "2" }, "quotes in a value"],
  [{ "a=": "1" }, { a: "=1" }, "separators in a name"],
];

for (const [left, right, name] of DIFFERENT) {
  test(`labelsKey() tells label sets apart by ${name}`, () => {
    assert.notEqual(labelsKey({ ...left }), labelsKey({ ...right }));
  });
}
