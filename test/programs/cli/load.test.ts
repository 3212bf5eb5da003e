import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import client from "prom-client";
import { ExporterError } from "../../../src/programs/cli/exporter.ts";
import { loadExporter, ownExporter } from "../../../src/programs/cli/load.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const ROOT = join(import.meta.dirname, "../../..");

test("loadExporter() finds a module by its path, with or without a dot, or as a package", async () => {
  await withTempDir(async (folder) => {
    await writeFile(join(folder, "a.mjs"), "export default [1];\n");
    await writeFile(join(folder, "b.cjs"), "module.exports = [2];\n");
    await mkdir(join(folder, "node_modules/c"), { recursive: true });
    await writeFile(join(folder, "node_modules/c/index.js"), "exports.registry = [3];\n");
    const found: Readonly<Record<string, number>> = {
      "./a.mjs": 1,
      "a.mjs": 1,
      [join(folder, "a.mjs")]: 1,
      "b.cjs": 2,
      c: 3,
    };
    for (const [module, value] of Object.entries(found)) {
      assert.deepEqual((await loadExporter(module, folder)).source, [value], module);
    }
    for (const module of ["./c", "d.mjs", "/d.mjs", ""]) {
      await assert.rejects(loadExporter(module, join(folder, "d")), ExporterError, module);
    }
  });
});

test("ownExporter() has the default registry, and the default metrics beside it", () => {
  const { source } = ownExporter(ROOT);
  assert.ok(Array.isArray(source));
  assert.equal(source[0], client.register);
  assert.deepEqual(client.register.getMetricsAsArray(), []);
});

test("ownExporter() says what to install where there is no client library", () => {
  assert.throws(() => ownExporter("/"), {
    message:
      "There is no client library in /. Install one: npm install prom-client, or @prometheus-io/client",
  });
});
