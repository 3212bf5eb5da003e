import assert from "node:assert/strict";
import { test } from "node:test";
import { costWarnings } from "../../../../src/http/access/credentials/hash-costs.ts";

const usersOf = (...costs: readonly string[]) =>
  new Map(costs.map((cost, index) => [`user${index}`, `$2y$${cost}$${"a".repeat(53)}`]));

const SLOW = "Logins are slow: a password hash has the cost 14; 10 is enough";

const CASES: readonly [costs: readonly string[], warnings: readonly string[]][] = [
  [[], []],
  [["12", "12"], []],
  [["14"], [SLOW]],
  [
    ["10", "14", "04"],
    [SLOW, "Password hashes should all have the same cost, got 4 to 14"],
  ],
];

for (const [costs, warnings] of CASES) {
  test(`costWarnings() of costs ${costs.join(", ") || "none"}`, () => {
    assert.deepEqual(costWarnings(usersOf(...costs)), warnings);
  });
}
