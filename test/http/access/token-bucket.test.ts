import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBucket } from "../../../src/http/access/token-bucket.ts";

test("a token bucket allows a burst, and then one more in each interval", () => {
  const bucket = new TokenBucket(1_000, 3, 0);
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => bucket.take(now)),
    [true, true, true, false],
  );
  assert.equal(bucket.waitMs(400), 600);
  assert.equal(bucket.take(999), false);
  assert.equal(bucket.take(1_000), true);
  assert.equal(bucket.take(1_000), false);
});

test("a token bucket never holds more than its burst", () => {
  const bucket = new TokenBucket(1_000, 2, 0);
  assert.deepEqual(
    [1e9, 1e9, 1e9].map((now) => bucket.take(now)),
    [true, true, false],
  );
});

test("a token bucket gives nothing for a clock that goes back", () => {
  const bucket = new TokenBucket(1_000, 1, 5_000);
  assert.equal(bucket.take(5_000), true);
  assert.equal(bucket.take(0), false);
  assert.equal(bucket.take(500), false);
});
