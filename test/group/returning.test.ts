/** A process that leaves its group and takes part again with the same registry counts once. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import { counterOf, type TestCounter, TestGroup, type TestWorker } from "./groups.ts";

/** Adds a worker with these registries. */
function add(group: TestGroup, ...counters: readonly TestCounter[]): Promise<TestWorker> {
  return group.add(gathererOf(counters));
}

async function takenOver(worker: TestWorker): Promise<void> {
  while (worker.group.role !== "hub") await worker.get();
}

test("a member that leaves and joins again counts once", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const hub = await add(group, counterOf(1));
  for (let round = 0; round < 4; round++) {
    const member = await add(group, counter);
    assert.equal(await hub.sample("jobs_total"), 11 + 2 * round);
    counter.metric.value++;
    await member.group.close();
    assert.equal(await hub.sample("jobs_total"), 12 + 2 * round);
    counter.metric.value++;
  }
});

test("a member that leaves again before it was scraped counts once", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const hub = await add(group, counterOf(1));
  for (let round = 0; round < 3; round++) {
    const member = await add(group, counter);
    counter.metric.value++;
    await member.group.close();
  }
  assert.equal(await hub.sample("jobs_total"), 14);
});

test("a hub that leaves and joins its successor counts once", async () => {
  await using group = await TestGroup.create();
  const [first, second] = [counterOf(1), counterOf(10)];
  let [hub, other] = [await add(group, first), await add(group, second)];
  let [own, others] = [first, second];
  for (let round = 0; round < 3; round++) {
    assert.equal(await hub.sample("jobs_total"), 11 + 2 * round);
    own.metric.value++;
    await hub.group.close();
    await takenOver(other);
    assert.equal(await other.sample("jobs_total"), 12 + 2 * round);
    own.metric.value++;
    [hub, other] = [other, await add(group, own)];
    [own, others] = [others, own];
  }
});

test("the only worker leaves and takes part again", async () => {
  await using group = await TestGroup.create();
  const [own, dead] = [counterOf(5), counterOf(100)];
  for (let round = 0; round < 3; round++) {
    const alone = await add(group, own);
    if (round === 0) await (await add(group, dead)).group.close();
    assert.equal(await alone.sample("jobs_total"), 105 + 2 * round);
    own.metric.value++;
    await alone.group.close();
    own.metric.value++;
  }
});

test("a worker that takes part again with another registry counts both", async () => {
  await using group = await TestGroup.create();
  for (let round = 1; round <= 3; round++) {
    const alone = await add(group, counterOf(5));
    assert.equal(await alone.sample("jobs_total"), 5 * round);
    await alone.group.close();
  }
});

test("each of several registries counts once", async () => {
  await using group = await TestGroup.create();
  const sampled = async (...counters: readonly TestCounter[]) => {
    const worker = await add(group, ...counters);
    const samples = [];
    for (const name of ["a_total", "b_total", "c_total"]) samples.push(await worker.sample(name));
    await worker.group.close();
    return samples;
  };
  const [a, b, c, more] = [
    counterOf(5, "a_total"),
    counterOf(7, "b_total"),
    counterOf(1, "c_total"),
    counterOf(30, "b_total"),
  ];
  assert.deepEqual(await sampled(a, b), [5, 7, undefined]);
  a.metric.value++;
  assert.deepEqual(await sampled(a), [6, 7, undefined]);
  assert.deepEqual(await sampled(a, c), [6, 7, 1]);
  b.metric.value++;
  assert.deepEqual(await sampled(b, c), [6, 8, 1]);
  assert.deepEqual(await sampled(a, more), [6, 38, 1]);
  assert.deepEqual(await sampled(c, b, a), [6, 38, 1]);
});

test("a counter that was reset meanwhile counts on", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const hub = await add(group, counterOf(100));
  await (await add(group, counter)).group.close();
  counter.metric.value = 2;
  const member = await add(group, counter);
  assert.equal(await hub.sample("jobs_total"), 112);
  counter.metric.value = 5;
  assert.equal(await hub.sample("jobs_total"), 115);
  counter.metric.value = 1;
  assert.equal(await hub.sample("jobs_total"), 116);
  await member.group.close();
  await add(group, counter);
  counter.metric.value = 4;
  assert.equal(await hub.sample("jobs_total"), 119);
});

test("a server and a handler of one registry: the one goes on where the other ends", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const hub = await add(group, counterOf(100));
  let first = await add(group, counter);
  assert.equal(await hub.sample("jobs_total"), 110);
  for (let round = 1; round < 4; round++) {
    const second = await add(group, counter);
    assert.equal(await hub.sample("jobs_total"), 108 + 2 * round);
    counter.metric.value++;
    await first.group.close();
    assert.equal(await hub.sample("jobs_total"), 109 + 2 * round);
    counter.metric.value++;
    assert.equal(await hub.sample("jobs_total"), 110 + 2 * round);
    first = second;
  }
});

test("a server goes on where a handler has ended, although the hub removes its own series", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const metrics = [{ labels: {}, value: 100 }];
  const families = [{ name: "jobs_total", help: "", type: "counter" as const, metrics }];
  const hub = await group.add(gathererOf({ gather: () => ({ families }) }));
  const handler = await add(group, counter);
  // The first that is asked reports it.
  assert.equal(await hub.sample("jobs_total"), 110);
  await add(group, counter);
  await handler.group.close();
  // The hub has read that before the server can answer.
  metrics.length = 0;
  counter.metric.value++;
  assert.equal(await hub.sample("jobs_total"), 111);
});

test("a hub and a handler of one registry: the handler goes on when the hub ends", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  let hub = await add(group, counter);
  for (let round = 0; round < 3; round++) {
    const second = await add(group, counter);
    assert.equal(await hub.sample("jobs_total"), 10 + round);
    counter.metric.value++;
    await hub.group.close();
    await takenOver(second);
    assert.equal(await second.sample("jobs_total"), 11 + round);
    hub = second;
  }
});

test("a worker that returns to another hub than it has left counts once", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const [hub, next] = [await add(group, counterOf(1)), await add(group, counterOf(100))];
  const member = await add(group, counter);
  assert.equal(await hub.sample("jobs_total"), 111);
  counter.metric.value++;
  await Promise.all([member.group.close(), hub.group.close()]);
  await takenOver(next);
  assert.equal(await next.sample("jobs_total"), 112);
  counter.metric.value++;
  await add(group, counter);
  assert.equal(await next.sample("jobs_total"), 113);
  await next.group.close();
});

test("a worker that returns to a group whose ledger is gone counts all that it has", async () => {
  await using group = await TestGroup.create();
  const [own, dead] = [counterOf(5), counterOf(100)];
  const first = await add(group, own);
  await (await add(group, dead)).group.close();
  assert.equal(await first.sample("jobs_total"), 105);
  await first.group.close();
  for (const name of readdirSync(group.folder)) rmSync(`${group.folder}/${name}`);
  const second = await add(group, own);
  assert.equal(await second.sample("jobs_total"), 5);
  own.metric.value++;
  await second.group.close();
  const third = await add(group, own);
  assert.equal(await third.sample("jobs_total"), 6);
});

test("a worker that returns shows its gauges, and the buckets of its histograms", async () => {
  await using group = await TestGroup.create();
  const observed = { labels: { path: "/" }, count: 3, sum: 6.5, buckets: [1, 2] };
  const source = {
    gather: () => ({
      families: [
        { name: "queue", help: "", type: "gauge" as const, metrics: [{ labels: {}, value: 7 }] },
        {
          name: "seconds",
          help: "",
          type: "histogram" as const,
          metrics: [
            {
              labels: observed.labels,
              count: observed.count,
              sum: observed.sum,
              upperBounds: [1, 5],
              cumulativeCounts: observed.buckets,
            },
          ],
        },
      ],
    }),
  };
  const hub = await add(group, counterOf(1));
  const samples = async () => {
    const series = [
      'seconds_bucket{le="1",path="/"}',
      'seconds_count{path="/"}',
      'seconds_sum{path="/"}',
      "queue",
    ];
    const found = [];
    for (const one of series) found.push(await hub.sample(one));
    return found;
  };
  const first = await group.add(gathererOf(source));
  assert.deepEqual(await samples(), [1, 3, 6.5, 7]);
  await first.group.close();
  assert.deepEqual(await samples(), [1, 3, 6.5, undefined]);
  Object.assign(observed, { count: 5, sum: 8, buckets: [2, 4] });
  await group.add(gathererOf(source));
  assert.deepEqual(await samples(), [2, 5, 8, 7]);
  // A reset.
  Object.assign(observed, { count: 2, sum: 1, buckets: [2, 2] });
  assert.deepEqual(await samples(), [4, 7, 9, 7]);
});

test("sums of summaries count once, too", async () => {
  await using group = await TestGroup.create();
  const metric = { labels: {}, count: 2, sum: 5, quantiles: [0.5], quantileValues: [3] };
  const families = [{ name: "took", help: "", type: "summary" as const, metrics: [metric] }];
  const source = { gather: () => ({ families }) };
  const options = { workers: { summaries: "sum" as const } };
  const hub = await group.add(gathererOf(counterOf(1)), options);
  for (let round = 0; round < 3; round++) {
    const member = await group.add(gathererOf(source), options);
    assert.equal(await hub.sample("took_sum"), 5 + 2 * round);
    metric.sum++;
    await member.group.close();
    assert.equal(await hub.sample("took_sum"), 6 + 2 * round);
    metric.sum++;
  }
});

test("with the mode label, a worker that returns shows its counters as they are", async () => {
  await using group = await TestGroup.create();
  const counter = counterOf(10);
  const options = { workers: { mode: "label" as const } };
  const hub = await group.add(gathererOf(counterOf(1)), options);
  for (let round = 0; round < 2; round++) {
    const member = await group.add(gathererOf(counter), options);
    assert.equal(await hub.sample('jobs_total{worker="1"}'), 10);
    await member.group.close();
    assert.equal(await hub.sample('jobs_total{worker="1"}'), undefined);
  }
});

test("a series that is removed meanwhile, and made again, counts on", async () => {
  await using group = await TestGroup.create();
  const series = new Map([["/", 10]]);
  const source = {
    gather: () => ({
      families: [
        {
          name: "jobs_total",
          help: "",
          type: "counter" as const,
          metrics: Array.from(series, ([path, value]) => ({ labels: { path }, value })),
        },
      ],
    }),
  };
  const sum = () => hub.sample('jobs_total{path="/"}');
  const hub = await group.add(gathererOf(counterOf(1, "other_total")));
  const first = await group.add(gathererOf(source));
  assert.equal(await sum(), 10);
  await first.group.close();
  series.clear();
  series.set("/b", 1);
  await group.add(gathererOf(source));
  assert.equal(await sum(), 10);
  series.set("/", 20);
  assert.equal(await sum(), 30);
});

test("only what a scrape asks for is compared with what was counted before", async () => {
  await using group = await TestGroup.create();
  const [a, b] = [counterOf(5, "a_total"), counterOf(7, "b_total")];
  const hub = await add(group, counterOf(1));
  await (await add(group, a, b)).group.close();
  await add(group, a, b);
  a.metric.value++;
  b.metric.value++;
  for (const name of ["a_total", "b_total", "a_total"]) {
    const { text } = (await hub.get({ query: `name[]=${name}` })) ?? {};
    assert.match(text ?? "", new RegExp(`^${name} ${name === "a_total" ? 6 : 8}$`, "m"));
  }
});
