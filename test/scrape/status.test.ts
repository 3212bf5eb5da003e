import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../src/exposition/text/text.ts";
import { Status } from "../../src/scrape/status.ts";
import { encodeFamilies, lines } from "../helpers/encode-families.ts";

test("Status has no metric without a name", () => {
  assert.deepEqual(new Status(undefined).families, []);
});

for (const [isFailing, value] of [
  [false, 1],
  [true, 0],
] as const) {
  test(`Status is ${value} when isFailing is ${isFailing}, under its own name`, () => {
    const status = new Status("shop");
    const { families } = status;
    status.isFailing = isFailing;
    assert.equal(
      encodeFamilies(createTextEncoder("underscores"), families).body,
      lines(
        "# HELP shop_up Whether the application has declared that its metrics are in order.",
        "# TYPE shop_up gauge",
        `shop_up ${value}`,
      ),
    );
  });
}
