import assert from "node:assert/strict";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { test } from "node:test";
import { counterOf, TestGroup } from "./groups.ts";

function socketOf({ folder }: TestGroup): string {
  const name = readdirSync(folder).find((file) => file.endsWith(".sock"));
  return `${folder}/${name}`;
}

test("a hub whose place was taken reports to the new one, and no counter is counted twice", async () => {
  await using group = await TestGroup.create();
  const [first, second] = [await group.add(counterOf(1)), await group.add(counterOf(10))];
  assert.equal(await first.sample("jobs_total"), 11);

  // As when it was stopped while it held the lock: another process finds no hub.
  renameSync(socketOf(group), `${group.folder}/elsewhere`);
  const third = await group.add(counterOf(100));
  assert.deepEqual([first.group.role, third.group.role], ["hub", "hub"]);
  // It has what the first has left.
  assert.equal(await third.sample("jobs_total"), 111);

  // The third does not know what this one would answer.
  assert.equal((await first.get())?.status, 503);
  while (first.group.role === "hub") await first.get();
  assert.match(first.logged[0] ?? "", /Another process answers for all workers now/);
  while ((await third.sample('promhttp_workers{state="up"}')) !== 3) {
    assert.equal(await third.sample("jobs_total"), 111);
  }
  for (const worker of [first, second, third]) assert.equal(await worker.sample("jobs_total"), 111);
  assert.deepEqual([first.group.role, second.group.role], ["member", "member"]);
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
