import assert from "node:assert/strict";
import { test } from "node:test";
import { unlessAborted } from "../../src/scrape/unless-aborted.ts";
import { NEVER, tick } from "../exposition/chunks.ts";

test("unlessAborted() gives what the promise resolves to", async () => {
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

test("unlessAborted() swallows what the promise rejects with after the signal has aborted", async () => {
  let reject = (_: Error) => {};
  const promise = new Promise<void>((_, rejectPromise) => {
    reject = rejectPromise;
  });
  await assert.rejects(unlessAborted(promise, AbortSignal.abort(new Error("gone"))));
  // An unhandled rejection would fail the test run.
  reject(new Error("late"));
  await tick();
});
