import assert from "node:assert/strict";
import { test } from "node:test";
import { GatherError, ScrapeTimeoutError } from "../../src/errors.ts";
import { createRegistryGatherer } from "../../src/gatherers/prom-client/gatherer.ts";
import type { GatherContext, Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import type { ErrorHandling } from "../../src/options/options.ts";
import { Alarm } from "../../src/scrape/alarm.ts";
import { type Deadline, startDeadline } from "../../src/scrape/deadline.ts";
import { GatherCycle, type GatheringReport } from "../../src/scrape/gather-cycle.ts";
import { readSelection } from "../../src/scrape/query/query.ts";
import { EVERYTHING, type Selection } from "../../src/scrape/query/selection.ts";
import { NEVER } from "../exposition/chunks.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";
import { tick, turns } from "../helpers/turns.ts";

const EMPTY: GatherResult = { families: [] };

const FAMILY: MetricFamily = { name: "g", help: "", type: "gauge", metrics: [] };

function until(signal: AbortSignal = NEVER, timeoutMs = 60_000): Deadline {
  const deadlineMs = Date.now() + timeoutMs;
  return { signal, deadlineMs, timeoutMs, throwIfOver() {}, startBody() {}, clear() {} };
}

/** A cycle under test, with what it told. */
function createCycle(gatherer: Gatherer, errorHandling: ErrorHandling = "fail") {
  const told = { shared: 0, reports: [] as GatheringReport[], late: [] as unknown[] };
  const cycle = new GatherCycle(gatherer, {
    errorHandling,
    report: () => {},
    onShared: () => {
      told.shared++;
    },
    onGathered: (report) => told.reports.push(report),
    onLate: (error) => told.late.push(error),
  });
  // What it throws at once rejects here, as what it throws later.
  const gather = async (deadline: Deadline = until(), selection: Selection = EVERYTHING) =>
    cycle.gather(deadline, selection);
  return { gather, told };
}

/** A gatherer that settles when it is told to, and remembers how it was called. */
function createSettled() {
  const contexts: GatherContext[] = [];
  const settle: ((result: GatherResult) => void)[] = [];
  const gatherer: Gatherer = {
    gather: (context) =>
      new Promise((resolve) => {
        contexts.push(context);
        settle.push(resolve);
      }),
  };
  return { gatherer, contexts, settle };
}

test("GatherCycle returns the families of the gatherer", async () => {
  const { gather } = createCycle({ gather: () => ({ families: [FAMILY] }) });
  assert.deepEqual(await gather(), [FAMILY]);
});

test("GatherCycle passes deadline, selection and reporter to the gatherer", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const report = () => {};
  const options = {
    errorHandling: "fail",
    report,
    onShared() {},
    onGathered() {},
    onLate() {},
  } as const;
  const deadline = until();
  const selection = readSelection("name[]=g", {});
  const done = new GatherCycle(gatherer, options).gather(deadline, selection);
  assert.equal(contexts[0]?.report, report);
  assert.equal(contexts[0]?.deadlineMs, deadline.deadlineMs);
  assert.equal(contexts[0]?.isRequested, selection.isRequested);
  settle[0]?.(EMPTY);
  await done;
});

test("GatherCycle shares one gathering among all scrapes that wait for it", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather, told } = createCycle(gatherer);
  const first = gather();
  await tick();
  const second = gather();
  assert.equal(contexts.length, 1);
  settle[0]?.(EMPTY);
  assert.deepEqual(await Promise.all([first, second]), [[], []]);
  assert.equal(told.shared, 1);
  assert.equal(told.reports.length, 1);
});

test("GatherCycle starts anew for a scrape that arrives after the gathering", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer);
  for (let round = 0; round < 2; round++) {
    const done = gather();
    settle[round]?.(EMPTY);
    await done;
  }
  assert.equal(contexts.length, 2);
});

for (const { name, Registry, Gauge } of LIBRARIES) {
  test(`collectors of ${name} never run twice at once`, async () => {
    const registry = new Registry();
    let runs = 0;
    let atOnce = 0;
    let most = 0;
    new Gauge({
      name: "g",
      help: "h",
      registers: [registry],
      async collect() {
        runs++;
        most = Math.max(most, ++atOnce);
        this.reset();
        await tick();
        this.set(runs);
        atOnce--;
      },
    });
    const { gather } = createCycle(createRegistryGatherer(registry));
    const scrapes: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      scrapes.push(gather(), gather());
      await tick();
    }
    await Promise.all(scrapes);
    assert.equal(most, 1);
    assert.ok(runs >= 3 && runs <= 6, `${runs} runs`);
  });
}

test("GatherCycle rejects with a GatherError when a collector failed", async () => {
  const errors = [
    { collector: "a", error: new Error("down") },
    { collector: "b", error: "timeout" },
  ];
  const { gather } = createCycle({ gather: () => ({ ...EMPTY, errors }) });
  await assert.rejects(gather(), (error: unknown) => {
    assert.ok(error instanceof GatherError);
    assert.equal(error.message, "Collectors failed: a, b");
    assert.deepEqual(error.errors, [new Error("down"), "timeout"]);
    return true;
  });
});

for (const how of ["throws", "rejects"]) {
  test(`GatherCycle rejects with what a gatherer ${how}, then starts anew`, async () => {
    let calls = 0;
    const gatherer: Gatherer = {
      gather() {
        calls++;
        if (calls > 1) return EMPTY;
        const error = new Error("down");
        if (how === "throws") throw error;
        return Promise.reject(error);
      },
    };
    const { gather } = createCycle(gatherer);
    // What throws at once is over before another scrape could join.
    const joined = how === "throws" ? [gather()] : [gather(), gather()];
    for (const scrape of joined) await assert.rejects(scrape, { message: "down" });
    assert.deepEqual(await gather(), []);
    assert.equal(calls, 2);
  });
}

test("GatherCycle serves one scrape when the other disconnects", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer);
  const client = new AbortController();
  const gone = gather(until(client.signal));
  const stays = gather();
  client.abort(new Error("gone"));
  await assert.rejects(gone, { message: "gone" });
  assert.equal(contexts[0]?.signal.aborted, false);
  settle[0]?.(EMPTY);
  assert.deepEqual(await stays, []);
});

test("GatherCycle aborts a gathering that no scrape waits for, and starts anew", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer);
  const client = new AbortController();
  const gone = gather(until(client.signal));
  client.abort(new Error("gone"));
  await assert.rejects(gone, { message: "gone" });
  assert.equal(contexts[0]?.signal.aborted, true);
  const next = gather();
  assert.equal(contexts.length, 2);
  // The first one's late end is not that of the second.
  settle[0]?.(EMPTY);
  await tick();
  const joined = gather();
  assert.equal(contexts.length, 2);
  settle[1]?.(EMPTY);
  assert.deepEqual(await Promise.all([next, joined]), [[], []]);
});

test("GatherCycle does not start for a scrape that is over", async () => {
  const { gatherer, contexts } = createSettled();
  const { gather } = createCycle(gatherer);
  await assert.rejects(gather(until(AbortSignal.abort(new Error("gone")))), {
    message: "gone",
  });
  assert.equal(contexts.length, 0);
});

test("GatherCycle times out at the deadline of each scrape", async () => {
  const { gatherer, contexts } = createSettled();
  const { gather } = createCycle(gatherer);
  const deadline = startDeadline(5, new AbortController().signal, new Alarm());
  // Its timer does not keep the process alive.
  const alive = setTimeout(() => {}, 1_000);
  await assert.rejects(gather(deadline), { code: "ERR_PROMHTTP_SCRAPE_TIMEOUT" });
  clearTimeout(alive);
  deadline.clear();
  assert.equal(contexts[0]?.signal.aborted, true);
});

test("GatherCycle does not let scrapes that ask for different names share", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather, told } = createCycle(gatherer);
  const families = [FAMILY, { ...FAMILY, name: "h" }];
  const queries = ["name[]=g", "name[]=h", "", "name[]=g&name[]=g"];
  const done = queries.map((query) => gather(until(), readSelection(query, {})));
  assert.deepEqual([contexts.length, told.shared], [3, 1]);
  for (const settleOne of settle) settleOne({ families });
  assert.deepEqual(
    (await Promise.all(done)).map((result) => result.map(({ name }) => name)),
    [["g"], ["h"], ["g", "h"], ["g"]],
  );
  assert.deepEqual(
    told.reports.map(({ isComplete }) => isComplete),
    [false, false, true],
  );
});

test("GatherCycle reports each gathering, whatever its outcome", async () => {
  const errors = [{ collector: "a", error: new Error("down") }];
  for (const errorHandling of ["fail", "continue"] as const) {
    const { gather, told } = createCycle({ gather: () => ({ ...EMPTY, errors }) }, errorHandling);
    await assert.rejects(gather(), GatherError);
    assert.equal(told.reports.length, 1);
    assert.equal(told.reports[0]?.errors, errors);
    assert.equal(told.reports[0]?.isComplete, true);
    assert.ok(Number(told.reports[0]?.durationMs) >= 0);
  }
});

test('"continue": GatherCycle returns the families of collectors that worked', async () => {
  const errors = [{ collector: "a", error: new Error("down") }];
  const gatherer = { gather: () => ({ families: [FAMILY], errors }) };
  assert.deepEqual(await createCycle(gatherer, "continue").gather(), [FAMILY]);
  await assert.rejects(createCycle(gatherer, "fail").gather(), GatherError);
});

test('"continue": GatherCycle returns no family when there is none and nothing failed', async () => {
  assert.deepEqual(await createCycle({ gather: () => EMPTY }, "continue").gather(), []);
});

for (const errorHandling of ["fail", "continue"] as const) {
  test(`a waiting scrape that disconnects is not a failed collector (${errorHandling})`, async () => {
    const { gatherer, contexts, settle } = createSettled();
    const { gather, told } = createCycle(gatherer, errorHandling);
    const client = new AbortController();
    const gone = gather(until(client.signal));
    client.abort(new Error("gone"));
    await assert.rejects(gone, { message: "gone" });
    assert.equal(contexts[0]?.signal.reason.message, "gone");
    settle[0]?.({ ...EMPTY, errors: [{ collector: "a", error: "gone" }] });
    await tick();
    assert.deepEqual(told.reports, []);
  });

  test(`a collection that is over is not aborted (${errorHandling})`, async () => {
    const { gatherer, contexts, settle } = createSettled();
    const { gather } = createCycle(gatherer, errorHandling);
    const done = gather();
    settle[0]?.(EMPTY);
    await done;
    await tick();
    assert.equal(contexts[0]?.signal.aborted, false);
  });
}

test("GatherCycle reports the collectors that missed the deadline", async () => {
  const { gatherer, settle } = createSettled();
  const { gather, told } = createCycle(gatherer);
  const errors = [{ collector: "a", error: new ScrapeTimeoutError(5) }];
  const controller = new AbortController();
  const late = gather(until(controller.signal));
  controller.abort(new ScrapeTimeoutError(5));
  await assert.rejects(late, ScrapeTimeoutError);
  settle[0]?.({ ...EMPTY, errors });
  await tick();
  assert.equal(told.reports[0]?.errors, errors);
});

test("GatherCycle reports collectors of another thread that missed the deadline, and no failure beside", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather, told } = createCycle({ ...gatherer, settlesOnAbort: true });
  const errors = [{ collector: "a", error: new ScrapeTimeoutError(5) }];
  const controller = new AbortController();
  const late = gather(until(controller.signal));
  contexts[0]?.signal.addEventListener("abort", () => {
    void turns(10).then(() => settle[0]?.({ ...EMPTY, errors }));
  });
  controller.abort(new ScrapeTimeoutError(5));
  await assert.rejects(late, ScrapeTimeoutError);
  assert.equal(told.reports[0]?.errors, errors);
  assert.deepEqual(told.late, []);
});

test('"continue": a scrape does not wait beyond its deadline for what others were late with', async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const { gatherer, contexts } = createSettled();
  const { gather, told } = createCycle({ ...gatherer, settlesOnAbort: true }, "continue");
  const controller = new AbortController();
  const late = gather(until(controller.signal, 10_000));
  t.mock.timers.tick(8_000);
  assert.equal(contexts[0]?.signal.aborted, true);
  controller.abort(new ScrapeTimeoutError(10_000));
  await assert.rejects(late, ScrapeTimeoutError);
  assert.equal(told.late.length, 1);
});

test('"continue": GatherCycle leaves time to send what it has', async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer, "continue");
  const done = gather(until(NEVER, 10_000));
  assert.equal(contexts[0]?.deadlineMs, 9_000);
  t.mock.timers.tick(7_999);
  assert.equal(contexts[0]?.signal.aborted, false);
  t.mock.timers.tick(1);
  assert.ok(contexts[0]?.signal.reason instanceof ScrapeTimeoutError);
  const errors = [{ collector: "a", error: contexts[0]?.signal.reason }];
  settle[0]?.({ families: [FAMILY], errors });
  assert.deepEqual(await done, [FAMILY]);
});

test("GatherCycle keeps at most two seconds for what follows the collectors", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer, "continue");
  const done = gather(until(NEVER, 30_000));
  assert.equal(contexts[0]?.deadlineMs, 29_000);
  settle[0]?.(EMPTY);
  await done;
});

test("GatherCycle lets a scrape join that times out after the collectors do", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  const { gatherer, contexts, settle } = createSettled();
  const { gather, told } = createCycle(gatherer, "continue");
  const timeouts = [10_000, 10_000, 20_000];
  const done = timeouts.map((timeoutMs) => gather(until(NEVER, timeoutMs)));
  assert.deepEqual([contexts.length, told.shared], [1, 2]);
  settle[0]?.(EMPTY);
  await Promise.all(done);
});

for (const timeoutMs of [1_000, 5_000, 8_000, 9_000]) {
  test(`a scrape of ${timeoutMs} ms does not join collectors with more time`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
    const { gatherer, contexts, settle } = createSettled();
    const { gather, told } = createCycle(gatherer, "continue");
    const patient = gather(until(NEVER, 10_000));
    const hasty = gather(until(NEVER, timeoutMs));
    assert.deepEqual([contexts.length, told.shared], [2, 0]);
    assert.equal(contexts[1]?.deadlineMs, 1_000 + timeoutMs * 0.8);
    settle[1]?.({ families: [FAMILY] });
    assert.deepEqual(await hasty, [FAMILY]);
    settle[0]?.(EMPTY);
    assert.deepEqual(await patient, []);
  });
}

test('"fail": GatherCycle lets an earlier deadline join; each times out on its own', async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather, told } = createCycle(gatherer, "fail");
  const client = new AbortController();
  const patient = gather(until(NEVER, 10_000));
  const hasty = gather(until(client.signal, 5_000));
  assert.deepEqual([contexts.length, told.shared], [1, 1]);
  client.abort(new ScrapeTimeoutError(5_000));
  await assert.rejects(hasty, ScrapeTimeoutError);
  settle[0]?.({ families: [FAMILY] });
  assert.deepEqual(await patient, [FAMILY]);
});

test("GatherCycle aborts an abandoned gathering although another has begun since", async () => {
  const { gatherer, contexts, settle } = createSettled();
  const { gather } = createCycle(gatherer, "continue");
  const client = new AbortController();
  const patient = gather(until(client.signal, 10_000));
  const hasty = gather(until(NEVER, 5_000));
  client.abort(new Error("gone"));
  await assert.rejects(patient, { message: "gone" });
  assert.deepEqual(
    contexts.map(({ signal }) => signal.aborted),
    [true, false],
  );
  const joined = gather(until(NEVER, 5_000));
  assert.equal(contexts.length, 2);
  settle[1]?.(EMPTY);
  assert.deepEqual(await Promise.all([hasty, joined]), [[], []]);
});

for (const errorHandling of ["fail", "continue"] as const) {
  test(`a collector that hangs once does not hang overlapping scrapes (${errorHandling})`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const { gatherer, contexts, settle } = createSettled();
    const { gather } = createCycle(gatherer, errorHandling);
    const controllers = [new AbortController(), new AbortController()];
    const hung = controllers.map(({ signal }) => {
      const waiting = gather(until(signal, 10_000));
      t.mock.timers.tick(7_000);
      return waiting;
    });
    assert.equal(contexts.length, 1);
    const next = gather(until(NEVER, 10_000));
    assert.equal(contexts.length, 2);
    settle[1]?.({ families: [FAMILY] });
    assert.deepEqual(await next, [FAMILY]);
    for (const controller of controllers) controller.abort(new Error("gone"));
    for (const scrape of hung) await assert.rejects(scrape, { message: "gone" });
    assert.equal(contexts[0]?.signal.aborted, true);
  });
}
