import assert from "node:assert/strict";
import { test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import { andThen } from "../../src/maybe-promise.ts";
import { Reading } from "../../src/exposition/chunk-reader.ts";
import { UpdateGuard } from "../../src/scrape/update-lock.ts";
import { createChunks, NEVER, tick } from "../exposition/chunks.ts";

/** A reading of `steps` under a guard. */
function createReading(guard: UpdateGuard, steps: readonly (string | (() => void))[]) {
  const { chunks, state } = createChunks(steps);
  const reading = new Reading(chunks, NEVER, { onEnd: (ended) => guard.leave(ended) });
  return { reading, state };
}

/** A promise and what settles it. */
function createGate() {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

const TIMEOUT_MS = 10_000;

test("UpdateGuard lets a reading begin at once when there is no update", () => {
  const guard = new UpdateGuard();
  const { reading } = createReading(guard, ["a"]);
  assert.equal(guard.enter(reading, NEVER), undefined);
});

test("UpdateGuard makes a reading wait for the update that came first", async () => {
  const guard = new UpdateGuard();
  const order: string[] = [];
  const gate = createGate();
  const update = guard.update(async () => {
    order.push("update begins");
    await gate.promise;
    order.push("update ends");
  }, TIMEOUT_MS);
  const { reading } = createReading(guard, ["a"]);
  const entered = andThen(guard.enter(reading, NEVER), () => {
    order.push("reading");
  });
  await tick();
  gate.open();
  await Promise.all([update, entered]);
  assert.deepEqual(order, ["update begins", "update ends", "reading"]);
});

test("UpdateGuard reads what is begun into memory before an update, however slow its reader", async () => {
  const guard = new UpdateGuard();
  let value = "old";
  const values: string[] = [];
  const note = () => {
    values.push(value);
  };
  const { reading, state } = createReading(guard, [note, "a", note, "b", note, "c"]);
  await guard.enter(reading, NEVER);
  await reading.next(1);
  await guard.update(() => {
    assert.equal(state.isOver, true);
    value = "new";
  }, TIMEOUT_MS);
  assert.deepEqual(values, ["old", "old", "old"]);
  assert.equal(String(await reading.next(1)), "b");
});

test("UpdateGuard lets a reading that waited read everything before the next update", async () => {
  const guard = new UpdateGuard();
  let value = 0;
  const values: number[] = [];
  const note = () => {
    values.push(value);
  };
  const increase = () => {
    value++;
  };
  const first = guard.update(increase, TIMEOUT_MS);
  const { reading } = createReading(guard, [note, "a", note]);
  const entered = guard.enter(reading, NEVER);
  await Promise.all([first, entered, guard.update(increase, TIMEOUT_MS)]);
  assert.deepEqual([values, value], [[1, 1], 2]);
});

test("UpdateGuard runs updates one after the other", async () => {
  const guard = new UpdateGuard();
  let running = 0;
  const order: number[] = [];
  const updates = [1, 2, 3].map((number) =>
    guard.update(async () => {
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
  test(`UpdateGuard hands on what an update ${how}, and goes on`, async () => {
    const guard = new UpdateGuard();
    const work = () => {
      const error = new Error("down");
      if (how === "throws") throw error;
      return Promise.reject(error);
    };
    const failing = guard.update(work, TIMEOUT_MS);
    const { reading } = createReading(guard, ["a"]);
    const entered = guard.enter(reading, NEVER);
    await assert.rejects(failing, { message: "down" });
    await entered;
    await guard.update(() => {}, TIMEOUT_MS);
  });
}

test("UpdateGuard gives up an update that takes too long, whatever becomes of it", async () => {
  const guard = new UpdateGuard();
  const alive = setTimeout(() => {}, 5_000);
  let reject = (_: Error) => {};
  const work = () =>
    new Promise<void>((_, rejectWork) => {
      reject = rejectWork;
    });
  const { reading } = createReading(guard, ["a"]);
  const update = guard.update(work, 5);
  const entered = guard.enter(reading, NEVER);
  await assert.rejects(update, ScrapeTimeoutError);
  await entered;
  // An unhandled rejection would fail the test run.
  reject(new Error("late"));
  await tick();
  clearTimeout(alive);
});

test("enter() throws the signal's reason when it aborts while an update is under way", async () => {
  const guard = new UpdateGuard();
  const gate = createGate();
  const update = guard.update(() => gate.promise, TIMEOUT_MS);
  const client = new AbortController();
  const { reading, state } = createReading(guard, ["a"]);
  const entered = guard.enter(reading, client.signal);
  client.abort(new Error("gone"));
  await assert.rejects(async () => entered, { message: "gone" });
  gate.open();
  await update;
  // It has not begun in the meantime, so the next update has nothing to wait for.
  await guard.update(() => {}, TIMEOUT_MS);
  assert.equal(state.steps, 0);
});

test("enter() throws the signal's reason when it has aborted before", async () => {
  const guard = new UpdateGuard();
  const { reading, state } = createReading(guard, ["a"]);
  assert.throws(() => guard.enter(reading, AbortSignal.abort(new Error("gone"))), {
    message: "gone",
  });
  await guard.update(() => {}, TIMEOUT_MS);
  assert.equal(state.steps, 0);
});
