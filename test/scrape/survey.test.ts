import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { Survey } from "../../src/scrape/exchange.ts";
import { NEVER } from "../exposition/chunks.ts";
import { gaugeOf } from "../helpers/families.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { createHarness, type Harness } from "./harness.ts";

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

test("a survey lets a visitor read all families", async () => {
  const { findings, signal, end } = await survey(createHarness(GOOD, PRIVATE));
  assert.deepEqual(findings, { result: ["g"], failed: [], isFailing: false });
  assert.equal(signal.aborted, false);
  end();
  assert.equal(signal.aborted, true);
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
  const harness = createHarness({ gather: () => new Promise(() => {}) }, { timeoutMs: 50 });
  const taking = survey(harness);
  clock.tick(50);
  const { findings, signal } = await taking;
  assert.equal(findings, "late");
  clock.tick(999);
  assert.equal(signal.aborted, false);
  clock.tick(1);
  assert.equal(signal.aborted, true);
});
