// What crosses from the application to the thread of its server: a scrape gets the bytes that it would get
// without the thread.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Gatherer, MetricFamily } from "../../src/index.ts";
import { FORMATS } from "../../src/options/options.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { MEDIA_RANGES } from "../helpers/scraping/media-ranges.ts";
import { changedFamilies, wellFormedFamilies } from "../property/well-formed-families.ts";

const OPTIONS = { selfMetrics: false } as const;

/** Runs a test with two servers of one gatherer, of which one lives in a thread. */
async function withBoth(
  source: Gatherer,
  run: (assertSame: (accept: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await withServer({ ...OPTIONS, source }, (here) =>
    withServer({ ...OPTIONS, source, thread: true }, (there) =>
      run(async (accept) => {
        const expected = await httpGet(here.server.url, { Accept: accept });
        const actual = await httpGet(there.server.url, { Accept: accept });
        assert.equal(actual.status, expected.status);
        assert.equal(actual.body.toString("latin1"), expected.body.toString("latin1"));
      }),
    ),
  );
}

test("a scrape of any families gets the same bytes with and without a thread", async () => {
  let served: readonly MetricFamily[] = [];
  await withBoth({ gather: () => ({ families: served }) }, async (assertSame) => {
    const rounds = fc.tuple(wellFormedFamilies, fc.constantFrom(...FORMATS));
    const property = fc.asyncProperty(rounds, async ([families, format]) => {
      for (served of [families, changedFamilies(families), families.toReversed(), []]) {
        await assertSame(`${MEDIA_RANGES[format]};escaping=allow-utf-8`);
      }
    });
    await fc.assert(property, { numRuns: scaleRuns(50) });
  });
});

const gauge = (...metrics: readonly object[]) => ({ name: "g", help: "h", type: "gauge", metrics });
const labelled = (value: unknown) => gauge({ labels: { a: value }, value: 1 });

/** Families that a gatherer of a user may return, whatever its types say. */
const ODD: Readonly<Record<string, readonly object[]>> = {
  "numbers of every kind": [
    gauge(
      ...[0, -0, 1e21, 1e-7, 2 ** 53, NaN, Infinity, -Infinity, Number.MIN_VALUE].map(
        (value, id) => ({ labels: { id }, value }),
      ),
    ),
  ],
  "a value that is a string": [gauge({ labels: {}, value: "1" })],
  "a value that is a bigint": [gauge({ labels: {}, value: 1n })],
  "a value that is undefined": [gauge({ labels: {}, value: undefined })],
  "a label that is a number": [labelled(1)],
  "a label that is null": [labelled(null)],
  "a label that is undefined": [labelled(undefined)],
  "a label that is true": [labelled(true)],
  "a label that is an object": [labelled({ toString: () => "x" })],
  "a label that is a symbol": [labelled(Symbol("x"))],
  "a label that is a function": [labelled(() => 1)],
  "a label with a lone surrogate": [labelled("\ud800")],
  "a label of 10,000 characters": [labelled("x".repeat(10_000))],
  "a label named __proto__": [gauge({ labels: JSON.parse('{"__proto__":"x"}'), value: 1 })],
  "a label named constructor": [gauge({ labels: { constructor: "x" }, value: 1 })],
  "1,000 labels": [
    gauge({
      labels: Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`l${at}`, "x"])),
      value: 1,
    }),
  ],
  "two metrics with the same labels": [
    gauge({ labels: { a: "1" }, value: 1 }, { labels: { a: "1" }, value: 2 }),
  ],
  "metrics that have one identity": [
    gauge(
      { labels: { a: "1" }, value: 1, identity: 1 },
      { labels: { a: "2" }, value: 2, identity: 1 },
    ),
  ],
  "two families with one name": [
    gauge({ labels: { a: "1" }, value: 1 }),
    gauge({ labels: { a: "2" }, value: 2 }),
  ],
  "two families with one name and different types": [
    gauge({ labels: {}, value: 1 }),
    { ...gauge({ labels: {}, value: 2 }), type: "counter" },
  ],
  "a family twice": Array(2).fill(gauge({ labels: {}, value: 1 })),
  "a family without metrics": [gauge()],
  "a help of 10,000 characters": [{ ...gauge({ labels: {}, value: 1 }), help: "x".repeat(10_000) }],
  "an exemplar whose label is a symbol": [
    {
      ...gauge({ labels: {}, value: 1, exemplar: { labels: { a: Symbol("x") }, value: 1 } }),
      ...{ name: "c_total", type: "counter" },
    },
  ],
  "an exemplar whose label is an object": [
    {
      ...gauge({ labels: {}, value: 1, exemplar: { labels: { a: { b: () => 1 } }, value: 1 } }),
      ...{ name: "c_total", type: "counter" },
    },
  ],
  "timestamps of every kind": [
    gauge(
      ...[0, -1, 1.5, NaN, Infinity, 8.64e15, undefined].map((timestampMs, id) => ({
        labels: { id },
        value: 1,
        timestampMs,
      })),
    ),
  ],
  "a histogram whose buckets do not fit": [
    {
      name: "h",
      help: "",
      type: "histogram",
      metrics: [
        { labels: {}, count: 1, sum: 1, upperBounds: [1, 2, 3], cumulativeCounts: [1] },
        { labels: { a: 1 }, count: 1, sum: 1, upperBounds: [1], cumulativeCounts: [1, 2, 3] },
      ],
    },
  ],
  "a counter among gauges": [
    { ...gauge({ labels: {}, value: 1 }), name: "c_total", type: "counter" },
    gauge({ labels: {}, value: 1 }),
  ],
  "a name that needs quotes": [{ ...gauge({ labels: { "ä b": "x" }, value: 1 }), name: "ä b" }],
};

for (const [what, families] of Object.entries(ODD)) {
  test(`a thread serves ${what} as the application would`, () =>
    withBoth({ gather: () => ({ families: families as MetricFamily[] }) }, async (assertSame) => {
      // What has been sent before must not show.
      for (const format of [...FORMATS, ...FORMATS]) await assertSame(MEDIA_RANGES[format]);
    }));
}

/** What a gatherer may return beside its families. */
const ODD_RESULTS: Readonly<Record<string, object>> = {
  "an error of a collector that is a symbol": { errors: [{ collector: Symbol("c"), error: 1 }] },
  "an error of a collector that is a function": { errors: [{ collector: () => {}, error: 1 }] },
  "an error whose time is a function": {
    errors: [{ collector: "c", error: new Error("broken"), durationMs: () => 1 }],
  },
  "an error whose source is a function": {
    errors: [{ collector: "c", error: new Error("broken"), source: () => "x" }],
  },
  "a unit that is a function": { families: [{ ...labelled("new"), unit: () => "x" }] },
  "sources that are functions": { sources: [() => {}] },
};

for (const [what, result] of Object.entries(ODD_RESULTS)) {
  test(`a thread serves sound families after ${what}`, async () => {
    let given: object = { families: [gauge({ labels: { a: "0" }, value: 1 })] };
    const source = { gather: () => given } as Gatherer;
    await withServer(
      { ...OPTIONS, source, thread: true, errorHandling: "continue" },
      async ({ port }) => {
        const scrape = () => rawRequest(port, request("/metrics"));
        assert.equal((await scrape()).status, 200);
        given = { families: [labelled("new")], ...result };
        await scrape();
        given = { families: [labelled("new"), { ...labelled("other"), name: "o" }] };
        const { status, body } = await scrape();
        assert.equal(status, 200);
        assert.match(body, /^g\{a="new"\} 1$/m);
        assert.match(body, /^o\{a="other"\} 1$/m);
      },
    );
  });
}

test("a metric that throws in the middle of a walk does not spoil the scrapes after it", async () => {
  let broken = -1;
  let generation = 0;
  function* metrics() {
    for (let id = 0; id < 100; id++) {
      if (id === broken) throw new Error("broken");
      yield { labels: { id, generation }, value: id + generation, identity: `${id} ${generation}` };
    }
  }
  const families = ["a", "b", "c"].map((name) => ({
    ...{ name, help: "h", type: "gauge" as const },
    metrics: { [Symbol.iterator]: metrics },
  }));
  await withBoth({ gather: () => ({ families }) }, async (assertSame) => {
    for (const at of [-1, 0, 50, 99, -1, 50, -1]) {
      broken = at;
      generation++;
      await assertSame("text/plain");
    }
  });
});
