import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { ChunkReader } from "../../src/exposition/chunk-reader.ts";
import { andThen } from "../../src/maybe-promise.ts";
import { UpdateLock } from "../../src/scrape/update-lock.ts";
import { createChunks, NEVER } from "../exposition/chunks.ts";
import { createGate } from "../helpers/gate.ts";
import { tick } from "../helpers/turns.ts";

/** A reading of `steps` under a lock. */
function createReading(lock: UpdateLock, steps: readonly (string | (() => void))[]) {
  const { chunks, state } = createChunks(steps);
  const reading = new ChunkReader(chunks, NEVER, { onEnd: (ended) => lock.leave(ended) });
  return { reading, state };
}

const TIMEOUT_MS = 10_000;

test("UpdateLock lets a reader begin at once when no update runs", () => {
  const lock = new UpdateLock();
  const { reading } = createReading(lock, ["a"]);
  assert.equal(lock.enter(reading, NEVER), undefined);
});

test("UpdateLock makes a reader wait for the update that came first", async () => {
  const lock = new UpdateLock();
  const order: string[] = [];
  const gate = createGate();
  const update = lock.update(async () => {
    order.push("update begins");
    await gate.promise;
    order.push("update ends");
  }, TIMEOUT_MS);
  const { reading } = createReading(lock, ["a"]);
  const entered = andThen(lock.enter(reading, NEVER), () => {
    order.push("reading");
  });
  await tick();
  gate.open();
  await Promise.all([update, entered]);
  assert.deepEqual(order, ["update begins", "update ends", "reading"]);
});

test("UpdateLock finishes readers into memory before an update", async () => {
  const lock = new UpdateLock();
  let value = "old";
  const values: string[] = [];
  const note = () => {
    values.push(value);
  };
  const { reading, state } = createReading(lock, [note, "a", note, "b", note, "c"]);
  await lock.enter(reading, NEVER);
  await reading.next(1);
  await lock.update(() => {
    assert.equal(state.isOver, true);
    value = "new";
  }, TIMEOUT_MS);
  assert.deepEqual(values, ["old", "old", "old"]);
  assert.equal(String(await reading.next(1)), "b");
});

test("UpdateLock lets a reader that waited finish before the next update", async () => {
  const lock = new UpdateLock();
  let value = 0;
  const values: number[] = [];
  const note = () => {
    values.push(value);
  };
  const increase = () => {
    value++;
  };
  const first = lock.update(increase, TIMEOUT_MS);
  const { reading } = createReading(lock, [note, "a", note]);
  const entered = lock.enter(reading, NEVER);
  await Promise.all([first, entered, lock.update(increase, TIMEOUT_MS)]);
  assert.deepEqual([values, value], [[1, 1], 2]);
});

test("UpdateLock runs updates one after the other", async () => {
  const lock = new UpdateLock();
  let running = 0;
  const order: number[] = [];
  const updates = [1, 2, 3].map((number) =>
    lock.update(async () => {
      running++;
      await tick();
      assert.equal(running--, 1);
      order.push(number);
    }, TIMEOUT_MS),
  );
  await Promise.all(updates);
  assert.deepEqual(order, [1, 2, 3]);
});

for (const how of ["throws", "rejects"]) {
  test(`UpdateLock propagates what an update ${how}, and continues`, async () => {
    const lock = new UpdateLock();
    const work = () => {
      const error = new Error("down");
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    const failing = lock.update(work, TIMEOUT_MS);
    const { reading } = createReading(lock, ["a"]);
    const entered = lock.enter(reading, NEVER);
    await assert.rejects(failing, { message: "down" });
    await entered;
    await lock.update(() => {}, TIMEOUT_MS);
  });
}

test("UpdateLock abandons an update that takes too long, however it ends", async () => {
  const lock = new UpdateLock();
  const alive = setTimeout(() => {}, 5_000);
  let reject = (_: Error) => {};
  const work = () =>
    new Promise<void>((_, rejectWork) => {
      reject = rejectWork;
    });
  const { reading } = createReading(lock, ["a"]);
  const update = lock.update(work, 5);
  const entered = lock.enter(reading, NEVER);
  await assert.rejects(update, ScrapeTimeoutError);
  await entered;
  // An unhandled rejection would fail the test run.
  reject(new Error("late"));
  await tick();
  clearTimeout(alive);
});

test("enter() throws the signal's reason when it aborts during an update", async () => {
  const lock = new UpdateLock();
  const gate = createGate();
  const update = lock.update(() => gate.promise, TIMEOUT_MS);
  const client = new AbortController();
  const { reading, state } = createReading(lock, ["a"]);
  const entered = lock.enter(reading, client.signal);
  client.abort(new Error("gone"));
  await assert.rejects(async () => entered, { message: "gone" });
  gate.open();
  await update;
  // It has not begun in the meantime, so the next update has nothing to wait for.
  await lock.update(() => {}, TIMEOUT_MS);
  assert.equal(state.steps, 0);
});

test("enter() throws the signal's reason when it has aborted before", async () => {
  const lock = new UpdateLock();
  const { reading, state } = createReading(lock, ["a"]);
  assert.throws(() => lock.enter(reading, AbortSignal.abort(new Error("gone"))), {
    message: "gone",
  });
  await lock.update(() => {}, TIMEOUT_MS);
  assert.equal(state.steps, 0);
});
