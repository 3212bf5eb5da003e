import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf, cutText, formatCount, showName } from "../../src/page/text.ts";

test("formatCount() groups thousands, the same everywhere", () => {
  assert.deepEqual([0, 999, 1_234_567].map(formatCount), ["0", "999", "1,234,567"]);
});

test("countOf() knows one from many", () => {
  const counted = [0, 1, 1_000].map((count) => countOf(count, "family", "families"));
  assert.deepEqual(counted, ["0 families", "1 family", "1,000 families"]);
});

test("cutText() cuts what is too long, and no character in two", () => {
  assert.equal(cutText("abc", 3), "abc");
  assert.equal(cutText("abcd", 3), "abc…");
  assert.equal(cutText("ab😀d", 3), "ab…");
  assert.equal(cutText("a😀cd", 3), "a😀…");
});

test("showName() shows what cannot be seen", () => {
  assert.equal(showName("up\u202e\u200b\n\u0000", 10), "up\\u{202e}\\u{200b}\\u{a}\\u{0}");
  assert.equal(showName("größe.日本", 20), "größe.日本");
});
