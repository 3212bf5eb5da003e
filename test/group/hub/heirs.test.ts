import assert from "node:assert/strict";
import { readdirSync, renameSync, statSync } from "node:fs";
import { test } from "node:test";
import { tick, turnsUntil } from "../../helpers/turns.ts";
import { counterOf, TestGroup } from "../groups.ts";
import { HELLO, Peer } from "./peer.ts";

const skip = process.platform === "win32" && "needs unix files";

function fileOf({ folder }: TestGroup, extension: string): string | undefined {
  const name = readdirSync(folder).find((file) => file.endsWith(extension));
  return name && `${folder}/${name}`;
}

/** Tells one ledger from the next, which replaces it. */
function ledgerOf(group: TestGroup): number | undefined {
  const file = fileOf(group, ".ledger");
  return file === undefined ? undefined : statSync(file).ino;
}

test("what threads have counted is written when a worker joins that would outlive them", {
  skip,
}, async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(1);
  const hub = await group.add(counter);
  const thread = await Peer.connect(group);
  thread.send(HELLO);
  await thread.message("welcome");
  const scraped = hub.sample("jobs_total");
  await thread.answer(10);
  thread.forget("want");
  assert.equal(await scraped, 11);
  // Who has joined is written a little later.
  await turnsUntil("the first ledger", () => ledgerOf(group) !== undefined);
  const first = ledgerOf(group);

  counter.metric.value = 2;
  const again = hub.sample("jobs_total");
  const { n } = await thread.message("want");
  const have = { type: "have", n, isGiven: true, isFailing: false, errors: [] };
  thread.send(have, new Float64Array([20]));
  assert.equal(await again, 22);
  assert.equal(ledgerOf(group), first);

  const heir = await group.add(counterOf(100));
  const second = ledgerOf(group);
  assert.notEqual(second, first);
  // As when the hub was killed: the heir has only what was written.
  renameSync(fileOf(group, ".sock") ?? "", `${group.folder}/elsewhere`);
  const other = await group.add(counterOf(1_000));
  assert.equal(await other.sample("jobs_total"), 1_022);
  await heir.group.close();
});

test("a process that takes the place of a lonely hub shows no sum before that is back", {
  skip,
}, async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(1);
  const first = await group.add(counter);
  assert.equal(await first.sample("jobs_total"), 1);
  await turnsUntil("the first ledger", () => ledgerOf(group) !== undefined);
  counter.metric.value = 5;
  assert.equal(await first.sample("jobs_total"), 5);

  renameSync(fileOf(group, ".sock") ?? "", `${group.folder}/elsewhere`);
  const second = await group.add(counterOf(100));
  assert.equal(second.group.role, "hub");
  assert.equal((await second.get())?.status, 503);
  while (first.group.role === "hub") await first.get();
  while ((await second.get())?.status === 503) await tick();
  assert.equal(await second.sample("jobs_total"), 105);
});
