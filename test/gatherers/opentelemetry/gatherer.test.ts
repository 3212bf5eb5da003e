import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Collecting,
  CollectionResult,
} from "../../../src/gatherers/opentelemetry/collected.ts";
import { gathererOf } from "../../../src/gatherers/opentelemetry/gatherer.ts";
import type { GatherContext, Gatherer } from "../../../src/model/gatherer.ts";
import type { MetricFamily } from "../../../src/model/metric-family.ts";
import { createGate } from "../../helpers/gate.ts";
import { createContext, createExpose, withoutDurations } from "../../helpers/scraping/gathering.ts";
import { collection, metric, point, readerOf, scope } from "./collections.ts";

const NEVER = new Promise<never>(() => {});

async function namesOf(gatherer: Gatherer, context: GatherContext = createContext()) {
  const { families } = await gatherer.gather(context);
  return [...families].map(({ name }) => name);
}

test("gathererOf() refuses what is not a reader", () => {
  assert.throws(() => gathererOf({} as Collecting), {
    message: "Reader must be an object with collect()",
  });
});

test("a gathering returns when its signal aborts, without what it waits for", async () => {
  const reason = new Error("too late");
  const abortion = new AbortController();
  const gatherer = gathererOf({ collect: () => NEVER });
  const gathered = gatherer.gather(createContext(abortion.signal));
  abortion.abort(reason);
  const { families, errors } = await gathered;
  assert.deepEqual(families, []);
  assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error: reason }]);
});

test("a producer that hangs costs only its own metrics", async () => {
  const reason = new Error("too late");
  const abortion = new AbortController();
  const reader = readerOf([scope("s", metric("counter", "c"))]);
  const gatherer = gathererOf(reader, { metricProducers: [{ collect: () => NEVER }] });
  const gathered = gatherer.gather(createContext(abortion.signal));
  // Until the reader has collected.
  await new Promise((resolve) => setTimeout(resolve));
  abortion.abort(reason);
  const { families, errors } = await gathered;
  assert.equal([...families].length, 1);
  assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error: reason }]);
});

test("attributes of the resource are read once all are there", async () => {
  let resolve = () => {};
  const ready = new Promise<void>((done) => {
    resolve = done;
  });
  let isReady = false;
  const resource = {
    get attributes() {
      assert.ok(isReady, "read too soon");
      return { "host.id": "h" };
    },
    waitForAsyncAttributes: () => ready,
  };
  const expose = createExpose(gathererOf(readerOf([], resource)));
  const exposed = expose();
  isReady = true;
  resolve();
  assert.match((await exposed).text, /^target_info\{host_id="h"\} 1$/m);
});

test("a gathering does not wait for the resource after its signal aborts", async () => {
  const resource = { attributes: {}, waitForAsyncAttributes: () => NEVER };
  const abortion = new AbortController();
  const gathered = gathererOf(readerOf([], resource)).gather(createContext(abortion.signal));
  const reason = new Error("too late");
  abortion.abort(reason);
  const { errors } = await gathered;
  assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error: reason }]);
});

test("a resource whose attributes never come costs its own metrics, and labels", async () => {
  const abortion = new AbortController();
  const reason = new Error("too late");
  const resource = { attributes: { a: "b" }, waitForAsyncAttributes: () => NEVER };
  const reader = readerOf([scope("s", metric("counter", "c"))], resource);
  const options = { resourceConstantLabels: /./ };
  const gatherers = [gathererOf(reader), gathererOf(reader, options)];
  const gathered = gatherers.map((one) => one.gather(createContext(abortion.signal)));
  // Until the reader has collected.
  await new Promise((resolve) => setTimeout(resolve));
  abortion.abort(reason);
  const results = await Promise.all(gathered);
  const names = results.map(({ families }) => [...families].map(({ name }) => name));
  assert.deepEqual(names, [["c_total"], []]);
  for (const { errors } of results) {
    assert.deepEqual(withoutDurations(errors), [{ collector: "opentelemetry", error: reason }]);
  }
});

test("a collection that comes just after the signal aborts is served", async () => {
  let resolve = (_: CollectionResult) => {};
  const collected = new Promise<CollectionResult>((done) => {
    resolve = done;
  });
  const abortion = new AbortController();
  const gathered = gathererOf({ collect: () => collected }).gather(createContext(abortion.signal));
  // After so long a time, a gathering yields before it goes on.
  const startedAt = performance.now();
  while (performance.now() - startedAt < 2);
  abortion.abort(new Error("too late"));
  for (let tick = 0; tick < 20; tick++) await undefined;
  resolve(collection([scope("s", metric("counter", "c"))]));
  const { families, errors } = await gathered;
  assert.deepEqual(withoutDurations(errors), []);
  assert.equal([...families].length, 1);
});

test("a resource that is complete is served after the signal has aborted, too", async () => {
  const abortion = new AbortController();
  const resource = {
    attributes: { a: "b" },
    get asyncAttributesPending() {
      abortion.abort(new Error("too late"));
      return false;
    },
    waitForAsyncAttributes: () => NEVER,
  };
  const gatherer = gathererOf(readerOf([scope("s", metric("counter", "c"))], resource));
  const { families, errors } = await gatherer.gather(createContext(abortion.signal));
  assert.deepEqual(withoutDurations(errors), []);
  assert.equal([...families].length, 2);
});

test("what a producer returns costs no other metric, whatever it is", async () => {
  const reader = readerOf([scope("s", metric("counter", "c"))]);
  for (const result of [undefined, null, {}, { resourceMetrics: {} }, { resourceMetrics: null }]) {
    const producer = { collect: async () => result as unknown as CollectionResult };
    const gatherer = gathererOf(reader, { metricProducers: [producer] });
    assert.deepEqual(await namesOf(gatherer), ["c_total"]);
  }
});

test("a resource that fails to complete is served as it is", async () => {
  const fail = () => {
    throw new Error("no network");
  };
  for (const waitForAsyncAttributes of [fail, async () => fail()]) {
    const resource = { attributes: { a: "b" }, waitForAsyncAttributes };
    const { text } = await createExpose(gathererOf(readerOf([], resource)))();
    assert.match(text, /^target_info\{a="b"\} 1$/m);
  }
});

test("the last gathering of a process returns at once what was collected before", async () => {
  const gatherer = gathererOf(readerOf([scope("s", metric("counter", "c"))]));
  const final = { ...createContext(), isFinal: true };
  assert.deepEqual(gatherer.gather(final), { families: [] });
  await gatherer.gather(createContext());
  const { families } = (await gatherer.gather(final)) ?? {};
  assert.deepEqual(
    [...families].map(({ name }) => name),
    ["c_total"],
  );
  assert.ok(!("then" in gatherer.gather(final)));
});

test("a scrape gets the families that it asks for, in the same list each time", async () => {
  const metrics = [metric("counter", "c"), metric("gauge", "g")];
  const gatherer = gathererOf(readerOf([scope("s", ...metrics)], { attributes: { a: "b" } }));
  assert.deepEqual(await namesOf(gatherer), ["target_info", "c_total", "g"]);
  const context = {
    ...createContext(),
    isRequested: (name: string, type: string) => name === "g" && type === "gauge",
  };
  const { families } = await gatherer.gather(context);
  assert.deepEqual(
    [...families].map(({ name }) => name),
    ["g"],
  );
  assert.equal((await gatherer.gather(context)).families, families);
});

test("families are the same objects in the same order while nothing is new", async () => {
  const a = scope("a", metric("counter", "c"));
  const b = scope("b", metric("counter", "d"));
  const reader = readerOf([a, b]);
  const gatherer = gathererOf(reader);
  const { families } = await gatherer.gather(createContext());
  reader.scopes = [b, a];
  assert.equal((await gatherer.gather(createContext())).families, families);
  reader.scopes = [scope("c", metric("counter", "e")), b, a];
  assert.deepEqual(await namesOf(gatherer), ["c_total", "d_total", "e_total"]);
});

test("many new label sets do not hold the event loop", async () => {
  const points = Array.from({ length: 30_000 }, (_, id) => point(1, { id }));
  const gatherer = gathererOf(readerOf([scope("s", metric("counter", "c", points))]));
  let isOver = false;
  const gathered = Promise.resolve(gatherer.gather(createContext())).finally(() => {
    isOver = true;
  });
  // The first turn is that of the collection.
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve));
  assert.equal(isOver, false);
  assert.equal([...(await gathered).families].length, 1);
});

test("gatherings at the same time have all label sets", async () => {
  const results = [1, 2].map((count) => {
    const points = Array.from({ length: 10_000 * count }, (_, id) => point(1, ATTRIBUTES[id]));
    return collection([scope("s", metric("counter", "c", points))]);
  });
  let next = 0;
  const gatherer = gathererOf({ collect: async () => results[next++] as CollectionResult });
  const gathered = [1, 2].map(async () => (await gatherer.gather(createContext())).families);
  for (const families of await Promise.all(gathered)) {
    for (const { metrics } of families) assert.equal([...metrics].length, 20_000);
  }
});

test("a collection that comes late does not take the place of a newer one", async () => {
  const gates = [createGate(), createGate()];
  let next = 0;
  const gatherer = gathererOf({
    async collect() {
      const index = next++;
      await gates[index]?.promise;
      return collection([scope("s", metric("counter", "c", [point(index + 1, ATTRIBUTES[0])]))]);
    },
  });
  const [old, recent] = [1, 2].map(async () => (await gatherer.gather(createContext())).families);
  gates[1]?.open();
  const valuesOf = (families: Iterable<MetricFamily> = []) =>
    [...families].flatMap(({ metrics }) => [...metrics].map((m) => "value" in m && m.value));
  assert.deepEqual(valuesOf(await recent), [2]);
  gates[0]?.open();
  assert.deepEqual(valuesOf(await old), [2]);
});

const ATTRIBUTES = Array.from({ length: 20_000 }, (_, id) => ({ id }));

test("a collection that cannot be read fails, and the next one is served", async () => {
  const good = collection([scope("s", metric("counter", "c"))]);
  const results = [{ errors: [] } as unknown as CollectionResult, good];
  const gatherer = gathererOf({ collect: async () => results.shift() ?? good });
  await assert.rejects(async () => gatherer.gather(createContext()), TypeError);
  assert.deepEqual(await namesOf(gatherer), ["c_total"]);
});

test("a gathering tells how long it took", async () => {
  const collected: string[] = [];
  const gatherer = gathererOf(readerOf([]));
  assert.equal(gatherer.hasCollectors, true);
  await gatherer.gather({ ...createContext(), onCollected: (name) => collected.push(name) });
  assert.deepEqual(collected, ["opentelemetry"]);
});
