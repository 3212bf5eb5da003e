import assert from "node:assert/strict";
import { test } from "node:test";
import { createTextEncoder } from "../../../../src/exposition/text/text.ts";
import { resolveOptions } from "../../../../src/options/rules.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import { Heartbeat } from "../../../../src/server/thread/heartbeat.ts";
import type { ThreadStart } from "../../../../src/server/thread/messages.ts";
import { createApplication } from "../../../../src/server/thread/serving/application.ts";
import { UP_FAMILY } from "../../../helpers/families.ts";
import { encodeFamilies } from "../../../helpers/scraping/encode-families.ts";

const PROCESS = { pid: 1, uptimeSeconds: 0, program: "/app.js", directory: "/" };

/** Makes an application whose event loop turned last that long ago. */
function applicationOf(stuckMs: number, stuckAfterMs = 1_000) {
  const heartbeat = new Heartbeat();
  heartbeat.ageMs = () => stuckMs;
  const start: Partial<ThreadStart> = {
    thread: { maxAgeMs: 1, stuckAfterMs },
    restarts: 2,
    process: PROCESS,
    options: resolveOptions({}),
  };
  const gatherers = new Map([
    ["/metrics", { ageSeconds: 1.5 }],
    ["/db", { ageSeconds: 0 }],
  ]);
  // Cast: nothing else of it is read.
  return createApplication(start as ThreadStart, heartbeat, gatherers, new UpdateLock());
}

test("familiesAt() says how old the metrics of a path are, how long the loop is stuck, and restarts", () => {
  const application = applicationOf(2_100);
  const samplesAt = (path: string) => {
    const families = application.familiesAt(path)();
    const { body } = encodeFamilies(createTextEncoder("underscores"), families);
    return body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  };
  assert.deepEqual(samplesAt("/metrics"), [
    "promhttp_snapshot_age_seconds 1.5",
    "promhttp_event_loop_stuck_seconds 2",
    "promhttp_thread_restarts_total 2",
  ]);
  assert.equal(samplesAt("/db")[0], "promhttp_snapshot_age_seconds 0");
});

test("familiesAt() puts them behind others, and returns the same list while these are the same", () => {
  const application = applicationOf(0);
  let others = [UP_FAMILY];
  const families = application.familiesAt("/metrics", () => others);
  const list = families();
  assert.equal(list[0], UP_FAMILY);
  assert.equal(list.length, 4);
  assert.equal(families(), list);
  others = [];
  assert.equal(families().length, 3);
});

test("a beat that comes a little late is no stuck event loop", () => {
  assert.equal(applicationOf(149).state().stuckSeconds, 0);
  assert.deepEqual(applicationOf(300).state(), { stuckSeconds: 0.2, ageSeconds: 1.5 });
});

for (const [stuckMs, stuckAfterMs, status] of [
  [1_000, 1_000, 200],
  [1_200, 1_000, 503],
  [1e9, 0, 200],
] as const) {
  test(`health is ${status} when stuck for ${stuckMs} ms with stuckAfterMs ${stuckAfterMs}`, () => {
    assert.equal(applicationOf(stuckMs, stuckAfterMs).health().status, status);
  });
}

test("the process is that of the application, and as old as it is now", () => {
  const { uptimeSeconds, ...process } = applicationOf(0).process;
  assert.deepEqual({ ...process, uptimeSeconds: 0 }, PROCESS);
  assert.ok(uptimeSeconds > 0);
});
