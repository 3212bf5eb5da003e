import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { ValueMetric } from "../../src/model/metric-family.ts";
import type { Overview, Unavailable } from "../../src/page/overview.ts";
import { tick } from "../exposition/chunks.ts";
import {
  createGate,
  createHarness,
  gathererWith,
  gaugeOf,
  type Harness,
} from "../scrape/harness.ts";

// Our own timers do not keep the process alive.
const alive = setInterval(() => {}, 1_000);
after(() => clearInterval(alive));

const GOOD: GatherResult = { families: [gaugeOf([{ labels: {}, value: 1 }], "good")] };
const SECRET = "password is 1234";
const PRIVATE = { selfMetrics: false };

/** Asks for an overview; `undefined` when nothing was answered. */
async function look(
  { overview }: Harness,
  client: AbortSignal = new AbortController().signal,
): Promise<Overview | Unavailable | undefined> {
  let answer: Overview | Unavailable | undefined;
  await overview(client, async (given) => {
    answer = given;
  });
  return answer;
}

function assertOverview(answer: Overview | Unavailable | undefined): Overview {
  if (typeof answer === "object") return answer;
  assert.fail(`There is no overview: ${answer}`);
}

async function namesIn(harness: Harness): Promise<string[]> {
  return assertOverview(await look(harness)).sizes.largest.map(({ name }) => name);
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
  test(`"${errorHandling}": an overview has what works, and names the collectors that failed`, async () => {
    const errors = [{ collector: "bad", error: new Error(SECRET) }];
    const gatherer = { gather: () => ({ ...GOOD, errors }) };
    const harness = createHarness(gatherer, { errorHandling, ...PRIVATE });
    const answer = assertOverview(await look(harness));
    assert.deepEqual(answer.failed, ["bad"]);
    assert.equal(answer.sizes.total.families, 1);
    assert.doesNotMatch(JSON.stringify(answer), /1234/);
    assert.equal(harness.logged.length, 1);
    assert.match(String(harness.logged[0]), /"bad" failed.*password is 1234/);
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
    /^error promhttp: The metric family "torn" cannot be read: Error: password is 1234/,
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

test("one overview too many is refused, and none turns a scrape away, nor a scrape it", async () => {
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
  const { signal } = new AbortController();
  const sent = createGate();
  const sending: Promise<void>[] = [];
  for (let round = 0; round < 5; round++) {
    const begun = createGate();
    const respond = () => {
      begun.open();
      return sent.promise;
    };
    sending.push(harness.overview(signal, respond));
    await begun.promise;
  }
  assertOverview(await look(harness));
  sent.open();
  await Promise.all(sending);
});

test("an overview that takes too long is given up, and its answer has time", async () => {
  const { gatherer, contexts } = createWaiting();
  const harness = createHarness(gatherer, { timeoutMs: 20 });
  let isAborted: boolean | undefined;
  await harness.overview(new AbortController().signal, async (answer, signal) => {
    assert.equal(answer, "late");
    isAborted = signal.aborted;
  });
  assert.equal(isAborted, false);
  assert.equal(contexts[0]?.signal.aborted, true);
  assert.match(String(harness.logged), /overview of the metrics could not be made: ScrapeTimeout/);
});

test("an overview fails with its gatherer, and nothing of the error is answered", async () => {
  const harness = createHarness({ gather: () => Promise.reject(new Error(SECRET)) });
  assert.equal(await look(harness), "failed");
  assert.match(String(harness.logged), /could not be made: Error: password is 1234/);
});

test("an overview whose client goes is given up without a word", async () => {
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
  "an answer that cannot be sent": ({ overview }, { signal }) =>
    assert.rejects(
      overview(signal, () => Promise.reject(new Error("no"))),
      /no/,
    ),
  "an answer that cannot be sent to a client that has gone": ({ overview }, client) =>
    overview(client.signal, () => {
      client.abort();
      return Promise.reject(new Error("no"));
    }),
};

for (const [how, end] of Object.entries(ENDS)) {
  test(`the slot of an overview is given back after ${how}`, async () => {
    const harness = createHarness(gathererWith(...GOOD.families));
    for (let round = 0; round < 5; round++) await end(harness, new AbortController());
    assertOverview(await look(harness));
    assert.deepEqual(harness.logged, []);
  });
}

test("an overview gives the event loop back, and sees no update half-done", async () => {
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
