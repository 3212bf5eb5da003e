import assert from "node:assert/strict";
import { test } from "node:test";
import client from "prom-client";
import { ExporterError } from "../../../src/programs/cli/exit.ts";
import { exporterOf, flagsOf } from "../../../src/programs/cli/exporter.ts";

const registry = new client.Registry();
const gatherer = { gather: () => ({ families: [] }) };
const list = [registry, gatherer];
const named = { cpu: gatherer, disks: list };
const probe = { allow: "any", probe: () => [] };

type Exports = Readonly<Record<string, unknown>>;

/** Exports that can be served. */
const CASES: Readonly<Record<string, readonly [namespace: Exports, source: unknown]>> = {
  "a default export": [{ default: registry }, registry],
  "an export called registry": [{ registry }, registry],
  "an export called register": [{ register: registry }, registry],
  "the default export before a named one": [{ default: gatherer, registry }, gatherer],
  "a named export if the default export is something else": [
    { default: { x: 1 }, registry },
    registry,
  ],
  "a gatherer": [{ default: gatherer }, gatherer],
  "an array": [{ default: list }, list],
  "a function": [{ default: () => registry }, registry],
  "an async function": [{ default: async () => list }, list],
  "an async function with a name": [{ registry: async () => registry }, registry],
  "a promise": [{ registry: Promise.resolve(registry) }, registry],
  "CommonJS: the value of module.exports": [{ default: registry }, registry],
  "CommonJS: a property of exports": [{ default: { registry } }, registry],
  "CommonJS compiled from a default export": [
    { default: { default: registry, __esModule: true } },
    registry,
  ],
  "a client library exported as a whole": [{ default: client }, client.register],
  "sources by their names": [{ registry: named }, named],
  "sources by their names, as default": [{ default: named }, named],
  "sources by their names, as module.exports": [{ ...named, default: named }, named],
  "sources by their names, of a function": [{ default: () => named }, named],
  "the registry in what a function returns": [
    { default: () => ({ registry, probe: undefined }) },
    registry,
  ],
  "the registry in a default object": [{ default: { registry: async () => list } }, list],
  "a CommonJS function": [{ default: () => registry, flags: {} }, registry],
  "a function compiled to CommonJS": [{ default: { default: () => list } }, list],
};

for (const [name, [namespace, source]] of Object.entries(CASES)) {
  test(`exporterOf() finds ${name}`, async () => {
    const exporter = await exporterOf(namespace, {});
    assert.equal(exporter.source, source);
    assert.equal(exporter.paths, undefined);
    assert.equal(exporter.onScrape, undefined);
    assert.equal(exporter.close, undefined);
  });
}

test("exporterOf() finds the hooks beside the registry, or on the default export", async () => {
  const calls: unknown[] = [];
  const onScrape = (context: unknown) => calls.push(context);
  const close = () => calls.push("close");
  for (const namespace of [
    { registry, onScrape, close },
    { default: { registry, onScrape, close } },
  ]) {
    const exporter = await exporterOf(namespace, {});
    const context = { signal: new AbortController().signal };
    exporter.onScrape?.(context);
    exporter.close?.();
    assert.deepEqual(calls.splice(0), [context, "close"]);
  }
});

test("exporterOf() calls a hook as a method of its object", async () => {
  const exporter = {
    ...gatherer,
    isOpen: true,
    close() {
      this.isOpen = false;
    },
  };
  (await exporterOf({ default: exporter }, {})).close?.();
  assert.equal(exporter.isOpen, false);
});

/** Exports with more than a registry, and what is served beside it. */
const PATHS: Readonly<Record<string, readonly [namespace: Exports, paths: object]>> = {
  "a probe": [{ probe }, { "/probe": probe }],
  "a probe as the default export": [{ default: probe }, { "/probe": probe }],
  "a probe as module.exports": [{ ...probe, default: probe }, { "/probe": probe }],
  "a probe of a function": [{ probe: () => probe }, { "/probe": probe }],
  "a probe of the default function": [{ default: async () => probe }, { "/probe": probe }],
  "a probe of an object": [{ default: { probe: () => probe } }, { "/probe": probe }],
  probes: [{ probes: { "/tcp": probe, "/tls": probe } }, { "/tcp": probe, "/tls": probe }],
  "probes of a function": [{ probes: async () => ({ "/tcp": probe }) }, { "/tcp": probe }],
  paths: [{ paths: { "/a": registry, "/b": named } }, { "/a": registry, "/b": named }],
  all: [
    { registry, probe, probes: { "/tcp": probe }, paths: () => ({ "/db": list }) },
    { "/probe": probe, "/tcp": probe, "/db": list },
  ],
  "what a function returns": [
    { default: () => ({ registry, probe, paths: { "/db": list } }) },
    { "/probe": probe, "/db": list },
  ],
  "what a function returns, and what is beside it": [
    { default: () => ({ registry }), probe },
    { "/probe": probe },
  ],
  "the same probe twice": [{ probe, paths: { "/probe": probe } }, { "/probe": probe }],
};

for (const [name, [namespace, paths]] of Object.entries(PATHS)) {
  test(`exporterOf() finds ${name} beside the metrics`, async () => {
    assert.deepEqual((await exporterOf(namespace, {})).paths, paths);
  });
}

test("exporterOf() leaves the metrics of a module with only a probe to the program", async () => {
  assert.equal((await exporterOf({ probe }, {})).source, undefined);
});

test("exporterOf() calls each function once, with the values of the flags", async () => {
  const values = Object.freeze({ url: "x" });
  const calls: unknown[] = [];
  const returns = (value: unknown) => (given: unknown) => {
    calls.push(given);
    return value;
  };
  await exporterOf({ default: returns(registry) }, values);
  assert.deepEqual(calls.splice(0), [values]);
  const parts = {
    registry: returns(registry),
    probe: returns(probe),
    probes: returns({}),
    paths: returns({}),
  };
  // As Node shows a CommonJS module: its exports are there twice.
  await exporterOf({ ...parts, default: parts }, values);
  assert.deepEqual(calls, [values, values, values, values]);
});

test("exporterOf() calls the hooks of what a function returns", async () => {
  class Disks {
    isOpen = true;
    gather = () => ({ families: [] });
    close() {
      this.isOpen = false;
    }
  }
  const disks = new Disks();
  for (const value of [disks, { registry, close: () => disks.close() }]) {
    disks.isOpen = true;
    (await exporterOf({ default: () => value }, {})).close?.();
    assert.equal(disks.isOpen, false);
  }
});

test("exporterOf() does not serve the members of a gatherer or a probe", async () => {
  const members = { probes: 1, paths: 2, registry: 3 };
  const own = { ...gatherer, ...members };
  assert.deepEqual(await exporterOf({ default: own }, {}), {
    source: own,
    paths: undefined,
    onScrape: undefined,
    close: undefined,
  });
  const { source, paths } = await exporterOf({ default: { ...probe, ...members } }, {});
  assert.equal(source, undefined);
  assert.deepEqual(paths, { "/probe": { ...probe, ...members } });
});

test("flagsOf() finds the flags of an ES module, and of CommonJS", () => {
  const flags = { url: { type: "string" } };
  const open = Object.assign(() => registry, { flags });
  for (const namespace of [{ flags }, { default: { flags } }, { default: open }]) {
    assert.equal(flagsOf(namespace), flags);
  }
  assert.deepEqual(flagsOf({ default: registry }), {});
  assert.deepEqual(flagsOf({ default: { ...gatherer, flags: 5 } }), {});
  assert.throws(() => flagsOf({ flags: 5 }), ExporterError);
});

/** Exports that cannot be served, and why. */
const WRONG: Readonly<Record<string, readonly [namespace: Exports, reason: RegExp]>> = {
  nothing: [{}, /must export a registry, as default or as "registry", or a probe$/],
  "something else": [
    { default: 1, registry: "no", register: null },
    /"registry" must be a registry, a gatherer, an array of them/,
  ],
  "a function that returns nothing": [
    { default: async () => {} },
    /function must return a registry, a probe or an object with them$/,
  ],
  "a function that returns an object with nothing": [
    { default: () => ({ close() {} }) },
    /function must return a registry, a probe or an object with them$/,
  ],
  "an array in an object by name": [{ default: { cpu: 1 } }, /must export a registry/],
  "a function without a registry": [
    { registry: () => {} },
    /^Export "registry" must return a registry/,
  ],
  "a probe that is not one": [
    { probe: 5 },
    /^Export "probe" must be an object with "allow" and the function "probe"$/,
  ],
  "a probe without a policy": [
    { probe: { probe: () => [] } },
    /^Export "probe" must be an object with "allow" and the function "probe"$/,
  ],
  "a probe that a function does not return": [
    { probe: () => [] },
    /^Export "probe" must return an object with "allow" and the function "probe"$/,
  ],
  "probes that are not": [
    { probes: { "/a": registry } },
    /^Export "probes" must be an object of probes by their paths$/,
  ],
  "paths that are not": [{ paths: null }, /^Export "paths" must be an object of registries/],
  "two probes at a path": [
    { probe, probes: { "/probe": { ...probe } } },
    /^Path "\/probe" is exported twice$/,
  ],
  "no paths at all": [{ paths: {}, probes: {} }, /must export a registry/],
  "a hook that is not a function": [{ registry, onScrape: 1 }, /"onScrape" must be a function/],
  "a close that is not a function": [{ registry, close: "x" }, /"close" must be a function/],
};

for (const [name, [namespace, reason]] of Object.entries(WRONG)) {
  test(`exporterOf() rejects ${name}`, async () => {
    await assert.rejects(exporterOf(namespace, {}), (error) => {
      assert.ok(error instanceof ExporterError);
      assert.match(error.message, reason);
      return true;
    });
  });
}

test("exporterOf() propagates errors of the module's function", async () => {
  const error = new Error("boom");
  await assert.rejects(exporterOf({ default: () => Promise.reject(error) }, {}), error);
});
