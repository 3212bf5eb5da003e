import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAggregatingRegistry,
  isRegisteredAs,
  isRegistry,
  namesByMetric,
  type RegistryInternals,
  type RegistryMetric,
  toExemplar,
  typeOf,
} from "../../../src/gatherers/prom-client/registry.ts";
import { LIBRARIES } from "../../helpers/registries/libraries.ts";

for (const library of LIBRARIES) {
  test(`typeOf() returns the type of each metric of ${library.name}`, () => {
    const registers = [new library.Registry()];
    for (const type of ["Counter", "Gauge", "Histogram", "Summary"] as const) {
      // The tests' types do not declare what `typeOf()` reads.
      const config = { name: "m", help: "h", percentiles: [0.5], buckets: [1], registers: [] };
      const metric = new library[type](config) as unknown;
      assert.equal(typeOf(metric as RegistryMetric), type.toLowerCase());
    }
    assert.equal(isRegistry(registers[0]), true);
    assert.equal(isAggregatingRegistry(registers[0]), false);
  });

  test(`namesByMetric() returns the names under which ${library.name} registered`, () => {
    const registry = new library.Registry();
    const metric = new library.Gauge({ name: "a", help: "h", registers: [registry] });
    metric.name = "b";
    // This tests members beyond the public type.
    const internals = registry as unknown as RegistryInternals;
    const [found] = internals.getMetricsAsArray();
    assert.deepEqual([...namesByMetric(internals)], [[found, "a"]]);
    assert.equal(isRegisteredAs("a", found as RegistryMetric, internals), true);
    assert.equal(isRegisteredAs("b", found as RegistryMetric, internals), false);
    assert.equal(isRegisteredAs(undefined, found as RegistryMetric, internals), false);
  });
}

test("typeOf() returns undefined when nothing shows the type", () => {
  const metric = { get: () => ({}) };
  assert.equal(typeOf(metric), undefined);
  assert.equal(typeOf(Object.assign(metric, { observe() {} })), undefined);
});

test("isRegisteredAs() compares the names of the metrics when the registry has no table", () => {
  const metric: RegistryMetric = { name: "a", get: () => ({}) };
  const registry: RegistryInternals = { getMetricsAsArray: () => [metric] };
  assert.equal(namesByMetric(registry).size, 0);
  assert.equal(isRegisteredAs("a", metric, registry), true);
  assert.equal(isRegisteredAs("b", metric, registry), false);
});

for (const value of [null, undefined, 7, "registry", {}, { getMetricsAsArray: [] }]) {
  test(`isRegistry() is false for ${JSON.stringify(value) ?? "undefined"}`, () => {
    assert.equal(isRegistry(value), false);
    assert.equal(isAggregatingRegistry(value), false);
  });
}

test("toExemplar() converts labels, value and seconds", () => {
  assert.deepEqual(toExemplar({ labelSet: { trace_id: "a" }, value: 0.3, timestamp: 1_700.5 }), {
    labels: { trace_id: "a" },
    value: 0.3,
    timestampMs: 1_700_500,
  });
});

test("toExemplar() accepts an exemplar without labels and without a time", () => {
  assert.deepEqual(toExemplar({ value: 1 }), { labels: {}, value: 1, timestampMs: undefined });
});

for (const nothing of [null, undefined, {}, { labelSet: { a: "b" }, value: null }]) {
  test(`toExemplar() returns undefined for ${JSON.stringify(nothing)}`, () => {
    assert.equal(toExemplar(nothing), undefined);
  });
}
