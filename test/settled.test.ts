import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "../src/gatherers/settled.ts";

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
  await new Promise((next) => setImmediate(next));
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
