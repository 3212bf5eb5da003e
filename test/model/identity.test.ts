import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createListJoiner,
  haveSameElements,
  labelsKey,
  snapshotOf,
} from "../../src/model/identity.ts";

test("haveSameElements() compares objects in their order", () => {
  const [a, b] = [{}, {}];
  const list = [a, b];
  assert.equal(haveSameElements(list, list), true);
  assert.equal(haveSameElements(list, [a, b]), true);
  assert.equal(haveSameElements(list, [b, a]), false);
  assert.equal(haveSameElements(list, [a]), false);
  assert.equal(haveSameElements(list, [a, b, a]), false);
  assert.equal(haveSameElements([{}], [{}]), false);
});

test("snapshotOf() keeps what a list was, and copies no list that cannot change", () => {
  const list = [{}, {}];
  const snapshot = snapshotOf(list);
  assert.equal(haveSameElements(list, snapshot), true);
  list.push({});
  assert.equal(haveSameElements(list, snapshot), false);
  const frozen = Object.freeze([{}]);
  assert.equal(snapshotOf(frozen), frozen);
});

const SAME: readonly (readonly [object, object, string])[] = [
  [{ a: "1", b: "2" }, { b: "2", a: "1" }, "the order of the labels"],
  [{ a: "1" }, { a: "1", b: "" }, "an empty label"],
  [{ a: "1" }, { a: 1 }, "the type of a value"],
  [{ a: "1" }, { a: ["1"] }, "an array of one"],
  [{ a: "null", b: "undefined" }, { a: null, b: undefined }, "whether a value is a string"],
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

test("createListJoiner() puts one list behind another", () => {
  const join = createListJoiner<number>();
  assert.deepEqual(join([1, 2], [3]), [1, 2, 3]);
  assert.deepEqual(join([], [3]), [3]);
  assert.deepEqual(join([], []), []);
});

test("createListJoiner() returns the same list for the same two, and another for others", () => {
  const join = createListJoiner<number>();
  const [a, b] = [[1], [2]];
  const joined = join(a, b);
  assert.equal(join(a, b), joined);
  assert.notEqual(join(a, [2]), joined);
  assert.notEqual(join([1], b), joined);
  assert.deepEqual(join(b, a), [2, 1]);
});
