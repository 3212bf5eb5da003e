import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_QUANTILES, BUCKET_BOUNDS, createBoundsReader } from "../../src/model/bounds.ts";

test("createBoundsReader() returns legal bounds as they are", () => {
  const read = createBoundsReader(BUCKET_BOUNDS);
  const bounds = [-1, 0, 2.5];
  assert.deepEqual(read(bounds), { values: bounds, indexes: [0, 1, 2], fault: undefined });
  assert.equal(read(bounds), read(bounds));
});

test("createBoundsReader() sorts, and selects what is legal", () => {
  const { NaN: no, POSITIVE_INFINITY: inf } = Number;
  assert.deepEqual(createBoundsReader(BUCKET_BOUNDS)([2, no, 1, 2, inf, -0, 0]), {
    values: [-0, 1, 2],
    indexes: [5, 2, 0],
    fault: BUCKET_BOUNDS.fault,
  });
  assert.deepEqual(createBoundsReader(ANY_QUANTILES)([inf, no, -1]), {
    values: [-1, inf],
    indexes: [2, 0],
    fault: ANY_QUANTILES.fault,
  });
});
