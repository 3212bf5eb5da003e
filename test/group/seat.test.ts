import assert from "node:assert/strict";
import { readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { tick } from "../helpers/turns.ts";
import { counterOf, TestGroup } from "./groups.ts";

function socketOf({ folder }: TestGroup): string {
  const name = readdirSync(folder).find((file) => file.endsWith(".sock"));
  return `${folder}/${name}`;
}

/** Stops what a hub does at times of its own: it would look for its socket before another process does. */
function stopTimers({ mock: { timers } }: TestContext): TestContext["mock"]["timers"] {
  timers.enable({ apis: ["setInterval", "setTimeout"] });
  return timers;
}

test("a hub whose place was taken reports to the new one, and counts nothing twice", async (t) => {
  await using group = await TestGroup.create();
  using timers = stopTimers(t);
  const [first, second] = [await group.add(counterOf(1)), await group.add(counterOf(10))];
  assert.equal(await first.sample("jobs_total"), 11);

  // As when it was stopped while it held the lock: another process finds no hub.
  renameSync(socketOf(group), `${group.folder}/elsewhere`);
  const third = await group.add(counterOf(100));
  assert.equal(third.group.role, "hub");
  timers.reset();
  // It has what the first has left.
  assert.equal(await third.sample("jobs_total"), 111);

  // The third does not know what this one would answer.
  while (first.group.role === "hub") {
    // Also when it has just left its place.
    for (let times = 0; times < 2; times++) assert.equal((await first.get())?.status, 503);
    await tick();
  }
  assert.match(first.logged[0] ?? "", /Another process answers for all workers now/);
  while ((await third.sample('promhttp_workers{state="up"}')) !== 3) {
    assert.equal(await third.sample("jobs_total"), 111);
  }
  for (const worker of [first, second, third]) assert.equal(await worker.sample("jobs_total"), 111);
  assert.deepEqual([first.group.role, second.group.role], ["member", "member"]);

  // One of them is the hub for the second time, or was never.
  await third.group.close();
  while (![first, second].some(({ group: { role } }) => role === "hub")) await second.get();
  while ((await second.sample('promhttp_workers{state="up"}')) !== 2) {
    assert.equal(await second.sample("jobs_total"), 111);
  }
  assert.equal(await first.sample("jobs_total"), 111);
});

test("a hub whose socket was removed listens anew, and loses no member", async () => {
  await using group = await TestGroup.create();
  const [first, second] = [await group.add(counterOf(1)), await group.add(counterOf(10))];
  assert.equal(await first.sample("jobs_total"), 11);
  rmSync(socketOf(group));
  assert.equal(await first.sample("jobs_total"), 11);
  const third = await group.add(counterOf(100));
  assert.deepEqual([second.group.role, third.group.role], ["member", "member"]);
  for (const worker of [first, second, third]) assert.equal(await worker.sample("jobs_total"), 111);
  assert.equal(await first.sample('promhttp_worker_events_total{event="hub_changed"}'), 0);
});

test("what a scrape shows is kept, even if something removes the socket meanwhile", async (t) => {
  await using group = await TestGroup.create();
  // Who has joined is kept a little later. That would keep the numbers, too.
  using _timers = stopTimers(t);
  const counter = counterOf(10);
  let isRemoving = false;
  const first = await group.add(counterOf(1));
  await group.add({
    gather(context) {
      if (isRemoving) rmSync(socketOf(group));
      isRemoving = false;
      return counter.gather(context);
    },
  });
  isRemoving = true;
  assert.equal(await first.sample("jobs_total"), 11);
  assert.equal(isRemoving, false);

  // As when the first was killed: another process has only what was kept.
  renameSync(socketOf(group), `${group.folder}/elsewhere`);
  const third = await group.add(counterOf(100));
  assert.equal(third.group.role, "hub");
  assert.equal(await third.sample("jobs_total"), 111);
});

test("a hub leaves, even if its folder cannot be read", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  renameSync(group.folder, `${group.folder}-elsewhere`);
  // A link to itself.
  symlinkSync(group.folder, group.folder);
  await hub.group.close();
});
