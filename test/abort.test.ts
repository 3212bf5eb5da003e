import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal } from "../src/abort.ts";

test("LightSignal calls each listener once, in their order, and keeps the first reason", () => {
  const signal = new LightSignal();
  const calls: string[] = [];
  for (const name of ["a", "b"]) signal.addEventListener("abort", () => calls.push(name));
  assert.equal(signal.aborted, false);
  signal.throwIfAborted();
  signal.abort("first");
  signal.abort("second");
  assert.deepEqual(calls, ["a", "b"]);
  assert.deepEqual([signal.aborted, signal.reason], [true, "first"]);
  assert.throws(
    () => signal.throwIfAborted(),
    (reason) => reason === "first",
  );
});

test("LightSignal does not call a listener that was removed, or that comes too late", () => {
  const signal = new LightSignal();
  signal.addEventListener("abort", assert.fail);
  signal.removeEventListener("abort", assert.fail);
  signal.removeEventListener("abort", assert.fail);
  signal.abort("over");
  signal.addEventListener("abort", assert.fail);
});

test("a listener may remove itself and add another while the signal aborts", () => {
  const signal = new LightSignal();
  const calls: string[] = [];
  const first = () => {
    calls.push("first");
    signal.removeEventListener("abort", first);
    signal.addEventListener("abort", assert.fail);
  };
  signal.addEventListener("abort", first);
  signal.addEventListener("abort", () => calls.push("second"));
  signal.abort("over");
  assert.deepEqual(calls, ["first", "second"]);
});

test("the real signal of a LightSignal is made once, and aborts with it", () => {
  const signal = new LightSignal();
  const { real } = signal;
  assert.ok(real instanceof AbortSignal);
  assert.equal(signal.real, real);
  assert.equal(real.aborted, false);
  signal.abort("over");
  assert.deepEqual([real.aborted, real.reason], [true, "over"]);
});

test("the real signal of a LightSignal has aborted where that has", () => {
  const signal = new LightSignal();
  signal.abort("over");
  assert.deepEqual([signal.real.aborted, signal.real.reason], [true, "over"]);
});
