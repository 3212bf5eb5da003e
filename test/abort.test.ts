import assert from "node:assert/strict";
import { test } from "node:test";
import { LightSignal, settled, unlessAborted } from "../src/abort.ts";
import { NEVER } from "./exposition/chunks.ts";
import { tick } from "./helpers/turns.ts";

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

test("LightSignal does not call a listener that was removed or is too late", () => {
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

test("unlessAborted() returns what the promise resolves to", async () => {
  assert.equal(await unlessAborted(Promise.resolve(7), NEVER), 7);
});

test("unlessAborted() throws what the promise rejects with", async () => {
  await assert.rejects(unlessAborted(Promise.reject(new Error("down")), NEVER), {
    message: "down",
  });
});

for (const when of ["before", "later"]) {
  test(`unlessAborted() throws the reason of a signal that aborts ${when}`, async () => {
    const controller = new AbortController();
    const reason = new Error("gone");
    if (when === "before") controller.abort(reason);
    const done = unlessAborted(new Promise(() => {}), controller.signal);
    controller.abort(reason);
    await assert.rejects(done, reason);
  });
}

test("unlessAborted() ignores a rejection after the signal has aborted", async () => {
  let reject = (_: Error) => {};
  const promise = new Promise<void>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  await assert.rejects(unlessAborted(promise, AbortSignal.abort(new Error("gone"))));
  // An unhandled rejection would fail the test run.
  reject(new Error("late"));
  await tick();
});

test("settled() returns at once when there is nothing to wait for", async () => {
  await settled([], new AbortController().signal);
});

test("settled() waits for the last promise", async () => {
  const order: string[] = [];
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const done = settled([Promise.resolve(), promise], new AbortController().signal).then(() =>
    order.push("settled"),
  );
  await tick();
  order.push("last");
  resolve();
  await done;
  assert.deepEqual(order, ["last", "settled"]);
});

test("settled() stops waiting when the signal aborts", async () => {
  const controller = new AbortController();
  const done = settled([new Promise(() => {})], controller.signal);
  controller.abort();
  await done;
});

test("settled() does not wait when the signal has aborted before", async () => {
  await settled([new Promise(() => {})], AbortSignal.abort());
});
