/** A worker that only answers for others: it is the hub, or stands by to become it, and has no metrics. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import { createGate } from "../helpers/gate.ts";
import { poll } from "../helpers/poll.ts";
import { counterOf, TestGroup, type TestWorker } from "./groups.ts";
import { HELLO, Peer } from "./hub/peer.ts";

/** What a scrape says of the workers, without what changes each time. */
async function census(worker: TestWorker): Promise<readonly string[] | undefined> {
  const { text } = (await worker.get()) ?? {};
  return text?.split("\n").filter((line) => /^promhttp_worker(?!_(info|answer))/.test(line));
}

async function takenOver(worker: TestWorker): Promise<void> {
  await poll("a change of the hub", () => worker.group.role === "hub");
}

test("a hub without metrics answers for its workers, and is none of them", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront();
  const main = await group.addReporter(counterOf(1));
  const other = await group.add(counterOf(20));
  for (const worker of [front, main, other]) assert.equal(await worker.sample("jobs_total"), 21);
  assert.deepEqual(
    group.workers.map((worker) => worker.group.role),
    ["hub", "member", "member"],
  );
  assert.deepEqual(
    front.group.workers().map(({ slot, state }) => [slot, state]),
    [
      [0, "up"],
      [1, "up"],
    ],
  );
  assert.deepEqual(await census(front), [
    'promhttp_worker_up{worker="0"} 1',
    'promhttp_worker_up{worker="1"} 1',
    'promhttp_workers{state="up"} 2',
    'promhttp_workers{state="late"} 0',
    'promhttp_workers{state="incompatible"} 0',
    'promhttp_worker_events_total{event="joined"} 2',
    'promhttp_worker_events_total{event="left"} 0',
    'promhttp_worker_events_total{event="late"} 0',
    'promhttp_worker_events_total{event="hub_changed"} 0',
    'promhttp_worker_events_total{event="refused"} 0',
  ]);
  assert.deepEqual(
    group.workers.flatMap(({ logged }) => logged),
    [],
  );
});

test("a member without metrics is neither asked nor counted, and leaves no trace", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const before = await census(hub);
  const front = await group.addFront();
  assert.equal(front.group.role, "member");
  assert.equal(await front.sample("jobs_total"), 1);
  assert.deepEqual(await census(hub), before);
  await front.group.close();
  assert.deepEqual(await census(hub), before);
  assert.deepEqual(hub.logged, []);
});

test("a scrape waits for the first worker of a hub without metrics", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront();
  const scraped = front.sample("jobs_total");
  await group.addReporter(counterOf(7));
  assert.equal(await scraped, 7);
});

test("a hub without metrics has nothing to serve as long as no worker joins", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront({ timeoutMs: 200 });
  assert.equal((await front.get())?.status, 503);
  await group.addReporter(counterOf(7));
  assert.equal(await front.sample("jobs_total"), 7);
});

test("a worker that reports only waits for a hub, and for the next one", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(5);
  const [main, first] = await Promise.all([group.addReporter(counter), group.addFront()]);
  assert.equal(await first.sample("jobs_total"), 5);
  await first.group.close();
  assert.equal(main.group.role, "member");
  counter.metric.value = 6;
  const second = await group.addFront();
  assert.equal(await second.sample("jobs_total"), 6);
  assert.equal(await second.sample('promhttp_worker_up{worker="0"}'), 1);
  assert.equal(await second.sample('promhttp_worker_events_total{event="hub_changed"}'), 1);
});

test("sums stay exact while hubs without metrics and workers come and go", async () => {
  await using group = await TestGroup.create();
  let front = await group.addFront();
  const own = counterOf(1);
  await group.addReporter(own);
  let total = 1;
  for (const value of [20, 300]) {
    const counter = counterOf(value);
    const worker = await group.addReporter(counter);
    total += value;
    assert.equal(await front.sample("jobs_total"), total);
    const next = await group.addFront();
    own.metric.value++;
    counter.metric.value++;
    total += 2;
    await Promise.all([front.group.close(), worker.group.close()]);
    front = next;
    await takenOver(front);
    await poll("the return of the other worker", async () => {
      return (await front.sample('promhttp_worker_up{worker="0"}')) === 1;
    });
    assert.equal(await front.sample("jobs_total"), total);
  }
});

test("a worker that reports counts once after it has left and taken part again", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const front = await group.addFront();
  for (let round = 0; round < 3; round++) {
    const main = await group.addReporter(gathererOf([counter]));
    assert.equal(await front.sample("jobs_total"), 10 + round);
    counter.metric.value++;
    await main.group.close();
  }
  await group.addReporter(gathererOf([counter]));
  assert.equal(await front.sample("jobs_total"), 13);
});

test("the stuck application of a hub is not waited for, and its counters stay", async () => {
  await using group = await TestGroup.create();
  const gate = createGate();
  let isStuck = false;
  const counter = counterOf(5);
  const main = gathererOf({
    async gather(context) {
      if (isStuck) await gate.promise;
      return counter.gather(context);
    },
  });
  const front = await group.addFront({ timeoutMs: 60_000 }, () => isStuck);
  await group.addReporter(main);
  const other = await group.addReporter(counterOf(1));
  assert.equal(await front.sample("jobs_total"), 6);
  isStuck = true;
  const { status, text = "" } = (await front.get()) ?? {};
  assert.equal(status, 200);
  assert.match(text, /^jobs_total 6$/m);
  assert.match(text, /^promhttp_worker_up\{worker="0"\} 0$/m);
  gate.open();
  assert.deepEqual(other.logged, []);
});

test("the application of a hub without metrics is served with what that counts", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront();
  await group.addReporter(counterOf(1));
  const { text } = (await front.get({ query: "worker=0" })) ?? {};
  assert.match(text ?? "", /^jobs_total 1$/m);
  assert.match(text ?? "", /^promhttp_metric_handler_requests_total/m);
  assert.equal((await front.get({ query: "worker=1" }))?.status, 404);
});

test("setFailing() of one without metrics changes nothing", async () => {
  await using group = await TestGroup.create();
  const front = await group.addFront({ statusName: "shop" });
  const main = await group.addReporter(counterOf(1));
  await group.addReporter(counterOf(1));
  front.group.setFailing("no reason");
  assert.equal(await front.sample('shop_up{worker="0"}'), 1);
  assert.deepEqual(front.logged, []);
  main.group.setFailing("no database");
  assert.equal(await front.sample('shop_up{worker="0"}'), 0);
});

test("a hub that cannot listen gives way to one without metrics that can", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.connect(group);
  peer.send({ ...HELLO, canListen: true, hasMetrics: false });
  await peer.closed();
  // Nobody has taken its place.
  await takenOver(hub);
  assert.equal(await hub.sample("jobs_total"), 1);
});

test("a member without metrics that says anything is cut off", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const peer = await Peer.join(group, { ...HELLO, hasMetrics: false });
  assert.equal((await peer.message("welcome"))["slot"], undefined);
  peer.send({ type: "have", n: 1, isGiven: false, isFailing: false, errors: [] });
  await peer.closed();
  assert.equal(await hub.sample('promhttp_worker_events_total{event="refused"}'), 1);
  assert.equal(await hub.sample("jobs_total"), 1);
});
