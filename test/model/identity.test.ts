import assert from "node:assert/strict";
import { test } from "node:test";
import { haveSameElements, snapshotOf } from "../../src/model/identity.ts";

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
