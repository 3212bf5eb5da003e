import assert from "node:assert/strict";
import { test } from "node:test";
import { GatherError } from "../../src/errors.ts";
import type { MetricFamily } from "../../src/model/metric-family.ts";
import { readResult } from "../../src/probe/read-result.ts";
import { NEVER } from "../exposition/chunks.ts";
import { gaugeOf, UP_FAMILY } from "../helpers/families.ts";
import { LIBRARIES } from "../helpers/registries/libraries.ts";

const CONTEXT = { signal: NEVER, deadlineMs: Date.now() + 60_000, report: () => {} };

const read = (result: unknown) => readResult(result, CONTEXT);

test("readResult() returns families as they are", async () => {
  assert.deepEqual(await read([UP_FAMILY]), [UP_FAMILY]);
  assert.deepEqual(await read([]), []);
});

test("readResult() joins families of one name", async () => {
  const twice = [
    gaugeOf([{ labels: { a: 1 }, value: 1 }]),
    gaugeOf([{ labels: { a: 2 }, value: 2 }]),
  ];
  const [joined, ...others] = await read(twice);
  assert.equal(others.length, 0);
  assert.equal([...(joined?.metrics ?? [])].length, 2);
});

test("readResult() copies metrics that can be read only once", async () => {
  const once = new Set([{ labels: {}, value: 1 }]).values();
  const [family] = await read([gaugeOf(once)]);
  for (const _ of [1, 2]) assert.equal([...(family?.metrics ?? [])].length, 1);
  assert.equal(family?.type, "gauge");
});

const JUNK: readonly [name: string, result: unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["a text", "up 1\n"],
  ["a number", 5],
  ["an object", { up: 1 }],
  ["sources by their names", { up: { gather: () => ({ families: [UP_FAMILY] }) } }],
  ["a gathering", { families: [UP_FAMILY] }],
  ["null in an array", [null]],
  ["a number in an array", [5]],
  ["a family without a name", [{ ...UP_FAMILY, name: undefined }]],
  ["a family of an unknown type", [{ ...UP_FAMILY, type: "guage" }]],
  ["a family without metrics", [{ ...UP_FAMILY, metrics: undefined }]],
  ["two types of one name", [UP_FAMILY, { ...UP_FAMILY, type: "counter" }]],
];

test("readResult() says that families are returned as an array", async () => {
  for (const result of [UP_FAMILY, { families: [UP_FAMILY] }]) {
    await assert.rejects(read(result), /must return an array of metric families, or a registry$/);
  }
});

for (const [name, result] of JUNK) {
  test(`readResult() rejects ${name}`, async () => {
    await assert.rejects(read(result), TypeError);
  });
}

test("readResult() rejects what throws when it is looked at", async () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  await assert.rejects(read(proxy));
  const family = { ...UP_FAMILY };
  Object.defineProperty(family, "metrics", {
    get() {
      throw new Error("Lazy");
    },
  });
  await assert.rejects(read([family]), /Lazy/);
});

for (const library of LIBRARIES) {
  test(`readResult() reads a registry of ${library.name}, and runs its collectors`, async () => {
    const registry = new library.Registry();
    new library.Gauge({
      name: "g",
      help: "G.",
      registers: [registry],
      async collect() {
        this.set({}, 3);
      },
    });
    const families: readonly MetricFamily[] = await read(registry);
    assert.deepEqual(
      families.map((family) => family.name),
      ["g"],
    );
  });

  test(`readResult() rejects when a collector of ${library.name} fails`, async () => {
    const registry = new library.Registry();
    new library.Gauge({
      name: "g",
      help: "G.",
      registers: [registry],
      collect() {
        throw new Error("Broken");
      },
    });
    await assert.rejects(read(registry), GatherError);
  });

  test(`readResult() rejects a registry of ${library.name} that another run has returned`, async () => {
    const registry = new library.Registry();
    await read(registry);
    await assert.rejects(read(registry), /must make a registry for each run/);
  });
}
