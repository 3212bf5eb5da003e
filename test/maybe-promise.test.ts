import assert from "node:assert/strict";
import { test } from "node:test";
import { andThen, isThenable } from "../src/maybe-promise.ts";

test("andThen() calls the next function at once with a value", () => {
  assert.equal(
    andThen(1, (value) => value + 1),
    2,
  );
});

test("andThen() calls the next function when a promise has resolved", async () => {
  const result = andThen(Promise.resolve(1), (value) => value + 1);
  assert.ok(result instanceof Promise);
  assert.equal(await result, 2);
});

test("andThen() propagates a rejection", async () => {
  const failed = andThen(Promise.reject(new Error("down")), () => assert.fail());
  await assert.rejects(async () => failed, { message: "down" });
});

test("isThenable() accepts only promises, of any kind", () => {
  // biome-ignore lint/suspicious/noThenProperty: It stands for the promises of other libraries.
  const foreign = { then: () => {} };
  for (const value of [Promise.resolve(), foreign]) assert.ok(isThenable<unknown>(value));
  // biome-ignore lint/suspicious/noThenProperty: It only looks like one of them.
  const lookalike = { then: 1 };
  for (const value of [undefined, null, 0, "then", {}, lookalike]) {
    assert.equal(isThenable<unknown>(value), false);
  }
});
