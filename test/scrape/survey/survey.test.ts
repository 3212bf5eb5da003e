import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Gauge, Registry } from "prom-client";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import type { Source } from "../../../src/model/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import type { Findings, Survey } from "../../../src/scrape/exchange.ts";
import { NEVER } from "../../exposition/chunks.ts";
import { gaugeOf } from "../../helpers/families.ts";
import { createGate } from "../../helpers/gate.ts";
import { gathererWith } from "../../helpers/gatherers.ts";
import { mockClock } from "../../helpers/mock-clock.ts";
import { tick } from "../../helpers/turns.ts";
import { createHarness, type Harness } from "../harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD = gathererWith(gaugeOf([{ labels: {}, value: 1 }]));
const PRIVATE = { selfMetrics: false };
const PAUSE = new Uint8Array();

function* namesOf(families: readonly MetricFamily[]): Generator<Uint8Array, string[], undefined> {
  yield PAUSE;
  return families.map(({ name }) => name);
}

async function survey(harness: Harness): Promise<Survey<string[]>> {
  return (await harness.survey(NEVER, namesOf)) ?? assert.fail("no survey");
}

function findingsOf<T>(taken: Survey<T> | undefined): Findings<T> {
  if (typeof taken?.findings === "object") return taken.findings;
  assert.fail(`no findings: ${taken?.findings}`);
}

test("a survey lets a visitor read all families", async () => {
  const { findings, signal, end } = await survey(createHarness(GOOD, PRIVATE));
  assert.deepEqual(findings, {
    result: ["g"],
    failed: [],
    isRefused: false,
    isFailing: false,
    collectors: [],
    scrapes: [],
  });
  assert.equal(signal.aborted, false);
  end();
  assert.equal(signal.aborted, true);
});

test("a survey keeps our own families apart, and the status with the application's", async () => {
  const harness = createHarness(GOOD, { statusName: "app" });
  const taken = await harness.survey(NEVER, function* (families, own) {
    yield PAUSE;
    return [families, own].map((list) => list.map(({ name }) => name));
  });
  taken?.end();
  const [application = [], own = []] = findingsOf(taken).result;
  assert.deepEqual(application, ["g", "app_up"]);
  assert.ok(own.length > 5 && own.every((name) => name.startsWith("promhttp_")));
});

test("a survey of a name gathers and has only what a scrape of it would", async () => {
  const asked: string[] = [];
  const harness = createHarness({
    gather({ isRequested }) {
      for (const name of ["g", "h"]) if (isRequested(name, "gauge")) asked.push(name);
      return { families: ["g", "h"].map((name) => gaugeOf([{ labels: {}, value: 1 }], name)) };
    },
  });
  const taken = await harness.survey(NEVER, namesOf, "h");
  taken?.end();
  assert.deepEqual([findingsOf(taken).result, asked], [["h"], ["h"]]);
});

for (const { errorHandling, families, isRefused } of [
  { errorHandling: "fail", families: 1, isRefused: true },
  { errorHandling: "continue", families: 1, isRefused: false },
  { errorHandling: "continue", families: 0, isRefused: true },
] as const) {
  test(`a survey says as a scrape does whether "${errorHandling}" refuses ${families} families`, async () => {
    const list = [gaugeOf([{ labels: {}, value: 1 }])].slice(0, families);
    const errors = [{ collector: "bad", error: new Error("torn") }];
    const harness = createHarness(
      { gather: () => ({ families: list, errors }) },
      { errorHandling },
    );
    assert.equal((await harness.get())?.status, isRefused ? 500 : 200);
    assert.equal(findingsOf(await survey(harness)).isRefused, isRefused);
  });
}

test("a survey says how long collectors took, and when one failed last", async () => {
  const registers = [new Registry()];
  let isBroken = true;
  new Gauge({ name: "quick", help: "h", registers, collect() {} });
  new Gauge({ name: "slow", help: "h", registers, collect: () => tick() });
  new Gauge({ name: "plain", help: "h", registers });
  const collect = () => {
    if (isBroken) throw new Error("torn");
  };
  new Gauge({ name: "broken", help: "h", registers, collect });
  const harness = createHarness(gathererOf([...(registers as unknown as Source[]), GOOD]), {
    onScrape: () => {},
  });
  const before = Date.now();
  const { collectors } = findingsOf(await survey(harness));
  assert.deepEqual(
    collectors.map(({ name }) => name),
    ["onScrape", "quick", "broken", "gatherer 2", "slow"],
  );
  assert.ok(collectors.every(({ durationMs = -1 }) => durationMs >= 0));
  const { failedAtMs = 0 } = collectors.find(({ isFailing }) => isFailing) ?? {};
  assert.ok(failedAtMs >= before && failedAtMs <= Date.now());
  isBroken = false;
  const later = findingsOf(await survey(harness)).collectors.find(({ name }) => name === "broken");
  assert.deepEqual([later?.isFailing, later?.failedAtMs], [false, failedAtMs]);
});

test("a survey whose visitor throws fails and is logged", async () => {
  const harness = createHarness(GOOD, PRIVATE);
  // biome-ignore lint/correctness/useYield: it throws before it could.
  const taken = await harness.survey(NEVER, function* () {
    throw new Error("torn");
  });
  assert.equal(taken?.findings, "failed");
  taken?.end();
  assert.match(String(harness.logged), /^error promhttp: Cannot survey the metrics: Error: torn/);
});

test("a survey is aborted at the deadline of a scrape, also while it is sent", async (t) => {
  const clock = mockClock(t);
  const harness = createHarness(GOOD, { ...PRIVATE, timeoutMs: 50 });
  const { signal } = await survey(harness);
  clock.tick(49);
  assert.equal(signal.aborted, false);
  clock.tick(1);
  assert.equal(signal.aborted, true);
});

test("a survey that was late gets a second to be sent, and no more", async (t) => {
  const clock = mockClock(t);
  const started = createGate();
  const gather = () => {
    started.open();
    return new Promise<never>(() => {});
  };
  const harness = createHarness({ gather }, { timeoutMs: 50 });
  const taking = survey(harness);
  // The code of surveys is imported first.
  await started.promise;
  clock.tick(50);
  const { findings, signal } = await taking;
  assert.equal(findings, "late");
  clock.tick(999);
  assert.equal(signal.aborted, false);
  clock.tick(1);
  assert.equal(signal.aborted, true);
});
