import assert from "node:assert/strict";
import { test } from "node:test";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import { LIBRARIES } from "../../helpers/registries/libraries.ts";
import { createContext, createExpose, expose } from "../../helpers/scraping/gathering.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";

// Metric objects of one's own, which every client library prints: `registerMetric({ name, get })`.

/** The lines of an exposition, apart from empty ones. */
function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

const VALUES = [{ value: 1, labels: {} }];

/** What is registered, and what an encoder prints otherwise than the library, if anything. */
interface OwnMetric {
  readonly what: string;
  readonly metric: object;
  /** Only where the library prints something else. */
  readonly expected?: readonly string[];
  /** prom-client 13 and 14 do not know them. */
  readonly hasSharedLabels?: boolean;
}

const OWN_METRICS: readonly OwnMetric[] = [
  {
    what: "a help that only get() has",
    metric: {
      name: "m",
      get: async () => ({ name: "m", help: "From get", type: "gauge", values: VALUES }),
    },
  },
  {
    what: "a name that only get() has",
    metric: { get: async () => ({ name: "m", help: "h", type: "gauge", values: VALUES }) },
  },
  {
    what: "a get() that is synchronous",
    metric: { get: () => ({ name: "m", help: "h", type: "counter", values: VALUES }) },
  },
  {
    what: "a sample with another name",
    metric: {
      name: "m",
      get: () => ({
        name: "m",
        help: "h",
        type: "gauge",
        values: [...VALUES, { metricName: "m_other", value: 2, labels: { a: "b" } }],
      }),
    },
    // Its own type, because a parser takes it for another family.
    expected: ["# HELP m h", "# TYPE m gauge", "m 1", "# TYPE m_other untyped", 'm_other{a="b"} 2'],
  },
  {
    what: "only a sample with another name",
    metric: {
      name: "m",
      get: () => ({
        name: "m",
        help: "h",
        type: "gauge",
        values: [{ metricName: "m_other", value: 2 }],
      }),
    },
    expected: ["# TYPE m_other untyped", "m_other 2"],
  },
  {
    what: "labels that samples share",
    metric: {
      name: "m",
      get: () => ({
        name: "m",
        help: "h",
        type: "gauge",
        values: [
          { value: 1, labels: { a: "1" }, sharedLabels: { b: "2" } },
          { value: 2, labels: { a: "1", c: "x" }, sharedLabels: { c: "3" } },
        ],
      }),
    },
    hasSharedLabels: true,
  },
  {
    what: "a histogram that shares labels",
    metric: {
      name: "m",
      help: "h",
      get: () => ({
        name: "m",
        help: "h",
        type: "histogram",
        values: [
          { metricName: "m_bucket", value: 1, labels: { le: 1 }, sharedLabels: { a: "1" } },
          { metricName: "m_bucket", value: 2, labels: { le: "+Inf" }, sharedLabels: { a: "1" } },
          { metricName: "m_sum", value: 3, labels: { a: "1" } },
          { metricName: "m_count", value: 2, labels: { a: "1" } },
        ],
      }),
    },
    hasSharedLabels: true,
  },
  {
    what: "a summary without totals",
    metric: {
      name: "m",
      help: "h",
      get: () => ({
        name: "m",
        help: "h",
        type: "summary",
        values: [{ value: 1, labels: { quantile: 0.5 } }],
      }),
    },
  },
  {
    what: "no type but that of get()",
    metric: {
      name: "m",
      help: "h",
      get: () => ({ name: "m", help: "h", type: "untyped", values: VALUES }),
    },
  },
  {
    what: "no values",
    metric: { name: "m", help: "h", get: () => ({ name: "m", help: "h", type: "gauge" }) },
  },
];

for (const { name, major = 15, Registry, Gauge } of LIBRARIES) {
  for (const { what, metric, expected, hasSharedLabels = false } of OWN_METRICS) {
    if (hasSharedLabels && major < 15) continue;
    test(`${name}: a metric of one's own with ${what} is printed as the library prints it`, async () => {
      const registry = new Registry();
      registry.registerMetric(metric);
      const exposeAgain = createExpose(registry);
      for (let scrape = 0; scrape < 2; scrape++) {
        const { text, faults } = await exposeAgain();
        assert.deepEqual(faults, []);
        const theirs = linesOf(await registry.metrics());
        assert.deepEqual(linesOf(text).sort(), [...(expected ?? theirs)].sort());
      }
    });
  }

  test(`${name}: default labels and those of get() are joined`, async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ app: "shop", b: "default" });
    const values = [{ value: 1, labels: { a: "1" }, sharedLabels: { b: "2" } }];
    registry.registerMetric({ name: "m", get: () => ({ help: "h", type: "gauge", values }) });
    const { text } = await expose(registry);
    assert.deepEqual(linesOf(text).at(-1), 'm{a="1",b="2",app="shop"} 1');
  });

  for (const [what, get] of [
    ["returns undefined", () => undefined],
    ["resolves with null", async () => null],
    ["returns values that are not a list", () => ({ type: "gauge", values: 5 })],
    ["returns null among the values", () => ({ type: "gauge", values: [null] })],
    ["throws", () => assert.fail("down")],
    ["rejects", async () => assert.fail("down")],
    [
      "has a getter that throws",
      () => ({
        type: "gauge",
        values: [Object.defineProperty({}, "value", { get: () => assert.fail() })],
      }),
    ],
  ] as const) {
    test(`${name}: a get() that ${what} costs only its own metric`, async () => {
      const registry = new Registry();
      new Gauge({ name: "g", help: "h", registers: [registry] }).set({}, 1);
      registry.registerMetric({ name: "m", help: "h", get });
      const { scrape, log } = createScraper(gathererOf(registry), {
        errorHandling: "continue",
      });
      const { body } = await scrape({});
      assert.match(body.toString(), /^# TYPE g gauge$/m);
      assert.doesNotMatch(body.toString(), /m/);
      assert.equal(log.length, 1);
    });
  }

  test(`${name}: name[] finds a metric whose name only get() has`, async () => {
    const registry = new Registry();
    const get = () => ({ name: "h", type: "histogram", values: [] });
    registry.registerMetric({ get });
    registry.registerMetric({ name: "h2", get: () => ({ type: "histogram", values: [] }) });
    const { scrape } = createScraper(gathererOf(registry));
    const typesOf = async (query: string) => (await scrape({ query })).body.toString();
    assert.equal(await typesOf("name[]=h_bucket"), "# TYPE h histogram\n");
    assert.equal(await typesOf("name[]=h2_bucket"), "# TYPE h2 histogram\n");
    assert.equal(await typesOf("name[]=g"), "");
  });

  test(`${name}: a failing get() without a name is reported`, async () => {
    const registry = new Registry();
    registry.registerMetric({ get: () => assert.fail("down") });
    const { errors = [] } = await gathererOf(registry).gather(createContext());
    assert.deepEqual(
      errors.map(({ collector }) => collector),
      ["a metric without a name"],
    );
  });

  test(`${name}: a metric without any name is reported`, async () => {
    const registry = new Registry();
    registry.registerMetric({ get: () => ({ type: "gauge", values: VALUES }) });
    const { text, faults } = await expose(registry);
    assert.equal(text, "");
    assert.deepEqual(faults, ["undefined: the name of a metric is not a string"]);
  });
}

for (const { name, Registry } of LIBRARIES) {
  test(`a metric of one's own in ${name} with bounds and names that have no text costs no other`, async () => {
    const registry = new Registry();
    const bound = (le: unknown, value: number) => ({
      metricName: "h_bucket",
      labels: { le },
      value,
    });
    const values = [bound(Symbol("1"), 1), bound(Object.create(null), 1), bound("+Inf", 2)];
    registry.registerMetric({ name: "h", get: () => ({ help: "h", type: "histogram", values }) });
    const odd = { metricName: Object.create(null), labels: {}, value: 1 };
    for (const [index, own] of [Symbol("g"), Object.create(null)].entries()) {
      registry.registerMetric({
        name: `g${index}`,
        get: () => ({ name: own, help: "h", type: "gauge", values: [odd] }),
      });
    }
    const { text } = await expose(registry);
    assert.deepEqual(text.match(/^[a-z].*$/gm), [
      'h_bucket{le="+Inf"} 2',
      "h_count 2",
      "g0 1",
      "g1 1",
    ]);
  });
}
