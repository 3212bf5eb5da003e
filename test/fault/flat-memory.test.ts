// test/long/ does the same for much longer.
import { test } from "node:test";
import { assertFlat, LARGE, SMALL } from "./flat-memory.ts";

test("memory stays flat over 5,000 small scrapes", async () => {
  await assertFlat(SMALL);
});

test("memory stays flat while half of 100,000 lines are exchanged for each scrape", async () => {
  await assertFlat(LARGE);
});
