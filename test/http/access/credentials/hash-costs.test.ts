import assert from "node:assert/strict";
import { test } from "node:test";
import {
  highCostWarnings,
  unequalCostWarnings,
} from "../../../../src/http/access/credentials/hash-costs.ts";

const usersOf = (...costs: readonly string[]) =>
  new Map(costs.map((cost, index) => [`user${index}`, `$2y$${cost}$${"a".repeat(53)}`]));

test("highCostWarnings() names the highest cost above 12", () => {
  assert.deepEqual(highCostWarnings(usersOf()), []);
  assert.deepEqual(highCostWarnings(usersOf("04", "12")), []);
  const slow = "A password hash of cost 14 makes logins slow";
  assert.deepEqual(highCostWarnings(usersOf("14", "10")), [slow]);
});

test("unequalCostWarnings() asks for equal costs", () => {
  assert.deepEqual(unequalCostWarnings(usersOf()), []);
  assert.deepEqual(unequalCostWarnings(usersOf("10", "10")), []);
  const unequal =
    "Password hashes of different costs all take as long as one of 12: make them equal";
  assert.deepEqual(unequalCostWarnings(usersOf("10", "12", "04")), [unequal]);
});
