import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { gathererOf } from "../../../src/gatherers/gatherer-of.ts";
import {
  type ClientLibrary,
  EXEMPLAR_LIBRARIES,
  LIBRARIES,
  type LibraryMetric,
  type LibraryRegistry,
  OPENMETRICS_TYPE,
} from "../../helpers/registries/libraries.ts";
import { createExpose, expose } from "../../helpers/scraping/gathering.ts";
import { createScraper } from "../../helpers/scraping/scraper.ts";
import { parseExposition } from "../../judge/index.ts";

const ACCEPT = {
  text: "text/plain",
  openMetrics: "application/openmetrics-text",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

// Faults in the client libraries' own output, and what is served instead.

/** The sample lines of a scrape that skipped nothing. */
async function samplesOf(registry: LibraryRegistry): Promise<string[]> {
  const { text, faults } = await expose(registry);
  assert.deepEqual(faults, []);
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** The children of a metric: the library's object for each label set. */
function childrenOf(metric: LibraryMetric): Record<string, unknown>[] {
  // No library declares its store in its types.
  const { hashMap, store } = metric as unknown as {
    hashMap?: Record<string, Record<string, unknown>>;
    store?: { values(): Iterable<Record<string, unknown>> };
  };
  return hashMap ? Object.values(hashMap) : [...(store?.values() ?? [])];
}

function metricsOf(registry: LibraryRegistry): LibraryMetric[] {
  return registry.getMetricsAsArray() as LibraryMetric[]; // it is typed wrongly or not at all
}

/** All state that a scrape could change, except digests of summaries, which reading rearranges. */
function stateOf(registry: LibraryRegistry): string {
  const metrics = metricsOf(registry).map((metric) => ({
    ...metric,
    registers: undefined,
    hashMap: undefined,
    store: childrenOf(metric).map((child) => ({
      ...withoutDigest(child),
      value: typeof child["value"] === "object" ? withoutDigest(child["value"]) : child["value"],
    })),
  }));
  return inspect({ ...registry, _metrics: metrics }, { depth: 20 });
}

function withoutDigest(point: object | null): object {
  return { ...point, td: undefined };
}

function registryWithEverything(library: ClientLibrary): LibraryRegistry {
  const registry = new library.Registry();
  const config = { help: "h", labelNames: ["a"], registers: [registry] };
  new library.Counter({ ...config, name: "c_total" }).inc({ a: "1" });
  new library.Gauge({ ...config, name: "g" }).set({ a: "1" }, 2);
  new library.Histogram({ ...config, name: "h", buckets: [1, 5] }).observe({ a: "1" }, 3);
  new library.Summary({ ...config, name: "s", percentiles: [0.9, 0.5] }).observe({ a: "1" }, 4);
  registry.setDefaultLabels({ app: "shop" });
  return registry;
}

for (const library of LIBRARIES) {
  const { name, Registry, Counter, Gauge, Histogram, Summary } = library;

  test(`a scrape changes nothing in a registry of ${name}`, async () => {
    const registry = registryWithEverything(library);
    const exposeAgain = createExpose(registry);
    const children = metricsOf(registry).flatMap(childrenOf);
    const before = stateOf(registry);
    const { text } = await exposeAgain();
    for (let round = 0; round < 3; round++) assert.equal((await exposeAgain()).text, text);
    assert.equal(stateOf(registry), before);
    for (const [index, child] of metricsOf(registry).flatMap(childrenOf).entries()) {
      assert.equal(child, children[index]);
    }
  });

  test(`a scrape calls no method of a registry of ${name} that formats`, async () => {
    const registry = registryWithEverything(library);
    const forbidden = [
      "metrics",
      "getMetricsAsJSON",
      "getMetricsAsString",
      "getMetricAsPrometheusString",
      "getSingleMetricAsString",
      "setContentType",
    ];
    for (const method of forbidden) {
      Object.assign(registry, { [method]: () => assert.fail(`${method}() was called`) });
    }
    assert.equal((await samplesOf(registry)).length, 11);
  });

  test(`values of ${name} that are not numbers are left out in every format`, async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: "g", help: "h", labelNames: ["a"], registers: [registry] });
    const values = [1, 10n, "5", "0x1p-2", undefined, null, true, {}, -0, 5e-324];
    for (const index of values.keys()) gauge.set({ a: `${index}` }, 0);
    for (const [index, child] of childrenOf(gauge).entries()) child["value"] = values[index];
    const { scrape, log } = createScraper(gathererOf(registry));
    const bodies = Object.values(ACCEPT).map(async (accept) => {
      // The second and the third keep bytes, and compare values with them.
      for (let scrapes = 0; scrapes < 2; scrapes++) await scrape({ accept });
      const { headers, body } = await scrape({ accept });
      return parseExposition(headers["Content-Type"] ?? "", body);
    });
    for (const families of await Promise.all(bodies)) {
      const samples = families.flatMap((family) => family.samples);
      assert.deepEqual(
        samples.map(({ labels, value }) => [labels.get("a"), value + 0]),
        [
          ["0", 1],
          ["8", 0],
          ["9", 5e-324],
        ],
      );
    }
    assert.equal(log.length, 1);
    assert.match(log[0] ?? "", /a value is not a number/);
  });

  test(`label values of ${name} that are not strings cannot break the exposition`, async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: "g", help: "h", labelNames: ["a"], registers: [registry] });
    const values = [7, true, ['x"', "y"], new Error('no\n"way"'), { toString: () => "\\" }];
    for (const value of values) gauge.set({ a: value }, 1);
    assert.deepEqual(await samplesOf(registry), [
      'g{a="7"} 1',
      'g{a="true"} 1',
      'g{a="x\\",y"} 1',
      'g{a="Error: no\\n\\"way\\""} 1',
      'g{a="\\\\"} 1',
    ]);
  });

  test(`label values of ${name} that are null or undefined are printed as it does`, async () => {
    const registry = new Registry();
    const config = { name: "g", help: "h", labelNames: ["a", "b"], registers: [registry] };
    const gauge = new Gauge(config);
    gauge.set({ a: null, b: "1" }, 1);
    gauge.set({ a: undefined, b: "2" }, 2);
    gauge.set({ a: "", b: "3" }, 3);
    const expected = ['g{a="null",b="1"} 1', 'g{a="undefined",b="2"} 2', 'g{b="3"} 3'];
    assert.deepEqual(await samplesOf(registry), expected);
    const theirs = (await registry.metrics()).split("\n").slice(2, 5);
    assert.deepEqual(theirs, [...expected.slice(0, 2), 'g{a="",b="3"} 3']);
  });

  test(`a backslash before an n in a label of ${name} stays a backslash`, async () => {
    const registry = new Registry();
    const config = { name: "g", help: "in C:\\new\nline", labelNames: ["dir"] };
    new Gauge({ ...config, registers: [registry] }).set({ dir: 'C:\\new\n"' }, 1);
    assert.equal(
      (await expose(registry)).text,
      '# HELP g in C:\\\\new\\nline\n# TYPE g gauge\ng{dir="C:\\\\new\\n\\""} 1\n',
    );
  });

  test(`a label object of ${name} that is changed and reused is served once`, async () => {
    const registry = new Registry();
    const registers = [registry];
    const labels = { method: "GET" };
    const config = { help: "h", labelNames: ["method"], registers };
    const counter = new Counter({ ...config, name: "c_total" });
    const histogram = new Histogram({ ...config, name: "h", buckets: [] });
    counter.inc(labels);
    histogram.observe(labels, 1);
    labels.method = "POST";
    counter.inc(labels);
    histogram.observe(labels, 1);
    const { text, faults } = await expose(registry);
    assert.equal(text.match(/^c_total\{method="POST"\} 1$/gm)?.length, 1);
    assert.equal(text.match(/^h_count\{method="POST"\} 1$/gm)?.length, 1);
    assert.deepEqual(faults, [
      "c_total: two metrics share one labels object",
      "h: two metrics share one labels object",
    ]);
  });

  test(`label objects of ${name} that are changed and reused by turns are served once`, async () => {
    const registry = new Registry();
    const config = { help: "h", labelNames: ["u"], registers: [registry] };
    const counter = new Counter({ ...config, name: "c_total" });
    const gauge = new Gauge({ ...config, name: "g" });
    const histogram = new Histogram({ ...config, name: "h", buckets: [1] });
    const summary = new Summary({ ...config, name: "s" });
    const count = (labels: object) => {
      counter.inc(labels);
      gauge.set(labels, 1);
      histogram.observe(labels, 1);
      summary.observe(labels, 1);
    };
    const one = { u: "1" };
    const other = { u: "2" };
    count(one);
    count(other);
    one.u = "3";
    count(one);
    other.u = "4";
    count(other);
    const { scrape, log } = createScraper(gathererOf(registry));
    // From the third scrape on, bytes are kept; the last ones meet a new child.
    for (let round = 0; round < 6; round++) {
      if (round === 4) count({ u: "5" });
      for (const accept of Object.values(ACCEPT)) {
        const { headers, body } = await scrape({ accept });
        // It throws for a series that is there twice.
        const families = parseExposition(headers["Content-Type"] ?? "", body);
        const sets = families.find(({ name }) => name.startsWith("c"))?.samples.length;
        assert.equal(sets, round < 4 ? 2 : 3);
      }
    }
    assert.ok(log.some((line) => line.includes("two metrics share one labels object")));
  });

  test(`default labels of ${name} are overridden by a metric's own, except null and undefined`, async () => {
    const registry = new Registry();
    const config = { help: "h", labelNames: ["app", "b"], registers: [registry] };
    registry.setDefaultLabels({ app: "shop", zone: 7, none: null });
    const gauge = new Gauge({ ...config, name: "g" });
    gauge.set({ app: "own", b: "1" }, 1);
    gauge.set({ app: undefined, b: "2" }, 2);
    gauge.set({ app: null, b: "3" }, 3);
    gauge.set({ app: 0, b: "4" }, 4);
    new Histogram({ ...config, name: "h", buckets: [] }).observe({ app: null, b: "1" }, 1);
    assert.deepEqual(await samplesOf(registry), [
      'g{app="own",b="1",zone="7",none="null"} 1',
      'g{app="shop",b="2",zone="7",none="null"} 2',
      'g{app="shop",b="3",zone="7",none="null"} 3',
      'g{app="0",b="4",zone="7",none="null"} 4',
      'h_bucket{le="+Inf",app="shop",b="1",zone="7",none="null"} 1',
      'h_sum{app="shop",b="1",zone="7",none="null"} 1',
      'h_count{app="shop",b="1",zone="7",none="null"} 1',
    ]);
  });

  test(`default labels of ${name} take effect when they change between scrapes`, async () => {
    const registry = new Registry();
    const exposeAgain = createExpose(registry);
    new Gauge({ name: "g", help: "h", registers: [registry] }).set(1);
    const sample = async () => (await exposeAgain()).text.split("\n")[2];
    assert.equal(await sample(), "g 1");
    const labels: Record<string, unknown> = { app: "shop" };
    registry.setDefaultLabels(labels);
    assert.equal(await sample(), 'g{app="shop"} 1');
    labels["app"] = "mail";
    assert.equal(await sample(), 'g{app="mail"} 1');
    registry.setDefaultLabels({ zone: "a" });
    assert.equal(await sample(), 'g{zone="a"} 1');
    registry.setDefaultLabels({});
    assert.equal(await sample(), "g 1");
  });

  test(`default labels of ${name} may have reserved or non-ASCII names`, async () => {
    const registry = new Registry();
    const registers = [registry];
    registry.setDefaultLabels({ "app-name": "shop", le: "9", quantile: "9", __name__: "x" });
    new Gauge({ name: "g", help: "h", registers }).set(1);
    new Histogram({ name: "h", help: "h", buckets: [1], registers }).observe(1);
    new Summary({ name: "s", help: "h", percentiles: [0.5], registers }).observe(1);
    assert.deepEqual(await samplesOf(registry), [
      'g{app_name="shop",le="9",quantile="9"} 1',
      'h_bucket{le="1",app_name="shop",quantile="9"} 1',
      'h_bucket{le="+Inf",app_name="shop",quantile="9"} 1',
      'h_sum{app_name="shop",quantile="9"} 1',
      'h_count{app_name="shop",quantile="9"} 1',
      's{quantile="0.5",app_name="shop",le="9"} 1',
      's_sum{app_name="shop",le="9"} 1',
      's_count{app_name="shop",le="9"} 1',
    ]);
  });

  test(`a metric of ${name} whose constructor threw does not fail the scrape`, async () => {
    const registry = new Registry();
    const registers = [registry];
    const config = { help: "h", registers };
    assert.throws(() => new Histogram({ ...config, name: "h", labelNames: ["le"] }));
    assert.throws(() => new Summary({ ...config, name: "s", labelNames: ["quantile"] }));
    new Gauge({ ...config, name: "g" }).set(1);
    const { text } = await expose(registry);
    assert.match(text, /# TYPE g gauge\ng 1\n$/);
    assert.doesNotMatch(text, /undefined|^[hs]/m);
  });

  test(`a help of ${name} that is not a string is omitted and reported`, async () => {
    const registry = new Registry();
    new Gauge({ name: "g", help: 42, registers: [registry] }).set(1);
    assert.deepEqual(await expose(registry), {
      text: "# TYPE g gauge\ng 1\n",
      faults: ["g: the help is not a string"],
    });
  });

  test(`unusual values of ${name} are written as every parser reads them`, async () => {
    const registry = new Registry();
    const gauge = new Gauge({ name: "g", help: "h", labelNames: ["a"], registers: [registry] });
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    for (const value of [nan, inf, -inf, -0, 1e21, 1e-7]) gauge.set({ a: `${value}` }, value);
    const values = (await samplesOf(registry)).map((line) => line.split(" ")[1]);
    assert.deepEqual(values.sort(), ["+Inf", "-Inf", "0", "1e+21", "1e-7", "NaN"]);
  });

  const unruly = [
    { buckets: [5, 1, 1, Number.POSITIVE_INFINITY], name: "unsorted, equal and infinite" },
    { buckets: [Number.NaN, 5, Number.NaN, 1], name: "unsorted and not numbers" },
    // A program in JavaScript may read these from its environment.
    { buckets: ["5", "1.0"] as unknown as number[], name: "strings" },
  ];
  for (const { buckets, name: kind } of unruly) {
    test(`buckets of ${name} that are ${kind} are sorted`, async () => {
      const registry = new Registry();
      const config = { name: "h", help: "h", labelNames: ["a"], registers: [registry] };
      const histogram = new Histogram({ ...config, buckets });
      for (const value of [7, 8]) histogram.observe({ a: "x" }, value);
      assert.deepEqual(await samplesOf(registry), [
        'h_bucket{le="1",a="x"} 0',
        'h_bucket{le="5",a="x"} 0',
        'h_bucket{le="+Inf",a="x"} 2',
        'h_sum{a="x"} 15',
        'h_count{a="x"} 2',
      ]);
    });
  }

  test(`quantiles of ${name} that are unsorted or equal are sorted`, async () => {
    const registry = new Registry();
    const percentiles = [0.9, 0.5, 0.9];
    const config = { name: "s", help: "h", labelNames: ["a"], registers: [registry] };
    new Summary({ ...config, percentiles }).observe({ a: "x" }, 3);
    assert.deepEqual(await samplesOf(registry), [
      's{quantile="0.5",a="x"} 3',
      's{quantile="0.9",a="x"} 3',
      's_sum{a="x"} 3',
      's_count{a="x"} 1',
    ]);
  });

  test(`a registry that ${name} aggregated from other processes is served`, async () => {
    const registry = registryWithEverything(library);
    registry.setDefaultLabels({});
    const metrics = await registry.getMetricsAsJSON();
    const sum = library.AggregatorRegistry.aggregate([metrics, metrics]);
    assert.deepEqual(await samplesOf(sum), [
      'c_total{a="1"} 2',
      'g{a="1"} 4',
      'h_bucket{le="1",a="1"} 0',
      'h_bucket{le="5",a="1"} 2',
      'h_bucket{le="+Inf",a="1"} 2',
      'h_sum{a="1"} 6',
      'h_count{a="1"} 2',
      's{quantile="0.5",a="1"} 8',
      's{quantile="0.9",a="1"} 8',
      's_sum{a="1"} 8',
      's_count{a="1"} 2',
    ]);
  });

  // prom-client 13 does not have this option.
  if (library.major !== 13)
    test(`a summary of ${name} that prunes aged label sets does so at a scrape`, async (t) => {
      t.mock.timers.enable({ apis: ["Date"], now: 1_000 });
      const registry = new Registry();
      const registers = [registry];
      const window = { maxAgeSeconds: 60, ageBuckets: 2, percentiles: [0.5] };
      const config = { help: "h", labelNames: ["a"], registers, ...window };
      const pruning = new Summary({ ...config, name: "pruning", pruneAgedBuckets: true });
      pruning.observe({ a: "x" }, 1);
      const series = [
        'pruning{quantile="0.5",a="x"} 1',
        'pruning_sum{a="x"} 1',
        'pruning_count{a="x"} 1',
      ];
      assert.deepEqual(await samplesOf(registry), series);
      t.mock.timers.tick(200_000);
      assert.deepEqual(await samplesOf(registry), []);
    });
}

for (const { name, Registry, Counter, AggregatorRegistry } of EXEMPLAR_LIBRARIES) {
  test(`a counter of ${name} keeps its name after an OpenMetrics scrape of the library`, async () => {
    const registry = new Registry(OPENMETRICS_TYPE);
    const counter = new Counter({ name: "foo_total", help: "h", registers: [registry] });
    counter.inc();
    await registry.metrics();
    assert.equal(counter.name, "foo");
    assert.deepEqual(await samplesOf(registry), ["foo_total 1"]);
  });

  test(`the content type of a registry of ${name} has no effect`, async () => {
    const registry = new Registry(OPENMETRICS_TYPE);
    new Counter({
      name: "foo_total",
      help: "h",
      registers: [registry],
      async collect() {
        await null;
        registry.setContentType(OPENMETRICS_TYPE);
        this.inc({ value: 1 });
      },
      enableExemplars: true,
    });
    assert.deepEqual(await samplesOf(registry), ["foo_total 1"]);
    const sum = AggregatorRegistry.aggregate([await registry.getMetricsAsJSON()]);
    sum.setContentType(OPENMETRICS_TYPE);
    assert.deepEqual(await samplesOf(sum), ["foo_total 2"]);
  });

  test(`a counter of ${name} that was rejected for its exemplars does not fail the scrape`, async () => {
    const registry = new Registry(OPENMETRICS_TYPE);
    const registers = [registry, new Registry()];
    const config = { help: "h", registers };
    assert.throws(() => new Counter({ ...config, name: "c_total", enableExemplars: true }));
    new Counter({ name: "d_total", help: "h", registers: [registry] }).inc();
    const { text, faults } = await expose(registry);
    assert.match(text, /# TYPE d_total counter\nd_total 1\n$/);
    assert.doesNotMatch(text, /undefined/);
    assert.equal(faults.length, 1);
    assert.match(String(faults[0]), /^c_total: /);
  });
}
