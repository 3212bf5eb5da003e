import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import { type Overview, type Taken, takeOverview } from "../../src/page/overview.ts";
import type { Unavailable } from "../../src/scrape/exchange.ts";
import { gaugeOf } from "../helpers/families.ts";
import { createGate } from "../helpers/gate.ts";
import { gathererWith } from "../helpers/gatherers.ts";
import { tick } from "../helpers/turns.ts";
import { createHarness, type Harness } from "../scrape/harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD: GatherResult = { families: [gaugeOf([{ labels: {}, value: 1 }], "good")] };
const SECRET = "password is s3cr3t";
const PRIVATE = { selfMetrics: false };

function take(
  { survey, log }: Harness,
  client: AbortSignal = new AbortController().signal,
): Promise<Taken<Overview> | undefined> {
  return takeOverview(survey, client, log);
}

/** Takes an overview, and ends it; `undefined` when there is nothing to answer. */
async function look(
  harness: Harness,
  client?: AbortSignal,
): Promise<Overview | Unavailable | undefined> {
  const taken = await take(harness, client);
  taken?.end();
  return taken?.found;
}

function assertOverview(answer: Overview | Unavailable | undefined): Overview {
  if (typeof answer === "object") return answer;
  assert.fail(`There is no overview: ${answer}`);
}

async function namesIn(harness: Harness): Promise<string[]> {
  const { sizes, ownSizes } = assertOverview(await look(harness));
  return [...sizes.largest, ...ownSizes.largest].map(({ name }) => name);
}

test("an overview has the families that a scrape has", async () => {
  const harness = createHarness(gathererWith(...GOOD.families), { statusName: "app" });
  const names = await namesIn(harness);
  const { text } = (await harness.get()) ?? assert.fail();
  const scraped = Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name);
  assert.ok(names.includes("app_up") && names.includes("promhttp_connections_open"));
  // The bytes of a scrape are counted from the first one on.
  assert.deepEqual(names.sort(), scraped.sort());
});

test("an overview reads no value, and does not count as a scrape", async () => {
  const metric: ValueMetric = {
    labels: {},
    get value() {
      return assert.fail("the value was read");
    },
  };
  let families = [gaugeOf([metric])];
  const harness = createHarness({ gather: () => ({ families }) });
  assert.deepEqual(assertOverview(await look(harness)).failed, []);
  families = [];
  const { text } = (await harness.get()) ?? assert.fail();
  assert.match(text, /requests_total\{code="200"\} 0\n/);
  assert.match(text, /requests_in_flight 1\n/);
  assert.match(text, /encode_duration_seconds_count 0\n/);
  assert.match(text, /gather_duration_seconds_count 2\n/);
});

for (const errorHandling of ["fail", "continue"] as const) {
  test(`"${errorHandling}": an overview has what works and names failed collectors`, async () => {
    const errors = [{ collector: "bad", error: new Error(SECRET) }];
    const gatherer = { gather: () => ({ ...GOOD, errors }) };
    const harness = createHarness(gatherer, { errorHandling, ...PRIVATE });
    const answer = assertOverview(await look(harness));
    assert.deepEqual(answer.failed, ["bad"]);
    assert.equal(answer.sizes.total.families, 1);
    assert.doesNotMatch(JSON.stringify(answer), /s3cr3t/);
    assert.equal(harness.logged.length, 1);
    assert.match(String(harness.logged[0]), /"bad" failed.*password is s3cr3t/);
  });
}

test("an overview names a family that cannot be read, and has the others", async () => {
  const torn = {
    [Symbol.iterator]() {
      throw new Error(SECRET);
    },
  };
  const gatherer = gathererWith(gaugeOf(torn, "torn"), ...GOOD.families);
  const harness = createHarness(gatherer, PRIVATE);
  const { failed, sizes } = assertOverview(await look(harness));
  assert.deepEqual([failed, sizes.largest.map(({ name }) => name)], [["torn"], ["good"]]);
  assert.match(
    String(harness.logged),
    /^error promhttp: Cannot read metric family "torn": Error: password is s3cr3t/,
  );
});

test("an overview says when the application is failing, and runs no collector then", async () => {
  const gatherer = { gather: () => assert.fail("the collectors ran") };
  const harness = createHarness(gatherer, { statusName: "app", ...PRIVATE });
  harness.setFailing();
  const { isFailing, sizes } = assertOverview(await look(harness));
  assert.equal(isFailing, true);
  assert.deepEqual(
    sizes.largest.map(({ name }) => name),
    ["app_up"],
  );
});

/** A gatherer that waits, and remembers how it was called. */
function createWaiting() {
  const gate = createGate();
  const contexts: GatherContext[] = [];
  const gatherer: Gatherer = {
    async gather(context) {
      contexts.push(context);
      await gate.promise;
      return GOOD;
    },
  };
  return { gatherer, contexts, open: gate.open };
}

test("one overview too many is refused; scrapes and overviews do not shed each other", async () => {
  const { gatherer, contexts, open } = createWaiting();
  const harness = createHarness(gatherer, { maxRequestsInFlight: 1 });
  const looking = Array.from({ length: 4 }, () => look(harness));
  const scraping = harness.get();
  await tick();
  assert.equal(await look(harness), "busy");
  open();
  assert.equal((await scraping)?.status, 200);
  for (const answer of await Promise.all(looking)) assertOverview(answer);
  // One run of the collectors was enough for all of them.
  assert.equal(contexts.length, 1);
  assert.deepEqual(harness.logged, []);
});

test("an overview that is being sent takes no slot", async () => {
  const harness = createHarness(gathererWith(...GOOD.families));
  const sending: (Taken<Overview> | undefined)[] = [];
  for (let round = 0; round < 5; round++) sending.push(await take(harness));
  assertOverview(await look(harness));
  for (const taken of sending) {
    assert.equal(taken?.signal.aborted, false);
    taken?.end();
  }
});

test("an overview that takes too long is abandoned, and its answer gets a second", async () => {
  const { gatherer, contexts } = createWaiting();
  const harness = createHarness(gatherer, { timeoutMs: 20 });
  const taken = await take(harness);
  assert.equal(taken?.found, "late");
  assert.equal(taken?.signal.aborted, false);
  assert.equal(contexts[0]?.signal.aborted, true);
  taken?.end();
  assert.match(String(harness.logged), /The scrape failed: ScrapeTimeout/);
});

test("an overview fails with its gatherer, and shows nothing of the error", async () => {
  const harness = createHarness({ gather: () => Promise.reject(new Error(SECRET)) });
  assert.equal(await look(harness), "failed");
  assert.match(String(harness.logged), /Cannot survey the metrics: Error: password is s3cr3t/);
});

test("an overview whose client disconnects is abandoned and not logged", async () => {
  const { gatherer, contexts } = createWaiting();
  const harness = createHarness(gatherer);
  const client = new AbortController();
  const looking = look(harness, client.signal);
  // Its code is loaded first.
  while (contexts.length === 0) await tick();
  client.abort();
  assert.equal(await looking, undefined);
  assert.equal(contexts[0]?.signal.aborted, true);
  assert.deepEqual(harness.logged, []);
});

/** Ways that an overview may end. */
const ENDS: Readonly<Record<string, (harness: Harness, client: AbortController) => unknown>> = {
  success: (harness) => look(harness),
  "a client that has gone": (harness, client) => {
    client.abort();
    return look(harness, client.signal);
  },
  "an answer that cannot be sent": async (harness, { signal }) =>
    (await take(harness, signal))?.end(new Error("no")),
  "an answer that cannot be sent to a client that has disconnected": async (harness, client) => {
    const taken = await take(harness, client.signal);
    client.abort();
    taken?.end(new Error("no"));
  },
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`the slot of an overview is freed after ${how}`, async () => {
    const harness = createHarness(gathererWith(...GOOD.families));
    for (let round = 0; round < 5; round++) await end(harness, new AbortController());
    assertOverview(await look(harness));
    assert.deepEqual(harness.logged, []);
  });
}

test("an overview yields to the event loop, and sees no update half-done", async () => {
  let count = 0;
  const large = gaugeOf({
    *[Symbol.iterator]() {
      for (let index = 0; index < 300_000; index++) yield { labels: {}, value: ++count };
    },
  });
  const harness = createHarness(gathererWith(large));
  let turns = 0;
  let isOver = false;
  const watch = () => {
    turns++;
    if (!isOver) setImmediate(watch);
  };
  const looking = look(harness).finally(() => {
    isOver = true;
  });
  while (count === 0) await tick();
  setImmediate(watch);
  // It waits until all is read.
  await harness.update(() => assert.ok(count >= 300_000, `the update came after ${count}`));
  assertOverview(await looking);
  assert.ok(turns > 2, `${turns} turns`);
  assert.deepEqual(harness.logged, []);
});
