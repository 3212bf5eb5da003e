import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ScrapeTimeoutError } from "../../src/errors.ts";
import type { Probe } from "../../src/model/probe.ts";
import { gaugeOf, longFamily, UP_FAMILY } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { tick, turnsUntil } from "../helpers/turns.ts";
import { createClient, createHarness, createSettled } from "./harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

test("equal requests that wait at the same time share one run, whatever families they ask for", async () => {
  const { probe, contexts, settle } = createSettled();
  const { ask, counted, counts } = createHarness({ probe, params: ["room"] });
  const queries = ["room=1", "room=1&name[]=up", "name[]=probe_success&room=1", "room=1"];
  const answers = Promise.all(queries.map((query) => ask(`target=a&${query}`)));
  assert.equal(counts.inFlight, 4);
  settle[0]?.([UP_FAMILY]);
  const texts = (await answers).map((sent) => sent?.text.match(/^[a-z]\w*/gm)?.join(" "));
  const all = "probe_success probe_duration_seconds probe_timeout_seconds up";
  assert.deepEqual(texts, [all, "up", "probe_success", all]);
  assert.equal(contexts.length, 1);
  assert.deepEqual(counted(), ["success -: 4"]);
  assert.equal(counts.inFlight, 0);
});

test("a request that comes when a run is over starts another", async () => {
  let runs = 0;
  const { verdict } = createHarness({ probe: () => [gaugeOf([{ labels: {}, value: ++runs }])] });
  for (const _ of [1, 2]) await verdict("target=a");
  assert.equal(runs, 2);
});

for (const [query, other] of [
  ["target=a&module=x", "target=a&module=y"],
  ["target=a&room=1", "target=a&room=2"],
  ["target=http://a/1", "target=http://a/2"],
]) {
  test(`${query} and ${other} run one after the other`, async () => {
    const { probe, contexts, settle } = createSettled();
    const { verdict } = createHarness({ probe, modules: ["x", "y"], params: ["room"] });
    const answers = [query, other].map((asked) => verdict(`${asked}`));
    await tick();
    assert.equal(contexts.length, 1);
    settle[0]?.([]);
    await answers[0];
    await turnsUntil("the second run starts", () => contexts.length === 2);
    settle[1]?.([]);
    assert.equal(await answers[1], "200 probe_success 1");
  });
}

test("runs of different targets do not wait for each other", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict } = createHarness({ probe });
  const answers = ["a", "b", "a:1", "c"].map((target) => verdict(`target=${target}`));
  await tick();
  assert.equal(contexts.length, 4);
  for (const resolve of settle) resolve([]);
  await Promise.all(answers);
});

test("as many runs ask one target as maxPerTarget says", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict } = createHarness({ probe, modules: ["x", "y", "z"], maxPerTarget: 2 });
  const answers = ["x", "y", "z"].map((module) => verdict(`target=a&module=${module}`));
  await tick();
  assert.equal(contexts.length, 2);
  settle[1]?.([]);
  await turnsUntil("the third run starts", () => contexts.length === 3);
  for (const resolve of settle) resolve([]);
  await Promise.all(answers);
});

test("the signal aborts when the last client disconnects, and not before", async () => {
  const { probe, contexts } = createSettled();
  const { ask, counts, counted, logged } = createHarness({ probe });
  const [first, second] = [createClient(), createClient()];
  const answers = [first, second].map(({ signal }) => ask("target=a", { signal }));
  await tick();
  first.leave();
  assert.equal(await answers[0], undefined);
  assert.equal(contexts[0]?.signal.aborted, false);
  second.leave();
  assert.equal(await answers[1], undefined);
  assert.equal(contexts[0]?.signal.aborted, true);
  assert.match(String(contexts[0]?.signal.reason), /client has disconnected/);
  assert.equal(counts.inFlight, 0);
  assert.deepEqual([counted(), logged], [[], []]);
});

test("one client that disconnects does not stop the run of another", async () => {
  const { probe, contexts, settle } = createSettled();
  const { ask, verdict } = createHarness({ probe });
  const client = createClient();
  const gone = ask("target=a", { signal: client.signal });
  const answer = verdict("target=a");
  client.leave();
  assert.equal(await gone, undefined);
  settle[0]?.([]);
  assert.equal(await answer, "200 probe_success 1");
  assert.equal(contexts.length, 1);
});

test("a client that has disconnected before it is answered starts no run", async () => {
  const { probe, contexts } = createSettled();
  const { ask, counts } = createHarness({ probe });
  const { signal, leave } = createClient();
  leave();
  assert.equal(await ask("target=a", { signal }), undefined);
  assert.equal(contexts.length, 0);
  assert.equal(counts.inFlight, 0);
});

test("a late run is answered in time, its signal aborts, and it frees its slot", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict, counted, logged } = createHarness({ probe });
  const before = Date.now();
  assert.equal(
    await verdict("target=http://a/b?c", { timeoutSeconds: "0.1" }),
    "200 probe_success 0",
  );
  const [context] = contexts;
  assert.ok(context?.signal.reason instanceof ScrapeTimeoutError);
  assert.ok(context.deadlineMs - before >= 85 && context.deadlineMs - before < 60_000);
  assert.deepEqual(counted(), ["timeout -: 1"]);
  assert.match(
    String(logged[0]),
    /^error .*Probe of http:\/\/a failed; it is answered with probe_succ/,
  );
  assert.doesNotMatch(String(logged[0]), /a\/b|\?c/);
  await tick();
  const next = verdict("target=a:80");
  await tick();
  assert.equal(contexts.length, 2);
  // What it finds after its end is nobody's.
  settle[0]?.([]);
  settle[1]?.([]);
  assert.equal(await next, "200 probe_success 1");
});

test("a run that rejects after its abort is no unhandled rejection", async () => {
  const { probe, fail } = createSettled();
  const { verdict, counted } = createHarness({ probe });
  assert.equal(await verdict("target=a", { timeoutSeconds: "0.05" }), "200 probe_success 0");
  fail[0]?.(new Error("Too late"));
  await tick();
  assert.deepEqual(counted(), ["timeout -: 1"]);
});

test("a request whose time is over while it waits for its turn is answered, and never runs", async () => {
  const { probe, contexts, settle } = createSettled();
  const { ask, verdict, counts } = createHarness({ probe, modules: ["x", "y"] });
  const first = verdict("target=a");
  const second = await ask("target=a&module=y", { timeoutSeconds: "0.05" });
  assert.match(String(second?.text), /^probe_success 0$/m);
  assert.match(String(second?.text), /^probe_duration_seconds 0$/m);
  assert.match(String(second?.text), /^probe_timeout_seconds 0\.045$/m);
  assert.equal(counts.inFlight, 1);
  settle[0]?.([]);
  await first;
  await tick();
  assert.equal(contexts.length, 1);
});

test("a client that disconnects while it waits for its turn never runs", async () => {
  const { probe, contexts, settle } = createSettled();
  const { ask, verdict } = createHarness({ probe, modules: ["x", "y"] });
  const client = createClient();
  const first = verdict("target=a");
  const second = ask("target=a&module=y", { signal: client.signal });
  client.leave();
  assert.equal(await second, undefined);
  settle[0]?.([]);
  await first;
  await tick();
  assert.equal(contexts.length, 1);
});

test("a run that waits for its turn has the longest time of those that wait for it", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict } = createHarness({ probe, modules: ["x", "y"] });
  const first = verdict("target=a");
  const answers = ["5", "20", "1"].map((timeoutSeconds) =>
    verdict("target=a&module=y", { timeoutSeconds }),
  );
  settle[0]?.([]);
  await first;
  await turnsUntil("the second run starts", () => contexts.length === 2);
  const leftMs = Number(contexts[1]?.deadlineMs) - Date.now();
  assert.ok(leftMs > 10_000 && leftMs <= 19_500, `${leftMs}`);
  settle[1]?.([]);
  for (const answer of answers) assert.equal(await answer, "200 probe_success 1");
});

test("a client that waits for long does not share the run of one that waits for less", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict } = createHarness({ probe });
  const short = verdict("target=a", { timeoutSeconds: "0.1" });
  const long = verdict("target=a", { timeoutSeconds: "10" });
  const alike = verdict("target=a", { timeoutSeconds: "9.5" });
  assert.equal(await short, "200 probe_success 0");
  await turnsUntil("the second run starts", () => contexts.length === 2);
  settle[1]?.([]);
  assert.equal(await long, "200 probe_success 1");
  assert.equal(await alike, "200 probe_success 1");
  assert.equal(contexts.length, 2);
});

test("a client that waits for less than a run takes is answered before it is over", async () => {
  const { probe, contexts, settle } = createSettled();
  const { verdict } = createHarness({ probe });
  const long = verdict("target=a");
  assert.equal(await verdict("target=a", { timeoutSeconds: "0.1" }), "200 probe_success 0");
  assert.equal(contexts[0]?.signal.aborted, false);
  settle[0]?.([]);
  assert.equal(await long, "200 probe_success 1");
  assert.equal(contexts.length, 1);
});

test("a module has the time that timeoutMs says, and so do all that share its run", async () => {
  const { probe: settled, contexts } = createSettled();
  const timeoutMs = { x: 50 };
  const left: number[] = [];
  const probe: Probe["probe"] = (context) => {
    left.push(context.deadlineMs - Date.now());
    return settled(context);
  };
  const { ask, counted } = createHarness({ probe, modules: ["x", "y"], timeoutMs });
  const answers = await Promise.all([ask("target=a"), ask("target=a", { timeoutSeconds: "25" })]);
  for (const sent of answers) {
    assert.match(String(sent?.text), /^probe_success 0$/m);
    assert.match(String(sent?.text), /^probe_timeout_seconds 0\.05$/m);
  }
  assert.equal(contexts.length, 1);
  assert.ok(contexts[0]?.signal.reason instanceof ScrapeTimeoutError);
  assert.ok(Number(left[0]) <= 50, `${left[0]}`);
  assert.deepEqual(counted(), ["timeout x: 2"]);
});

test("close() stops what runs and what waits, and answers 503", async () => {
  const { probe, contexts } = createSettled();
  const { verdict, counted, close, counts, logged } = createHarness({ probe, modules: ["x", "y"] });
  const answers = [verdict("target=a"), verdict("target=a&module=y"), verdict("target=b")];
  await tick();
  close();
  for (const answer of answers) assert.equal(await answer, "503 The probe was stopped.");
  for (const { signal } of contexts) assert.equal(signal.aborted, true);
  assert.equal(contexts.length, 2);
  assert.equal(counts.inFlight, 0);
  assert.deepEqual(counted(), ["refused x: 2", "refused y: 1"]);
  assert.deepEqual(logged, []);
});

test("the signal of a run that fails aborts, and that of one that succeeds does not", async () => {
  const { probe, contexts, settle, fail } = createSettled();
  const { verdict } = createHarness({ probe });
  const answers = [verdict("target=a"), verdict("target=b")];
  settle[0]?.([]);
  fail[1]?.(new Error("Refused"));
  assert.deepEqual(await Promise.all(answers), ["200 probe_success 1", "200 probe_success 0"]);
  assert.deepEqual(
    contexts.map(({ signal }) => signal.aborted),
    [false, true],
  );
});

test("families that throw while they are encoded make the probe fail, and leave nothing behind", async () => {
  const throwing = longFamily({
    count: 3,
    valueAt: () => {
      throw new Error("Lazy");
    },
  });
  const { verdict, counted, counts, logged } = createHarness({
    probe: () => [UP_FAMILY, throwing],
  });
  assert.equal(await verdict("target=a"), "200 probe_success 0");
  assert.deepEqual(counted(), ["failure -: 1"]);
  assert.match(String(logged[0]), /Lazy/);
  assert.equal(counts.inFlight, 0);
});

test("families that throw when a part is sent cut the response off, and count as a failure", async () => {
  const throwing = longFamily({
    count: 1_000,
    valueAt: (index) => {
      if (index > 900) throw new Error("Lazy");
      return index;
    },
  });
  const { ask, counted, counts } = createHarness({ probe: () => [throwing] });
  assert.equal((await ask("target=a"))?.isCut, true);
  assert.deepEqual(counted(), ["failure -: 1"]);
  assert.equal(counts.inFlight, 0);
});

test("families that never end are answered as late", async () => {
  const endless = gaugeOf({
    *[Symbol.iterator]() {
      // The labels are those of the first metric, so that nothing else is ever sent.
      for (;;) yield { labels: {}, value: 1 };
    },
  });
  const { verdict, counted } = createHarness({ probe: () => [endless] }, { logger: false });
  const answer = await verdict("target=a", { timeoutSeconds: "0.2" });
  assert.equal(answer, "200 probe_success 0");
  assert.deepEqual(counted(), ["timeout -: 1"]);
});

test("a probe that fails while an update of the application hangs is answered with 503", async () => {
  const { verdict, lock, counts } = createHarness({
    probe: () => {
      throw new Error("Refused");
    },
  });
  const gate = createGate();
  const update = lock.update(() => gate.promise, 60_000);
  const answer = await verdict("target=a", { timeoutSeconds: "0.1" });
  assert.match(String(answer), /^503 The probe could not be answered in time/);
  assert.equal(counts.inFlight, 0);
  gate.open();
  await update;
});
