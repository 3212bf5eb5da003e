import assert from "node:assert/strict";
import { test } from "node:test";
import { createListJoiner } from "../../src/scrape/list-joiner.ts";

test("createListJoiner() puts one list behind another", () => {
  const join = createListJoiner<number>();
  assert.deepEqual(join([1, 2], [3]), [1, 2, 3]);
  assert.deepEqual(join([], [3]), [3]);
  assert.deepEqual(join([], []), []);
});

test("createListJoiner() gives the same list for the same two, and another for others", () => {
  const join = createListJoiner<number>();
  const [a, b] = [[1], [2]];
  const joined = join(a, b);
  assert.equal(join(a, b), joined);
  assert.notEqual(join(a, [2]), joined);
  assert.notEqual(join([1], b), joined);
  assert.deepEqual(join(b, a), [2, 1]);
});
