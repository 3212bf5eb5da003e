import assert from "node:assert/strict";
import { test } from "node:test";
import { memoiseByHeader } from "../../../src/exposition/negotiation/memo.ts";
import { MAX_HEADER_BYTES } from "../../../src/exposition/negotiation/parse-clauses.ts";

function countingMemo(limit?: number) {
  const calls: (string | undefined)[] = [];
  const decide = (header: string | undefined): { readonly header: string | undefined } => {
    calls.push(header);
    return { header };
  };
  return { calls, memo: memoiseByHeader(decide, limit) };
}

test("memoiseByHeader() decides once for each header and returns the same object", () => {
  const { calls, memo } = countingMemo();
  assert.equal(memo("a"), memo("a"));
  assert.equal(memo("b").header, "b");
  assert.deepEqual(calls, ["a", "b"]);
});

test("memoiseByHeader() distinguishes an absent header from an empty one", () => {
  const { calls, memo } = countingMemo();
  for (const header of [undefined, "", undefined, ""]) assert.equal(memo(header).header, header);
  assert.deepEqual(calls, [undefined, ""]);
});

test("memoiseByHeader() keeps decisions that are undefined", () => {
  let calls = 0;
  const memo = memoiseByHeader(() => {
    calls++;
  });
  memo("a");
  memo("a");
  assert.equal(calls, 1);
});

test("memoiseByHeader() drops the oldest when it is full", () => {
  const { calls, memo } = countingMemo(2);
  for (const header of ["a", "b", "a", "c", "b", "c", "a"]) memo(header);
  assert.deepEqual(calls, ["a", "b", "c", "a"]);
});

test("memoiseByHeader() drops an absent header like any other", () => {
  const { calls, memo } = countingMemo(1);
  for (const header of [undefined, "a", undefined]) memo(header);
  assert.deepEqual(calls, [undefined, "a", undefined]);
});

test("memoiseByHeader() keeps 32 decisions by default", () => {
  const { calls, memo } = countingMemo();
  for (let i = 0; i < 32; i++) memo(`${i}`);
  memo("0");
  assert.equal(calls.length, 32);
  memo("32");
  memo("0");
  assert.equal(calls.length, 34);
});

test("memoiseByHeader() never keeps a header over 8 KiB", () => {
  const { calls, memo } = countingMemo(1);
  const kept = "a".repeat(MAX_HEADER_BYTES);
  const tooLong = "a".repeat(MAX_HEADER_BYTES + 1);
  for (const header of [kept, tooLong, tooLong, kept]) assert.equal(memo(header).header, header);
  assert.deepEqual(calls, [kept, tooLong, tooLong]);
});

test("memoiseByHeader() passes on what the decision throws and does not keep it", () => {
  let calls = 0;
  const memo = memoiseByHeader(() => {
    calls++;
    throw new RangeError("no");
  });
  assert.throws(() => memo("a"), RangeError);
  assert.throws(() => memo("a"), RangeError);
  assert.equal(calls, 2);
});
