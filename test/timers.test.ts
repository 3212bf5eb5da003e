import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { callSoon, nextTurn, unref } from "../src/timers.ts";

test("unref() lets the process exit, and returns the timer of any kind", () => {
  const timer = setTimeout(() => {}, 1e6);
  assert.equal(unref(timer), timer);
  assert.equal(timer.hasRef(), false);
  clearTimeout(timer);
  assert.equal(unref(7), 7);
});

test("callSoon() and nextTurn() need no global setImmediate()", async () => {
  const { setImmediate: original } = globalThis;
  for (const global of [original, undefined]) {
    Object.assign(globalThis, { setImmediate: global });
    try {
      let turns = 0;
      callSoon(() => turns++);
      assert.equal(turns, 0);
      await nextTurn();
      assert.equal(turns, 1);
    } finally {
      Object.assign(globalThis, { setImmediate: original });
    }
  }
});

const SRC = new URL("../src/", import.meta.url);

test("no code depends on the realm of a timer, a promise or bytes", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => /^(?!programs).*\.ts$/.test(name))) {
    const text = readFileSync(new URL(file, SRC), "utf8");
    const found =
      /\)\.unref\(\)|[Tt]imer\.unref\(|instanceof (Promise|Uint8Array|Map|(?:Shared)?ArrayBuffer)\b/.exec(
        text,
      );
    assert.equal(found?.[0], undefined, file);
  }
});
