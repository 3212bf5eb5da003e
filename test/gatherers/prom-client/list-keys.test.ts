import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeyLister } from "../../../src/gatherers/prom-client/list-keys.ts";

/** So many that sorting them is avoided. */
const MANY = 3_000;

function createMap(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key:${index},`, {}]));
}

test("a key lister lists what Object.keys() does, whatever comes and goes", () => {
  const listKeys = createKeyLister();
  const map = createMap(MANY);
  const assertListed = () => {
    // From the third time on, they seem to stay.
    for (let turn = 0; turn < 4; turn++) assert.deepEqual(listKeys(map), Object.keys(map));
  };
  assertListed();
  map["key:new,"] = {};
  assertListed();
  delete map["key:0,"];
  assertListed();
  // As many as before, in another order.
  delete map["key:7,"];
  map["key:7,"] = {};
  assert.equal(listKeys(map).at(-1), "key:7,");
  assertListed();
  map["key:7,"] = {};
  assertListed();
  // Not in the order in which they were added.
  map["17"] = {};
  map["5"] = {};
  assertListed();
  for (const key of Object.keys(map).slice(10)) delete map[key];
  assertListed();
});

test("a key lister lists another hash map", () => {
  const listKeys = createKeyLister();
  for (const map of [createMap(MANY), createMap(0), createMap(MANY), createMap(MANY + 1)]) {
    for (let turn = 0; turn < 3; turn++) assert.deepEqual(listKeys(map), Object.keys(map));
  }
});

test("a key lister skips what all objects inherit", (t) => {
  const listKeys = createKeyLister();
  const map = createMap(MANY);
  const everything = Object.prototype as Record<string, unknown>;
  t.after(() => delete everything["inherited"]);
  everything["inherited"] = {};
  for (let turn = 0; turn < 4; turn++) assert.equal(listKeys(map).length, MANY);
});
