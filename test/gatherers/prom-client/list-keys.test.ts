import assert from "node:assert/strict";
import { test } from "node:test";
import { listKeys } from "../../../src/gatherers/prom-client/list-keys.ts";

/** So many that sorting them is avoided. */
const MANY = 3_000;

function createMap(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key:${index},`, {}]));
}

test("listKeys() lists what Object.keys() does, whatever comes and goes", () => {
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

test("listKeys() tells hash maps apart", () => {
  const maps = [createMap(MANY), createMap(0), createMap(MANY), createMap(MANY + 1)];
  for (let turn = 0; turn < 4; turn++) {
    for (const map of maps) assert.deepEqual(listKeys(map), Object.keys(map));
  }
});

test("listKeys() lists what all objects inherit last, or not at all", (t) => {
  const map = createMap(MANY);
  const everything = Object.prototype as Record<string, unknown>;
  t.after(() => delete everything["inherited"]);
  everything["inherited"] = {};
  for (let turn = 0; turn < 4; turn++) {
    assert.deepEqual(listKeys(map).slice(0, MANY), Object.keys(map));
  }
});
