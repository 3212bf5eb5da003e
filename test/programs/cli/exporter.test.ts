import assert from "node:assert/strict";
import { test } from "node:test";
import client from "prom-client";
import { ExporterError } from "../../../src/programs/cli/exit.ts";
import { exporterOf } from "../../../src/programs/cli/exporter.ts";

const registry = new client.Registry();
const gatherer = { gather: () => ({ families: [] }) };
const list = [registry, gatherer];

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
};

for (const [name, [namespace, source]] of Object.entries(CASES)) {
  test(`exporterOf() finds ${name}`, async () => {
    const exporter = await exporterOf(namespace, {});
    assert.equal(exporter.source, source);
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

/** Exports that cannot be served, and why. */
const WRONG: Readonly<Record<string, readonly [namespace: Exports, reason: RegExp]>> = {
  nothing: [{}, /must export a registry, as default or as "registry", or a probe$/],
  "something else": [
    { default: 1, registry: "no", register: null },
    /"registry" must be a registry, a gatherer, an array of them/,
  ],
  "a function that returns nothing": [
    { default: async () => {} },
    /function must return a registry/,
  ],
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
