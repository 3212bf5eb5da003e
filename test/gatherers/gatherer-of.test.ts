import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricReader } from "@opentelemetry/sdk-metrics";
import * as promClient12 from "prom-client-12";
import { gathererOf } from "../../src/gatherers/gatherer-of.ts";
import type { Gatherer, Registry } from "../../src/model/gatherer.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";
import { expose } from "../helpers/scraping/gathering.ts";

const GATHERER: Gatherer = {
  gather: () => ({
    families: [{ name: "own", help: "", type: "gauge", metrics: [{ labels: {}, value: 7 }] }],
  }),
};

test("gathererOf() takes a gatherer", async () => {
  assert.equal((await expose(GATHERER)).text, "# TYPE own gauge\nown 7\n");
});

for (const { name, Registry, Gauge } of LIBRARIES) {
  test(`gathererOf() takes a registry of ${name}`, async () => {
    const registry = new Registry();
    new Gauge({ name: "g", help: "A gauge.", registers: [registry] }).set(2);
    assert.deepEqual(await expose(registry), {
      text: "# HELP g A gauge.\n# TYPE g gauge\ng 2\n",
      faults: [],
    });
  });

  test(`gathererOf() takes an empty registry of ${name}`, async () => {
    assert.deepEqual(await expose(new Registry()), { text: "", faults: [] });
  });

  test(`gathererOf() rejects a registry of ${name} that stands for other processes`, () => {
    const { AggregatorRegistry } = LIBRARIES.find((library) => library.name === name) ?? {};
    assert.ok(AggregatorRegistry);
    // A caller in JavaScript is not stopped by types.
    const cluster = new AggregatorRegistry() as unknown as Gatherer;
    assert.throws(() => gathererOf(cluster), {
      name: "TypeError",
      message: /with the option workers: true$/,
    });
    assert.throws(() => gathererOf([GATHERER, cluster]), TypeError);
  });
}

test("gathererOf() rejects a registry that stands for other threads", () => {
  const workers = { getMetricsAsArray: () => [], contentType: "", workerMetrics: async () => "" };
  assert.throws(() => gathererOf(workers), TypeError);
});

/** Registries whose default metrics would stand still, or lose their timestamps. */
const OUTDATED: Readonly<Record<string, object>> = {
  "prom-client 12": promClient12.register,
  "prom-client 10 and 11": {
    contentType: "",
    getMetricsAsArray: () => [],
    getMetricAsPrometheusString: (_metric: unknown, _configuration: unknown) => "",
  },
};

for (const [name, registry] of Object.entries(OUTDATED)) {
  test(`gathererOf() rejects a registry of ${name}, and names the supported versions`, () => {
    // Its type is that of a registry.
    assert.throws(() => gathererOf(registry as Registry), {
      name: "TypeError",
      message:
        "Cannot serve a registry of prom-client 12 or older: versions 13 to 15 are supported",
    });
  });
}

test("gathererOf() takes registries of all libraries and a gatherer in one array", async () => {
  const registries = LIBRARIES.map(({ Registry, Counter }, index) => {
    const registry = new Registry();
    const config = { name: "c_total", help: "h", labelNames: ["library"], registers: [registry] };
    new Counter(config).inc({ library: `${index}` }, index);
    return registry;
  });
  assert.deepEqual(await expose([...registries, GATHERER]), {
    text: [
      "# HELP c_total h",
      "# TYPE c_total counter",
      'c_total{library="0"} 0',
      'c_total{library="1"} 1',
      'c_total{library="2"} 2',
      'c_total{library="3"} 3',
      'c_total{library="4"} 4',
      "# TYPE own gauge",
      "own 7",
      "",
    ].join("\n"),
    faults: [],
  });
});

test("gathererOf() serves a registry once that is in the array twice", async () => {
  assert.deepEqual(await expose([GATHERER, GATHERER]), {
    text: "# TYPE own gauge\nown 7\n",
    faults: [],
  });
});

test("gathererOf() rejects an empty array", () => {
  assert.throws(() => gathererOf([]), TypeError);
});

for (const wrong of [undefined, null, "registry", 7, {}, { gather: true }, [undefined], () => {}]) {
  test(`gathererOf() rejects ${JSON.stringify(wrong) ?? String(wrong)}`, () => {
    // A caller in JavaScript may pass these.
    assert.throws(() => gathererOf(wrong as unknown as Gatherer), TypeError);
  });
}

test("gathererOf() says how a reader of OpenTelemetry is served", () => {
  class PullReader extends MetricReader {
    override async onShutdown() {}
    override async onForceFlush() {}
  }
  const source = new PullReader() as unknown as Gatherer;
  assert.throws(() => gathererOf(source), /a Gatherer such as gathererOf\(reader\)/);
});
