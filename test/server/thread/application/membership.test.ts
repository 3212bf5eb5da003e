import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../../src/log.ts";
import { resolveOptions } from "../../../../src/options/rules.ts";
import type { WorkersOptions, WorkersSettings } from "../../../../src/options/workers.ts";
import { UpdateLock } from "../../../../src/scrape/update-lock.ts";
import {
  joinGroups,
  type Membership,
} from "../../../../src/server/thread/application/membership.ts";
import type { ThreadPlace } from "../../../../src/server/thread/messages.ts";
import { counterOf, TestGroup } from "../../../group/groups.ts";

const HUB: ThreadPlace = { address: "/run/app.sock", url: "unix:/run/app.sock", role: "hub" };

/** Joins the group `test`, and is told what this logs. */
function joinTest(given: WorkersOptions, logged: string[] = []): Membership {
  const options = resolveOptions({ workers: { group: "test", ...given } });
  const log = createLog({ error: (line) => logged.push(line), warn: (line) => logged.push(line) });
  const target = { kind: "unix", path: HUB.url } as const;
  const parts = { gatherer: counterOf(5), target, label: HUB.url, options, log };
  return joinGroups(parts, options.workers as WorkersSettings, new UpdateLock(), []);
}

test("an application joins the hub, and tells its thread nothing that cannot be cloned", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront();
  const hubs: number[] = [];
  const membership = joinTest({ onJoined: ({ pid }) => hubs.push(pid) });
  await membership.joined;
  assert.equal(await front.sample("jobs_total"), 5);
  const { application, onJoined } = structuredClone(membership.sent());
  assert.deepEqual([application?.thread, application?.isAlone, onJoined], [0, false, undefined]);
  // The hub is a part of this process.
  assert.deepEqual(hubs, []);
  await membership.leave();
});

test("a server without a thread is a member, and otherwise what its thread is", async () => {
  await using group = await TestGroup.create();
  await group.addFront();
  const membership = joinTest({});
  await membership.joined;
  assert.deepEqual(membership.placeOf({ place: HUB, isServing: true }), HUB);
  assert.equal(membership.placeOf({ place: HUB, isServing: false }).role, "member");
  await membership.leave();
});

test("what is declared is said of the worker, and to the thread", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront({ statusName: "shop" });
  await group.addReporter(counterOf(1));
  const membership = joinTest({});
  await membership.joined;
  const told: unknown[] = [];
  const controls = membership.withDeclared({
    update: async () => void told.push("update"),
    setFailing: (message) => told.push(message),
    setOk: () => told.push("ok"),
    setReady: (isReady) => told.push(isReady),
  });
  controls.setFailing("no database");
  assert.equal(await front.sample('shop_up{worker="1"}'), 0);
  controls.setOk();
  assert.equal(await front.sample('shop_up{worker="1"}'), 1);
  controls.setReady(false);
  await controls.update(() => {});
  assert.deepEqual(told, ["no database", "ok", false, "update"]);
  await membership.leave();
});

test("an application that can join no group says so, and its thread must not either", async () => {
  const before = process.env["PROMHTTP_RUNTIME_DIR"];
  // Not a folder of this user alone.
  process.env["PROMHTTP_RUNTIME_DIR"] = "/proc/self/no";
  const logged: string[] = [];
  const membership = joinTest({}, logged);
  assert.equal(membership.sent().application?.isAlone, true);
  await membership.joined;
  assert.match(`${logged}`, /Cannot meet the other workers; this one is a target of its own: /);
  await membership.leave();
  if (before === undefined) delete process.env["PROMHTTP_RUNTIME_DIR"];
  else process.env["PROMHTTP_RUNTIME_DIR"] = before;
});
