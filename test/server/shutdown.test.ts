import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../src/log.ts";
import { shutdownOf } from "../../src/server/shutdown.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turns } from "../helpers/turns.ts";

const SILENT = createLog(false);

test("shutdownOf() waits forever when there is no shutdown", async () => {
  const end = shutdownOf(undefined, SILENT);
  assert.equal(await Promise.race([end.promise, turns(2).then(() => "waits")]), "waits");
  assert.equal(end.isOver(), false);
  end.stop();
});

test("shutdownOf() waits for a signal, and stops listening to it", async () => {
  const controller = new AbortController();
  const end = shutdownOf(controller.signal, SILENT);
  assert.equal(end.isOver(), false);
  controller.abort();
  assert.equal(end.isOver(), true);
  await end.promise;
  end.stop();
});

test("shutdownOf() is over at once for an aborted signal", async () => {
  const end = shutdownOf(AbortSignal.abort(), SILENT);
  assert.equal(end.isOver(), true);
  await end.promise;
});

test("shutdownOf() accepts a signal of another realm", async () => {
  const target = new EventTarget();
  const foreign = {
    aborted: false,
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  };
  const end = shutdownOf(foreign, SILENT);
  target.dispatchEvent(new Event("abort"));
  await end.promise;
  end.stop();
});

test("shutdownOf() waits for a promise", async () => {
  let settle = () => {};
  const end = shutdownOf(new Promise<void>((resolve) => (settle = resolve)), SILENT);
  settle();
  assert.equal(await end.promise, undefined);
});

test("shutdownOf() waits for anything with a then()", async () => {
  // biome-ignore lint/suspicious/noThenProperty: It is the point.
  const thenable = { then: (resolve: () => void) => resolve() };
  await shutdownOf(thenable, SILENT).promise;
});

test("shutdownOf() logs why a promise rejected", async () => {
  const recorder = createRecorder();
  await shutdownOf(Promise.reject("the disk is full"), createLog(recorder)).promise;
  assert.deepEqual(recorder.lines, [
    "error promhttp: Shutting down: the shutdown promise rejected: 'the disk is full'",
  ]);
});

test("shutdownOf() logs that a promise rejected without a reason", async () => {
  const recorder = createRecorder();
  await shutdownOf(Promise.reject(), createLog(recorder)).promise;
  assert.deepEqual(recorder.lines, [
    "error promhttp: Shutting down: the shutdown promise rejected",
  ]);
});

const NO_SHUTDOWNS: readonly [value: unknown, shown: string][] = [
  [null, "null"],
  [5_000, "5000"],
  ["SIGTERM", "'SIGTERM'"],
  [{}, "{}"],
  [{ aborted: false }, "{ aborted: false }"],
  [Symbol("end"), "Symbol(end)"],
  [Object.create(null), "[Object: null prototype] {}"],
];

for (const [value, shown] of NO_SHUTDOWNS) {
  test(`shutdownOf() rejects ${shown}`, () => {
    assert.throws(() => shutdownOf(value, SILENT), {
      name: "TypeError",
      message: `Shutdown must be an AbortSignal or a promise, got ${shown}`,
    });
  });
}
