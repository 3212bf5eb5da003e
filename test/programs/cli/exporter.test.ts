import assert from "node:assert/strict";
import { test } from "node:test";
import client from "prom-client";
import { ExporterError, exporterOf } from "../../../src/programs/cli/exporter.ts";

const registry = new client.Registry();
const gatherer = { gather: () => ({ families: [] }) };
const list = [registry, gatherer];

type Exports = Readonly<Record<string, unknown>>;

/** Exports in which there is something to serve. */
const CASES: Readonly<Record<string, readonly [namespace: Exports, source: unknown]>> = {
  "a default export": [{ default: registry }, registry],
  "an export called registry": [{ registry }, registry],
  "an export called register": [{ register: registry }, registry],
  "the default export rather than a name": [{ default: gatherer, registry }, gatherer],
  "a name where the default export is something else": [{ default: { x: 1 }, registry }, registry],
  "a gatherer": [{ default: gatherer }, gatherer],
  "an array": [{ default: list }, list],
  "a function": [{ default: () => registry }, registry],
  "an async function": [{ default: async () => list }, list],
  "an async function with a name": [{ registry: async () => registry }, registry],
  "a promise": [{ registry: Promise.resolve(registry) }, registry],
  "CommonJS: what is assigned to module.exports": [{ default: registry }, registry],
  "CommonJS: a property of exports": [{ default: { registry } }, registry],
  "CommonJS made of a default export": [
    { default: { default: registry, __esModule: true } },
    registry,
  ],
  "a client library that is exported as it is": [{ default: client }, client.register],
};

for (const [name, [namespace, source]] of Object.entries(CASES)) {
  test(`exporterOf() finds ${name}`, async () => {
    const exporter = await exporterOf(namespace);
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
    const exporter = await exporterOf(namespace);
    const context = { signal: new AbortController().signal };
    exporter.onScrape?.(context);
    exporter.close?.();
    assert.deepEqual(calls.splice(0), [context, "close"]);
  }
});

test("exporterOf() calls a hook as a method of what has it", async () => {
  const exporter = {
    ...gatherer,
    isOpen: true,
    close() {
      this.isOpen = false;
    },
  };
  (await exporterOf({ default: exporter })).close?.();
  assert.equal(exporter.isOpen, false);
});

/** Exports that cannot be served, and why. */
const WRONG: Readonly<Record<string, readonly [namespace: Exports, reason: RegExp]>> = {
  nothing: [{}, /exports no registry: export one as default, or as "registry"$/],
  "something else": [{ default: 1, registry: "no", register: null }, /exports no registry/],
  "a function that returns nothing": [{ default: async () => {} }, /function returns no registry/],
  "a hook that is no function": [{ registry, onScrape: 1 }, /"onScrape" is not a function/],
  "a close that is no function": [{ registry, close: "x" }, /"close" is not a function/],
};

for (const [name, [namespace, reason]] of Object.entries(WRONG)) {
  test(`exporterOf() refuses ${name}`, async () => {
    await assert.rejects(exporterOf(namespace), (error) => {
      assert.ok(error instanceof ExporterError);
      assert.match(error.message, reason);
      return true;
    });
  });
}

test("exporterOf() passes on what the module's function throws", async () => {
  const error = new Error("boom");
  await assert.rejects(exporterOf({ default: () => Promise.reject(error) }), error);
});
