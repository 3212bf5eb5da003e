/** What a worker has counted counts once, to its last number, however it and its hub leave. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import type { Snapshot } from "../../src/gatherers/remote/snapshot.ts";
import { Departures } from "../../src/group/hub/leaving/departures.ts";
import { type LastNumbersPlace, writeLastNumbers } from "../../src/group/ledger/last-numbers.ts";
import { Ledger } from "../../src/group/ledger/ledger.ts";
import { nextTurn } from "../../src/timers.ts";
import { mockClock, passUntil } from "../helpers/mock-clock.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { counterOf, TestGroup, type TestWorker } from "./groups.ts";
import { HELLO, Peer, THREAD } from "./hub/peer.ts";

/** Waits until a worker is the hub and has all that the one before has left. */
async function takenOver(worker: TestWorker): Promise<void> {
  while (worker.group.role !== "hub") await worker.get();
}

/** What a worker has counted when it exits. */
function totalsOf(value: number): Snapshot {
  const head = { name: "jobs_total", help: "", type: "counter" } as const;
  const shapes = [{ names: [], bounds: [] }];
  const splices = [{ at: 0, removed: 0, rows: [[0]] as const }];
  const layout = [[{ id: 0, head, shapes, splices }]];
  return { layout, order: [0], isPartial: false, numbers: Float64Array.of(value) };
}

function filesOf({ folder }: TestGroup, extension: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith(extension));
}

function placeOf(group: TestGroup): LastNumbersPlace {
  const key = filesOf(group, ".sock")[0]?.slice(0, -".sock".length) ?? "";
  return { folder: { ledgerPath: group.folder, uid: process.geteuid?.() ?? 0 }, key };
}

/** Waits until the ledger has all last numbers, which a hub alone does not wait for. */
async function nothingLeft(group: TestGroup): Promise<void> {
  await turnsUntil("no last numbers", () => filesOf(group, ".last").length === 0);
}

test("a member that leaves while its hub does loses nothing", async () => {
  await using group = await TestGroup.create();
  const [first, second] = [counterOf(1), counterOf(10)];
  const [hub, member] = [await group.add(first), await group.add(second)];
  const third = await group.add(counterOf(100));
  assert.equal(await hub.sample("jobs_total"), 111);
  first.metric.value = 2;
  second.metric.value = 20;
  await Promise.all([hub.group.close(), member.group.close()]);
  await takenOver(third);
  assert.equal(await third.sample("jobs_total"), 122);
  await nothingLeft(group);
});

for (const turns of [0, 1, 2, 4, 8, 16]) {
  test(`a member that leaves after its hub loses nothing, turns between them: ${turns}`, async () => {
    await using group = await TestGroup.create();
    const counter = counterOf(10);
    const [hub, member] = [await group.add(counterOf(1)), await group.add(counter)];
    const third = await group.add(counterOf(100));
    assert.equal(await hub.sample("jobs_total"), 111);
    counter.metric.value = 20;
    await hub.group.close();
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await member.group.close();
    await takenOver(third);
    // Nothing of it is counted before its last numbers are found, and nothing twice.
    for (;;) {
      const sum = await third.sample("jobs_total");
      if (sum === 121) break;
      assert.equal(sum, 111);
    }
    assert.equal(await third.sample("jobs_total"), 121);
    await nothingLeft(group);
  });
}

test("a worker that exits while it is away counts once, to its last number", async () => {
  await using group = await TestGroup.create();
  const [hub, second] = [await group.add(counterOf(1)), await group.add(counterOf(100))];
  const peer = await Peer.connect(group);
  peer.send(HELLO);
  await peer.message("welcome");
  const scraped = hub.sample("jobs_total");
  await peer.answer(40);
  assert.equal(await scraped, 141);
  peer.send({ type: "nothing" });
  await peer.closed();
  assert.equal(await hub.sample("jobs_total"), 141);

  writeLastNumbers(placeOf(group), THREAD, totalsOf(45));
  assert.equal(await hub.sample("jobs_total"), 146);
  await nothingLeft(group);
  await hub.group.close();
  await takenOver(second);
  assert.equal(await second.sample("jobs_total"), 146);
});

test("a worker that exits before it has ever been connected is counted, once", async () => {
  await using group = await TestGroup.create();
  const [hub, second] = [await group.add(counterOf(1)), await group.add(counterOf(10))];
  assert.equal(await hub.sample("jobs_total"), 11);
  writeLastNumbers(placeOf(group), THREAD, totalsOf(100));
  assert.deepEqual(
    await Promise.all([hub.sample("jobs_total"), hub.sample("jobs_total")]),
    [111, 111],
  );
  await nothingLeft(group);
  // It had another connection, over which its numbers have come, too.
  writeLastNumbers(placeOf(group), THREAD, totalsOf(100));
  assert.equal(await hub.sample("jobs_total"), 111);
  await hub.group.close();
  await takenOver(second);
  assert.equal(await second.sample("jobs_total"), 111);
});

test("a hub that leaves when something has removed its socket loses nothing", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(1);
  const [hub, second] = [await group.add(counter), await group.add(counterOf(10))];
  assert.equal(await hub.sample("jobs_total"), 11);
  counter.metric.value = 5;
  rmSync(`${group.folder}/${filesOf(group, ".sock")[0]}`);
  await hub.group.close();
  await takenOver(second);
  assert.equal(await second.sample("jobs_total"), 15);
});

test("a process that cannot open the port leaves everything to the hub that has it", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  await group.add(counterOf(10));
  assert.equal(await hub.sample("jobs_total"), 11);
  writeLastNumbers(placeOf(group), THREAD, totalsOf(100));
  rmSync(`${group.folder}/${filesOf(group, ".sock")[0]}`);
  const open = () => Promise.reject(new Error("The port is busy"));
  await assert.rejects(group.add(counterOf(1_000), {}, open), { message: "The port is busy" });
  assert.equal(filesOf(group, ".last").length, 1);
  assert.equal(await hub.sample("jobs_total"), 111);
});

test("a hub whose only other worker is away shows nothing that is not kept", async (t) => {
  await using group = await TestGroup.create();
  const counter = counterOf(1);
  const hub = await group.add(counter);
  const peer = await Peer.connect(group);
  peer.send(HELLO);
  await peer.message("welcome");
  const scraped = hub.sample("jobs_total");
  await peer.answer(10);
  assert.equal(await scraped, 11);
  // It is cut off, and may return.
  peer.send({ type: "nothing" });
  await peer.closed();
  const { write } = Ledger.prototype;
  let isWritten = false;
  t.mock.method(Ledger.prototype, "write", async function (this: Ledger, ...args: [undefined]) {
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    isWritten = await write.apply(this, args);
    return isWritten;
  });
  counter.metric.value = 2;
  assert.equal(await hub.sample("jobs_total"), 12);
  assert.equal(isWritten, true);
});

test("a departure that does not end holds up no scrape", async (t) => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  t.mock.method(Departures.prototype, "settle", () => new Promise<void>(() => {}));
  assert.equal(await passUntil(mockClock(t), hub.sample("jobs_total")), 1);
});
