import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeGatherers } from "../../src/gatherers/merge.ts";
import type { Gatherer, GatherResult } from "../../src/model/gatherer.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { createContext, withoutDurations } from "../helpers/scraping/gathering.ts";
import { tick } from "../helpers/turns.ts";

function gauge(name: string): MetricFamily {
  return { name, help: "", type: "gauge", metrics: [{ labels: {}, value: 1 }] };
}

function namesOf({ families }: GatherResult): string[] {
  return [...families].map(({ name }) => name);
}

const GOOD: Gatherer = { gather: () => ({ families: [gauge("good")] }) };

test("mergeGatherers() returns the families of all gatherers in order", async () => {
  const slow: Gatherer = { gather: async () => ({ families: [gauge("slow")] }) };
  const result = await mergeGatherers([slow, GOOD]).gather(createContext());
  assert.deepEqual(namesOf(result), ["slow", "good"]);
  assert.deepEqual(result.errors, []);
});

test("mergeGatherers() starts all gatherers before it awaits one", async () => {
  const started: number[] = [];
  const gatherers = [1, 2, 3].map((number) => ({
    async gather() {
      started.push(number);
      await tick();
      return { families: [] };
    },
  }));
  const done = mergeGatherers(gatherers).gather(createContext());
  assert.deepEqual(started, [1, 2, 3]);
  await done;
});

test("mergeGatherers() passes the same context to every gatherer", async () => {
  const context = createContext();
  const seen: unknown[] = [];
  const gatherer: Gatherer = {
    gather(given) {
      seen.push(given);
      return { families: [] };
    },
  };
  await mergeGatherers([gatherer, gatherer]).gather(context);
  assert.deepEqual(
    seen.map((given) => given === context),
    [true, true],
  );
});

test("mergeGatherers() leaves out those whose source does not count", async () => {
  const [first, second] = [{}, {}];
  const context = { ...createContext(), isCounted: (source: object) => source === second };
  const result = await mergeGatherers([GOOD, GOOD], [first, second]).gather(context);
  assert.deepEqual(
    [...result.families].map(({ metrics }) => [...metrics].length),
    [1],
  );
});

test("mergeGatherers() joins families of one name", async () => {
  const context = createContext();
  const { families } = await mergeGatherers([GOOD, GOOD]).gather(context);
  assert.deepEqual(
    [...families].map(({ metrics }) => [...metrics]),
    [
      [
        { labels: {}, value: 1 },
        { labels: {}, value: 1 },
      ],
    ],
  );
});

const FAILURES: readonly { name: string; gatherer: Gatherer }[] = [
  {
    name: "throws",
    gatherer: {
      gather() {
        throw new Error("down");
      },
    },
  },
  { name: "rejects", gatherer: { gather: () => Promise.reject(new Error("down")) } },
  {
    name: "returns families that throw",
    gatherer: {
      gather: () => ({
        families: {
          [Symbol.iterator]() {
            throw new Error("down");
          },
        },
      }),
    },
  },
];

for (const { name, gatherer } of FAILURES) {
  test(`mergeGatherers() isolates a gatherer that ${name}`, async () => {
    const result = await mergeGatherers([gatherer, GOOD]).gather(createContext());
    assert.deepEqual(namesOf(result), ["good"]);
    assert.deepEqual(withoutDurations(result.errors), [
      { collector: "gatherer 1", error: new Error("down") },
    ]);
    assert.ok(Number(result.errors?.[0]?.durationMs) >= 0);
  });
}

test("mergeGatherers() reports a gatherer that returns nothing as an error", async () => {
  // A gatherer in JavaScript may forget to return.
  const empty = { gather: () => undefined } as unknown as Gatherer;
  const { errors } = await mergeGatherers([GOOD, empty]).gather(createContext());
  assert.equal(errors?.length, 1);
  assert.equal(errors?.[0]?.collector, "gatherer 2");
  assert.ok(errors?.[0]?.error instanceof TypeError);
});

test("mergeGatherers() passes on both families and errors of collectors", async () => {
  const error = { collector: "queue_length", error: new Error("down") };
  const partial: Gatherer = { gather: () => ({ families: [gauge("a")], errors: [error] }) };
  const result = await mergeGatherers([partial, GOOD]).gather(createContext());
  assert.deepEqual(namesOf(result), ["a", "good"]);
  assert.deepEqual(result.errors, [error]);
});

test("mergeGatherers() abandons a gatherer that ignores the signal", async () => {
  const controller = new AbortController();
  const stuck: Gatherer = { gather: () => new Promise(() => {}) };
  const done = mergeGatherers([stuck, GOOD]).gather(createContext(controller.signal));
  await tick();
  const reason = new Error("too late");
  controller.abort(reason);
  const result = await done;
  assert.deepEqual(namesOf(result), ["good"]);
  assert.deepEqual(withoutDurations(result.errors), [{ collector: "gatherer 1", error: reason }]);
  assert.ok(Number(result.errors?.[0]?.durationMs) > 0);
});

test("mergeGatherers() accepts what a gatherer returns when the signal aborts", async () => {
  const controller = new AbortController();
  const heeding: Gatherer = {
    gather: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () =>
          resolve({
            families: [gauge("a")],
            errors: [{ collector: "b", error: signal.reason }],
          }),
        );
      }),
  };
  const done = mergeGatherers([heeding]).gather(createContext(controller.signal));
  controller.abort("too late");
  const result = await done;
  assert.deepEqual(namesOf(result), ["a"]);
  assert.deepEqual(result.errors, [{ collector: "b", error: "too late" }]);
});

test("mergeGatherers() notices changes that a gatherer makes to its previous list", async () => {
  const families = [gauge("a"), gauge("b")];
  const merged = mergeGatherers([{ gather: () => ({ families }) }]);
  const names = async () => namesOf(await merged.gather(createContext()));
  assert.deepEqual(await names(), ["a", "b"]);
  families.push(gauge("c"));
  assert.deepEqual(await names(), ["a", "b", "c"]);
  families[0] = gauge("z");
  assert.deepEqual(await names(), ["z", "b", "c"]);
  families.length = 1;
  assert.deepEqual(await names(), ["z"]);
});

test("mergeGatherers() returns the same list while nothing changes", async () => {
  const families = [gauge("a"), gauge("b")];
  const merged = mergeGatherers([{ gather: () => ({ families: [...families] }) }]);
  const gather = async () => (await merged.gather(createContext())).families;
  const first = await gather();
  assert.equal(await gather(), first);
  families.pop();
  assert.notEqual(await gather(), first);
});
