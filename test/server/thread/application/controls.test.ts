import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../../src/log.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import { DeclaringControls } from "../../../../src/server/thread/application/controls.ts";
import { unpackError } from "../../../../src/server/thread/error-parcel.ts";
import type { FromApplication } from "../../../../src/server/thread/messages.ts";
import { createRecorder } from "../../../helpers/scraping/recorder.ts";

/** Controls, and what they have told the thread; nobody listens without one. */
function control({ hasThread = true, timeoutMs = 60_000 } = {}) {
  const told: FromApplication[] = [];
  const recorder = createRecorder();
  const controls = new DeclaringControls({
    lock: new UpdateLock(),
    log: createLog(recorder),
    timeoutMs,
    post(message) {
      if (hasThread) told.push(structuredClone(message));
      return hasThread;
    },
  });
  return { controls, told, log: recorder.lines };
}

test("what is declared is told, and remembered for the next thread", () => {
  const { controls, told } = control();
  assert.deepEqual(
    [controls.failing, controls.isFailing, controls.isReady],
    [undefined, false, true],
  );
  controls.setFailing("half done");
  assert.deepEqual([controls.failing, controls.isFailing], ["half done", true]);
  controls.setFailing();
  assert.equal(controls.isFailing, true);
  controls.setOk();
  controls.setReady(false);
  assert.deepEqual(
    [controls.failing, controls.isFailing, controls.isReady],
    [undefined, false, false],
  );
  assert.deepEqual(
    told.map(({ type }) => type),
    ["failing", "failing", "ok", "ready"],
  );
});

test("the end of an update is told, and what it threw", async () => {
  const { controls, told, log } = control();
  await controls.update(() => {});
  await controls.update(() => {
    throw new RangeError("broken");
  });
  const [done, failed] = told;
  assert.ok(done?.type === "updated" && done.error === undefined && done.durationMs >= 0);
  assert.ok(failed?.type === "updated" && failed.error !== undefined);
  assert.ok(unpackError(failed.error) instanceof RangeError);
  assert.deepEqual(log, []);
});

test("an update that takes too long is told so", async () => {
  const { controls, told } = control({ timeoutMs: 1 });
  // The timer of an update keeps no process alive.
  const alive = setInterval(() => {}, 1_000);
  await controls.update(() => new Promise(() => {}));
  clearInterval(alive);
  const [late] = told;
  assert.ok(late?.type === "updated" && late.error?.kind === "ScrapeTimeoutError");
});

test("an update that fails while there is no thread is logged", async () => {
  const { controls, log } = control({ hasThread: false });
  await controls.update(() => {});
  await controls.update(() => Promise.reject(new Error("broken")));
  assert.deepEqual(log, ["error promhttp: Update failed: Error: broken"]);
});
