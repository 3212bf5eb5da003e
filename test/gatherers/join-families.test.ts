import assert from "node:assert/strict";
import { test } from "node:test";
import { createFamilyJoiner } from "../../src/gatherers/join-families.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { createContext } from "../helpers/scraping/gathering.ts";

function gauge(name: string, metrics: Record<string, unknown>[], help = "h"): MetricFamily {
  return {
    name,
    help,
    type: "gauge",
    metrics: metrics.map((labels, value) => ({ labels, value })),
  };
}

function join(families: readonly unknown[]) {
  const { report, faults } = createContext();
  // Some cases are not families.
  const joined = createFamilyJoiner()(families as MetricFamily[], report);
  const metrics = joined.map(({ name, metrics }) => [name, [...metrics]] as const);
  return { joined, metrics, faults };
}

test("createFamilyJoiner() passes on families of different names unchanged", () => {
  const families = [gauge("a", [{}]), gauge("b", [{}])];
  const { joined, faults } = join(families);
  assert.deepEqual(faults, []);
  assert.equal(joined.length, 2);
  assert.equal(joined[0], families[0]);
  assert.equal(joined[1], families[1]);
});

test("createFamilyJoiner() joins the metrics of one name where the first one stands", () => {
  const { joined, metrics } = join([
    { ...gauge("a", [{ x: "1" }], "first"), unit: "bytes" },
    gauge("b", [{}]),
    gauge("a", [{ x: "2" }], "second"),
  ]);
  assert.deepEqual(metrics, [
    [
      "a",
      [
        { labels: { x: "1" }, value: 0 },
        { labels: { x: "2" }, value: 0 },
      ],
    ],
    ["b", [{ labels: {}, value: 0 }]],
  ]);
  assert.equal(joined[0]?.help, "first");
  assert.equal(joined[0]?.unit, "bytes");
});

test("createFamilyJoiner() reads joined metrics each time", () => {
  const { joined } = join([gauge("a", [{ x: "1" }]), gauge("a", [{ x: "2" }])]);
  const count = () => [...(joined[0]?.metrics ?? [])].length;
  assert.deepEqual([count(), count()], [2, 2]);
});

test("createFamilyJoiner() keeps the first of two families that differ in type", () => {
  const { metrics, faults } = join([
    gauge("a", [{ x: "1" }]),
    { ...gauge("a", [{ x: "2" }]), type: "counter" },
  ]);
  assert.deepEqual(metrics, [["a", [{ labels: { x: "1" }, value: 0 }]]]);
  assert.deepEqual(faults, ["a: two types, gauge and counter; kept the first"]);
});

const ILLEGAL: readonly { what: unknown; fault: string }[] = [
  { what: null, fault: "undefined: the name is not a string" },
  { what: "a", fault: "undefined: the name is not a string" },
  { what: { ...gauge("a", []), metrics: undefined }, fault: "a: the metrics are not a list" },
  { what: { ...gauge("a", []), metrics: { a: 1 } }, fault: "a: the metrics are not a list" },
  {
    what: { ...gauge("a", []), name: Object.create(null) },
    fault: "object: the name is not a string",
  },
  {
    what: { ...gauge("a", []), type: Object.create(null) },
    fault: "a: the type object is unknown",
  },
  { what: { ...gauge("", []) }, fault: ": the name is not a string" },
  { what: { ...gauge("a", []), name: 7 }, fault: "7: the name is not a string" },
  { what: { ...gauge("a", []), type: "meter" }, fault: "a: the type meter is unknown" },
  { what: { ...gauge("a", []), type: undefined }, fault: "a: the type undefined is unknown" },
  { what: { ...gauge("a", []), help: 42 }, fault: "a: the help is not a string" },
];

for (const { what, fault } of ILLEGAL) {
  test(`createFamilyJoiner() skips a family and reports "${fault}"`, () => {
    const { metrics, faults } = join([what, gauge("b", [])]);
    assert.deepEqual(metrics, [["b", []]]);
    assert.deepEqual(faults, [fault]);
  });
}
