import assert from "node:assert/strict";
import { test } from "node:test";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import { gaugeOf, largeGauge } from "../helpers/families.ts";
import { createGate, type Gate } from "../helpers/gate.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, createSlowReader, valueIn } from "./harness.ts";

/** A gatherer whose runs end when they are told to. */
function createGated() {
  const runs: { context: GatherContext; gate: Gate }[] = [];
  const gatherer: Gatherer = {
    async gather(context): Promise<GatherResult> {
      const gate = createGate();
      runs.push({ context, gate });
      await gate.promise;
      return { families: [gaugeOf([{ labels: {}, value: runs.length }])] };
    },
  };
  return { gatherer, runs };
}

const SHARED = 'promhttp_scrape_events_total{event="shared"}';

test("scrapes that arrive while collectors run share one collection", async () => {
  const { gatherer, runs } = createGated();
  const { get } = createHarness(gatherer);
  const scrapes = [get(), get({ accept: "application/openmetrics-text; version=1.0.0" })];
  await tick();
  scrapes.push(get({ acceptEncoding: "gzip" }));
  assert.equal(runs.length, 1);
  runs[0]?.gate.open();
  const [first] = await Promise.all(scrapes);
  assert.equal(valueIn(first?.text, SHARED), 2);
  assert.equal(valueIn(first?.text, "promhttp_gather_duration_seconds_count"), 1);
});

test("scrapes that wait at once share one gathering, and each reads the values itself", async () => {
  let gatherings = 0;
  let reads = 0;
  const metrics = {
    *[Symbol.iterator]() {
      yield { labels: {}, value: ++reads };
    },
  };
  const gather = async () => {
    gatherings++;
    await tick();
    return { families: [gaugeOf(metrics)] };
  };
  const { get } = createHarness({ gather });
  const sent = await Promise.all([get(), get(), get()]);
  assert.equal(gatherings, 1);
  assert.deepEqual(sent.map((each) => valueIn(each?.text, "g")).sort(), [1, 2, 3]);
});

test("a scrape that arrives while values are read starts anew, and gets newer ones", async () => {
  let value = 1;
  let gatherings = 0;
  const gauge = largeGauge(() => value);
  const gather = () => {
    gatherings++;
    return { families: [gauge, gaugeOf([{ labels: {}, value: gatherings }])] };
  };
  const { run, get } = createHarness({ gather });
  const slow = createSlowReader();
  const reading = run({}, slow.send);
  await slow.stopped;
  value = 2;
  for (const expected of [2, 3]) {
    const sent = await get();
    assert.equal(valueIn(sent?.text, "g"), expected);
    assert.doesNotMatch(String(sent?.text), /^large\{.*\} 1$/m);
  }
  slow.goOn();
  await reading;
  // What it had not read yet is of the moment, too.
  assert.match(String(slow.sent()?.text), /^large\{index="0",.*\} 1$/m);
  assert.match(String(slow.sent()?.text), /^large\{index="3999",.*\} 2$/m);
});

test("one client that disconnects does not affect those that wait with it", async () => {
  const { gatherer, runs } = createGated();
  const { get } = createHarness(gatherer);
  const client = new AbortController();
  const gone = get({ signal: client.signal });
  const stays = get();
  client.abort();
  assert.equal(await gone, undefined);
  assert.equal(runs[0]?.context.signal.aborted, false);
  runs[0]?.gate.open();
  assert.equal((await stays)?.status, 200);
});

test("the collection is aborted when the last client disconnects; the next starts anew", async () => {
  const { gatherer, runs } = createGated();
  const { get } = createHarness(gatherer);
  const clients = [new AbortController(), new AbortController()];
  const gone = clients.map(({ signal }) => get({ signal }));
  for (const client of clients) client.abort(new Error("gone"));
  assert.deepEqual(await Promise.all(gone), [undefined, undefined]);
  assert.equal(runs[0]?.context.signal.aborted, true);
  const next = get();
  await tick();
  assert.equal(runs.length, 2);
  runs[1]?.gate.open();
  assert.equal((await next)?.status, 200);
});

test("scrapes share a collection only when they ask for the same names", async () => {
  const { gatherer, runs } = createGated();
  const { get } = createHarness(gatherer);
  // What reads queries is loaded with the first.
  await get({ isHead: true, query: "x" });
  const queries = ["name[]=g", "", "name[]=other", "x=y&name%5B%5D=g"];
  const scrapes = queries.map((query) => get({ query }));
  await tick();
  assert.equal(runs.length, 3);
  for (const { gate } of runs) gate.open();
  const sent = await Promise.all(scrapes);
  assert.deepEqual(
    sent.map((each) => valueIn(each?.text, "g")),
    [3, 3, undefined, 3],
  );
});

test('"continue": a scrape does not join one with a later deadline', async () => {
  const { gatherer, runs } = createGated();
  const { get } = createHarness(gatherer, { errorHandling: "continue" });
  const scrapes = ["10", "5", "20"].map((timeoutSeconds) => get({ timeoutSeconds }));
  await tick();
  assert.equal(runs.length, 2);
  for (const { gate } of runs) gate.open();
  for (const sent of await Promise.all(scrapes)) assert.equal(sent?.status, 200);
});
