import assert from "node:assert/strict";
import { test } from "node:test";
import { ListenError } from "../../src/errors.ts";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import { createGate } from "../helpers/gate.ts";
import { mockClock, passUntil } from "../helpers/mock-clock.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { counterOf, TestGroup } from "./groups.ts";

const throwing = gathererOf({
  gather: () => {
    throw new Error("Cannot reach the queue");
  },
});

test("the first worker answers for all, whoever is asked", async () => {
  await using group = await TestGroup.create();
  for (const value of [1, 20, 300]) await group.add(counterOf(value));
  assert.deepEqual(
    group.workers.map((worker) => worker.group.role),
    ["hub", "member", "member"],
  );
  for (const worker of group.workers) assert.equal(await worker.sample("jobs_total"), 321);
  const reports = group.workers[0]?.group.workers() ?? [];
  assert.deepEqual(
    reports.map(({ slot, state, series }) => [slot, state, series]),
    [
      [0, "up", 1],
      [1, "up", 1],
      [2, "up", 1],
    ],
  );
  assert.deepEqual(
    group.workers.flatMap(({ logged }) => logged),
    [],
  );
});

test("what is said of the workers is there from the start", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const { text } = (await hub.get()) ?? {};
  const lines = text?.split("\n").filter((line) => /^promhttp_worker(?!_(info|answer))/.test(line));
  assert.deepEqual(lines, [
    'promhttp_worker_up{worker="0"} 1',
    'promhttp_workers{state="up"} 1',
    'promhttp_workers{state="late"} 0',
    'promhttp_workers{state="incompatible"} 0',
    'promhttp_worker_events_total{event="joined"} 0',
    'promhttp_worker_events_total{event="left"} 0',
    'promhttp_worker_events_total{event="late"} 0',
    'promhttp_worker_events_total{event="hub_changed"} 0',
    'promhttp_worker_events_total{event="refused"} 0',
  ]);
  assert.match(
    text ?? "",
    /^promhttp_worker_info\{worker="0",pid="\d+",thread="0",version=".+"\} 1$/m,
  );
  assert.match(text ?? "", /^promhttp_worker_answer_seconds\{worker="0"\} \d/m);
});

test("a collector that fails costs its worker, and nobody else", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const gatherer = counterOf(10);
  let isBroken = false;
  const member = await group.add({
    gather: (context) => (isBroken ? throwing : gatherer).gather(context),
  });
  assert.equal(await hub.sample("jobs_total"), 11);
  isBroken = true;
  const { status, text } = (await hub.get()) ?? {};
  assert.equal(status, 200);
  assert.match(text ?? "", /^jobs_total 11$/m);
  assert.match(text ?? "", /^promhttp_worker_up\{worker="1"\} 0$/m);
  assert.match(text ?? "", /^promhttp_workers\{state="late"\} 1$/m);
  assert.match(
    text ?? "",
    /^promhttp_scrape_collector_success\{collector="[^"]+",worker="1"\} 0$/m,
  );
  assert.equal(hub.logged.length, 1);
  assert.match(hub.logged[0] ?? "", /of worker 1 failed: "Error: Cannot reach the queue"$/);
  assert.match(member.logged[0] ?? "", /failed; this worker counts as failed/);
  isBroken = false;
  assert.match(
    (await hub.get())?.text ?? "",
    /^promhttp_scrape_collector_success\{collector="[^"]+",worker="1"\} 1$/m,
  );
});

test("a scrape fails only if no worker gave anything", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(throwing);
  assert.equal((await hub.get())?.status, 500);
  await group.add(counterOf(5));
  assert.equal((await hub.get())?.status, 200);
  assert.equal(await hub.sample("jobs_total"), 5);
});

// A worker's collectors have a second at least, so that the second one says itself that it is late.
for (const [timeoutMs, isSaid] of [
  [300, false],
  [1_900, true],
] as const) {
  const how = isSaid ? "says that it is late" : "says nothing";
  test(`a scrape is answered with 503 if the only worker ${how}`, async () => {
    await using group = await TestGroup.create();
    const gate = createGate();
    const gather = async () => {
      await gate.promise;
      return { families: [] };
    };
    const hub = await group.add({ gather }, { timeoutMs });
    assert.equal((await hub.get())?.status, 503);
    assert.deepEqual(
      hub.group.workers().map(({ state }) => state),
      ["late"],
    );
    gate.open();
  });
}

test("missing: fail answers with 503 when a worker has failed", async () => {
  await using group = await TestGroup.create();
  const options = { workers: { missing: "fail" } } as const;
  const hub = await group.add(counterOf(1), options);
  const member = await group.add(counterOf(1), options);
  assert.equal((await hub.get())?.status, 200);
  member.group.setFailing("no database");
  assert.equal((await hub.get())?.status, 503);
  member.group.setOk();
  assert.equal((await hub.get())?.status, 200);
});

test("setFailing() makes a worker count as failed, and all of them the scrape", async () => {
  await using group = await TestGroup.create();
  const options = { statusName: "shop" };
  const hub = await group.add(counterOf(1), options);
  const member = await group.add(counterOf(10), options);
  assert.equal(await hub.sample('shop_up{worker="1"}'), 1);
  member.group.setFailing("no database");
  const { status, text } = (await hub.get()) ?? {};
  assert.equal(status, 200);
  assert.match(text ?? "", /^shop_up\{worker="0"\} 1\nshop_up\{worker="1"\} 0$/m);
  assert.match(text ?? "", /^promhttp_worker_up\{worker="1"\} 0$/m);
  assert.match(text ?? "", /^jobs_total 11$/m);
  hub.group.setFailing();
  assert.equal((await member.get())?.status, 500);
  hub.group.setOk();
  assert.equal((await member.get())?.status, 200);
});

test("a worker that hangs is waited for once, and its answer is used when it comes", async (t) => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const gatherer = counterOf(10);
  const gate = createGate();
  let isHanging = false;
  await group.add({
    async gather(context) {
      if (isHanging) await gate.promise;
      return gatherer.gather(context);
    },
  });
  assert.equal(await hub.sample("jobs_total"), 11);
  isHanging = true;
  gatherer.metric.value = 20;
  const clock = mockClock(t);
  for (let scrape = 1; scrape <= 3; scrape++) {
    const { text } = (await passUntil(clock, hub.get())) ?? {};
    assert.match(text ?? "", /^jobs_total 11$/m);
    assert.match(text ?? "", /^promhttp_worker_up\{worker="1"\} 0$/m);
    assert.match(
      text ?? "",
      new RegExp(`^promhttp_worker_events_total{event="late"} ${scrape}$`, "m"),
    );
  }
  isHanging = false;
  gate.open();
  for (;;) if ((await hub.sample('promhttp_worker_up{worker="1"}')) === 1) break;
  assert.equal(await hub.sample("jobs_total"), 21);
});

test("onScrape runs in each worker, once for each scrape", async () => {
  await using group = await TestGroup.create();
  const runs = [0, 0];
  for (const [index] of runs.entries()) {
    await group.add(counterOf(1), {
      onScrape: () => {
        runs[index] = (runs[index] ?? 0) + 1;
      },
    });
  }
  await group.workers[1]?.get();
  assert.deepEqual(runs, [1, 1]);
});

test("scrapes that come at once ask each worker once", async () => {
  await using group = await TestGroup.create();
  const gatherers = [counterOf(1), counterOf(2)];
  for (const gatherer of gatherers) await group.add(gatherer);
  const answers = await Promise.all(group.workers.map((worker) => worker.sample("jobs_total")));
  assert.deepEqual(answers, [3, 3]);
  for (const { asked } of gatherers) assert.ok(asked.length <= 2);
});

test("name[] is passed on to every worker", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const gatherer = counterOf(2);
  await group.add(gatherer);
  await hub.get();
  const { text } = (await hub.get({ query: "name[]=jobs_total" })) ?? {};
  assert.equal(
    text
      ?.split("\n")
      .filter((line) => line.startsWith("jobs_total"))
      .join(),
    "jobs_total 3",
  );
  assert.doesNotMatch(text ?? "", /promhttp/);
  const { isRequested } = gatherer.asked.at(-1) ?? {};
  assert.equal(isRequested?.("jobs_total", "counter"), true);
  assert.equal(isRequested?.("queue_length", "gauge"), false);
  // The others are as they were.
  assert.equal(await hub.sample("jobs_total"), 3);
});

test("no snapshot sees an update half-done", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(0));
  const gatherer = counterOf(10);
  const member = await group.add(gatherer);
  const [begun, gate] = [createGate(), createGate()];
  const updated = member.update(async () => {
    gatherer.metric.value = 11;
    begun.open();
    await gate.promise;
    gatherer.metric.value = 12;
  });
  await begun.promise;
  const sample = hub.sample("jobs_total");
  gate.open();
  await updated;
  assert.equal(await sample, 12);
});

test("?worker= answers for one worker, as if it were a process of its own", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const member = await group.add(counterOf(2));
  for (const worker of [hub, member]) {
    assert.equal(
      (await worker.get({ query: "worker=1" }))?.text.match(/^jobs_total.*$/m)?.[0],
      "jobs_total 2",
    );
  }
  assert.doesNotMatch((await hub.get({ query: "worker=1" }))?.text ?? "", /promhttp/);
  assert.match((await hub.get({ query: "worker=0" }))?.text ?? "", /^promhttp_gather_duration/m);
  for (const slot of ["7", "x", "-1", "1e0"]) {
    const { status, text } = (await member.get({ query: `worker=${slot}` })) ?? {};
    assert.deepEqual([status, text], [404, ""]);
  }
  member.group.setFailing();
  assert.equal((await hub.get({ query: "worker=1" }))?.status, 503);
});

test("a worker that leaves is gone, and what it has counted stays", async () => {
  await using group = await TestGroup.create();
  const hub = await group.add(counterOf(1));
  const gatherer = counterOf(10);
  const member = await group.add(gatherer);
  assert.equal(await hub.sample("jobs_total"), 11);
  gatherer.metric.value = 15;
  await member.group.close();
  const { text } = (await hub.get()) ?? {};
  assert.match(text ?? "", /^jobs_total 16$/m);
  assert.doesNotMatch(text ?? "", /promhttp_worker_up\{worker="1"\}/);
  assert.match(text ?? "", /^promhttp_worker_events_total\{event="left"\} 1$/m);
});

test("the next worker takes over from a hub that leaves, with all that was counted", async () => {
  await using group = await TestGroup.create();
  const gatherer = counterOf(1);
  const hub = await group.add(gatherer);
  const [second] = [await group.add(counterOf(10)), await group.add(counterOf(100))];
  assert.equal(await hub.sample("jobs_total"), 111);
  gatherer.metric.value = 5;
  await hub.group.close();
  for (;;) {
    const sum = await second.sample("jobs_total");
    assert.ok(sum === undefined || sum === 115, `${sum}`);
    if ((await second.sample('promhttp_workers{state="up"}')) === 2) break;
  }
  assert.equal(await second.sample("jobs_total"), 115);
});

test("targets are the workers that there are, whoever is asked", async () => {
  await using group = await TestGroup.create();
  for (const value of [1, 2]) await group.add(counterOf(value));
  const head = {
    ...{ method: "GET", target: "/-/targets", remoteAddress: undefined },
    header: (name: string) => (name === "host" ? "10.0.0.7:9464" : undefined),
  };
  for (const worker of group.workers) {
    const { status, text } = await worker.group.targets(head, { path: "/metrics", isTls: false });
    assert.equal(status, 200);
    assert.deepEqual(
      JSON.parse(text).map(({ labels }: { labels: object }) => labels),
      [
        { __param_worker: "0", worker: "0" },
        { __param_worker: "1", worker: "1" },
      ],
    );
  }
});

/** How often the port is busy, and whether that is worth a line: at first the last hub may just be exiting. */
const BUSY: Readonly<Record<number, RegExp>> = {
  1: /^$/,
  3: /Cannot answer for all workers; will try again.*port is busy/,
};

for (const [times, line] of Object.entries(BUSY)) {
  test(`a worker that is elected and finds its port busy tries again, ${times} times`, async () => {
    await using group = await TestGroup.create();
    const hub = await group.add(counterOf(1));
    let tries = 0;
    const open = async () => {
      tries++;
      if (tries <= Number(times)) throw new Error("The port is busy");
      return undefined;
    };
    const second = await group.add(counterOf(10), {}, open);
    assert.equal(await hub.sample("jobs_total"), 11);
    await hub.group.close();
    // A scrape that it cannot pass on in time would be logged, too.
    await turnsUntil("the last try", () => tries > Number(times));
    assert.match(second.logged[0] ?? "", line);
    // What the first has counted was not lost with the failure.
    assert.equal(await second.sample("jobs_total"), 11);
    assert.equal(tries, Number(times) + 1);
  });
}

test("a first worker tries again to open a port that another process has still", async () => {
  await using group = await TestGroup.create();
  const busy = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
  let tries = 0;
  const open = async () => {
    tries++;
    if (tries < 3) throw new ListenError(":9464", busy);
    return undefined;
  };
  const hub = await group.add(counterOf(1), {}, open);
  assert.deepEqual([hub.group.role, tries, hub.logged], ["hub", 3, []]);
});

test("of first workers that come at once and cannot open the port, each is refused", async () => {
  await using group = await TestGroup.create();
  const busy = Object.assign(new Error("listen EADDRINUSE"), { code: "EADDRINUSE" });
  const open = () => Promise.reject(new ListenError(":9464", busy));
  const adding = [1, 10].map((value) => group.add(counterOf(value), {}, open));
  const refused = adding.map((added) => assert.rejects(added, { name: "ListenError" }));
  await Promise.all(refused);
});

test("a first worker that cannot open the port is refused", async () => {
  await using group = await TestGroup.create();
  const open = async () => {
    throw new Error("The port is busy");
  };
  await assert.rejects(group.add(counterOf(1), {}, open), /The port is busy/);
  // It has left the place to others.
  const hub = await group.add(counterOf(1));
  assert.equal(hub.group.role, "hub");
});

test("a process that may not ask who it is answers for itself", async (t) => {
  // Deno forbids it without `--allow-sys`.
  const forbid = (): number => {
    throw new Error('Requires sys access to "uid"');
  };
  t.mock.method(process as { geteuid(): number }, "geteuid", forbid);
  await using group = await TestGroup.create();
  const worker = await group.add(counterOf(1));
  assert.equal(worker.group.role, "alone");
  assert.deepEqual(worker.logged, [
    'promhttp: Cannot meet the other workers; this one is a target of its own: Requires sys access to "uid"',
  ]);
});

test("a source that a process serves twice in one group is counted once", async () => {
  await using group = await TestGroup.create();
  const source = counterOf(1);
  const other = await group.add(counterOf(10));
  const server = await group.add(gathererOf(source));
  const handler = await group.add(gathererOf(source));
  assert.equal(await handler.sample("jobs_total"), 11);
  source.metric.value = 2;
  await server.group.close();
  assert.equal(await handler.sample("jobs_total"), 12);
  await handler.group.close();
  assert.equal(await other.sample("jobs_total"), 12);
});
