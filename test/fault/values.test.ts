import assert from "node:assert/strict";
import { Gauge, Histogram, Registry, Summary } from "prom-client";
import type { Gatherer, Metric } from "../../src/index.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { SCRAPE, testFault } from "./fault.ts";
import { longSource } from "./long-source.ts";
import { THROWN, withThrowing } from "./thrown.ts";

// Values, labels and help that throw while they are read: no exposition of them is complete.

const ACCEPTS: Readonly<Record<string, string>> = {
  text: "text/plain",
  OpenMetrics: "application/openmetrics-text; version=1.0.0",
  protobuf:
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

/** Any of the values below stands for what the type does not allow, or for an object that throws. */
function gaugeOf(metric: object): Gatherer {
  return gathererOf({ name: "faulty", help: "h", type: "gauge", metrics: [metric] });
}

function gathererOf(family: object): Gatherer {
  return { gather: () => ({ families: [family as never] }) };
}

const noString = { toString: null, valueOf: null };
const POINT = { count: 1, sum: 1 };

/** Families of a gatherer that cannot be read to their end. */
const UNREADABLE: Readonly<Record<string, () => Gatherer>> = {
  "a value that throws": () => gaugeOf(withThrowing({ labels: {} }, "value")),
  "labels that throw": () => gaugeOf(withThrowing({ value: 1 }, "labels")),
  "a label that throws": () => gaugeOf({ value: 1, labels: withThrowing({}, "a") }),
  "labels that are a revoked proxy": () =>
    gaugeOf({ value: 1, labels: THROWN["a revoked proxy"]?.() }),
  "a timestamp that throws": () => gaugeOf(withThrowing({ labels: {}, value: 1 }, "timestampMs")),
  "a help that throws": () =>
    gathererOf(withThrowing({ name: "faulty", type: "gauge", metrics: [] }, "help")),
  "a name that throws": () =>
    gathererOf(withThrowing({ help: "", type: "gauge", metrics: [] }, "name")),
  "a type that throws": () =>
    gathererOf(withThrowing({ name: "faulty", help: "", metrics: [] }, "type")),
  "metrics that throw": () =>
    gathererOf(withThrowing({ name: "faulty", help: "", type: "gauge" }, "metrics")),
  "bounds that throw": () =>
    gathererOf({
      name: "faulty",
      help: "",
      type: "histogram",
      metrics: [withThrowing({ ...POINT, labels: {}, cumulativeCounts: [] }, "upperBounds")],
    }),
  "quantiles that throw": () =>
    gathererOf({
      name: "faulty",
      help: "",
      type: "summary",
      metrics: [withThrowing({ ...POINT, labels: {}, quantileValues: [] }, "quantiles")],
    }),
  "an iterator that throws": () =>
    longSource(
      () => 10,
      (read) => {
        if (read === 5) throw new Error("broken");
      },
    ),
  "an iterator whose end throws": () => gathererWithThrowingEnd(),
};

/** What `finally` throws when an iterator is left early comes in place of what it was left for. */
function gathererWithThrowingEnd(): Gatherer {
  function* metrics(): Generator<Metric> {
    try {
      yield {
        labels: {},
        get value(): number {
          throw new Error("first");
        },
      };
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: this is the fault.
      throw new Error("second");
    }
  }
  return gathererOf({
    name: "faulty",
    help: "",
    type: "gauge",
    metrics: { [Symbol.iterator]: metrics },
  });
}

for (const [what, source] of Object.entries(UNREADABLE)) {
  for (const [format, accept] of Object.entries(ACCEPTS)) {
    testFault({
      name: `${what}, as ${format}`,
      server: () => ({ source: source(), selfMetrics: false }),
      inflict: async ({ port, log }) => {
        const scrape = request("/metrics", { headers: [`Accept: ${accept}`] });
        assert.equal((await rawRequest(port, scrape)).status, 500);
        assert.ok(log.length > 0);
      },
      next: 500,
    });
  }
}

for (const [format, accept] of Object.entries(ACCEPTS)) {
  testFault({
    name: `a label without a string form, as ${format}`,
    server: () => ({
      source: gaugeOf({ value: 1, labels: { a: noString } }),
      selfMetrics: false,
    }),
    inflict: async ({ port, log }) => {
      const scrape = request("/metrics", { headers: [`Accept: ${accept}`] });
      assert.equal((await rawRequest(port, scrape)).status, 200);
      assert.match(log.join(), /"faulty": a label value cannot be converted to a string/);
    },
  });
}

/** Registries that a user has broken from outside, whose metrics cannot be read. */
const BROKEN_METRICS: Readonly<Record<string, (registry: Registry) => unknown>> = {
  "a help that throws": (registry) => withThrowing(gauge(registry), "help"),
  "a type that throws": (registry) => withThrowing(gauge(registry), "type"),
  "a store that throws": (registry) => withThrowing(gauge(registry), "hashMap"),
  "bounds that throw": (registry) =>
    withThrowing(
      new Histogram({ name: "faulty", help: "h", registers: [registry] }),
      "upperBounds",
    ),
  "percentiles that throw": (registry) =>
    withThrowing(new Summary({ name: "faulty", help: "h", registers: [registry] }), "percentiles"),
  "a get() of its own that throws": (registry) => Object.assign(gauge(registry), { get: thrower }),
  "a get() of its own that gives nothing": (registry) =>
    Object.assign(gauge(registry), { get: () => undefined }),
  "a get() of its own whose values throw": (registry) =>
    Object.assign(gauge(registry), { get: () => withThrowing({ type: "gauge" }, "values") }),
  "default labels that throw": (registry) =>
    gauge(registry) && registry.setDefaultLabels(withThrowing({}, "a")),
  "a list of metrics that throws": (registry) =>
    Object.assign(registry, { getMetricsAsArray: thrower }),
  "a list of metrics that is not a list": (registry) =>
    Object.assign(registry, { getMetricsAsArray: () => undefined }),
};

/** Breaks the label of a gauge that was sound when the library read it. */
function breakLabel(registry: Registry): void {
  let isSound = true;
  const value = { toString: () => (isSound ? "a" : thrower()) };
  gauge(registry).set({ a: value as unknown as string }, 1);
  isSound = false;
}

testFault({
  name: "a registry with a label that throws",
  server: () => {
    const source = new Registry();
    breakLabel(source);
    return { source };
  },
  inflict: async ({ port, log }) => {
    const { status, body } = await rawRequest(port, SCRAPE);
    assert.equal(status, 200);
    assert.doesNotMatch(body.toString(), /^faulty/m);
    assert.match(log.join(), /"faulty": a label value cannot be converted to a string/);
  },
});

function gauge(registry: Registry): Gauge {
  return new Gauge({ name: "faulty", help: "h", labelNames: ["a"], registers: [registry] });
}

function thrower(): never {
  throw new Error("broken");
}

for (const [what, breakIt] of Object.entries(BROKEN_METRICS)) {
  testFault({
    name: `a registry with ${what}`,
    server: () => {
      const source = new Registry();
      breakIt(source);
      return { source };
    },
    inflict: async ({ port, log }) => {
      assert.equal((await rawRequest(port, SCRAPE)).status, 500);
      assert.ok(log.length > 0);
    },
    next: 500,
  });
}
