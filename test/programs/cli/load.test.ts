import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import client from "prom-client";
import type { Gatherer } from "../../../src/index.ts";
import { ExporterError } from "../../../src/programs/cli/exit.ts";
import { UsageError } from "../../../src/programs/cli/flags/command-line.ts";
import { loadExporter, loadFlags, ownExporter } from "../../../src/programs/cli/load.ts";
import { createContext } from "../../helpers/scraping/gathering.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

function load(module: string, folder: string) {
  return loadExporter({ module, folder, args: [], env: {} });
}

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
      assert.deepEqual((await load(module, folder)).source, [value], module);
    }
    for (const module of ["./c", "d.mjs", "/d.mjs", ""]) {
      await assert.rejects(load(module, join(folder, "d")), ExporterError, module);
    }
  });
});

test("loadExporter() finds the main file of a folder, or else a package of that name", async () => {
  await withTempDir(async (folder) => {
    await mkdir(join(folder, "a"));
    await writeFile(join(folder, "a/index.js"), "exports.registry = [1];\n");
    await mkdir(join(folder, "b"));
    await mkdir(join(folder, "node_modules/b"), { recursive: true });
    await writeFile(join(folder, "node_modules/b/index.js"), "exports.registry = [2];\n");
    assert.deepEqual((await load("./a", folder)).source, [1]);
    assert.deepEqual((await load("a", folder)).source, [1]);
    assert.deepEqual((await load("b", folder)).source, [2]);
  });
});

/** Modules that do not exist, and what the message says after their name. */
const MISSING: readonly (readonly [module: string, advice: string])[] = [
  ["missing", ': no such package is installed. Did you mean a file, "./missing"?'],
  ["my-exporter", '. Did you mean "./my-exporter.mjs"?'],
  ["my-exprter", '. Did you mean "./my-exporter.mjs"?'],
  ["./my-exporter", '. Did you mean "./my-exporter.mjs"?'],
  ["./my-exporter.js", '. Did you mean "./my-exporter.mjs"?'],
  ["my_exporter.mjs", '. Did you mean "./my-exporter.mjs"?'],
  ["lib/disk", '. Did you mean "./lib/disk.ts"?'],
  ["lib", '. Did you mean "./lib/index.mjs"?'],
  ["init", ". Did you mean --init?"],
  ["process", '. Did you mean "./process.mjs"?'],
  ["cluster", ': no such package is installed. Did you mean a file, "./cluster"?'],
  ["9100", ". Did you mean --web.listen-address=9100?"],
  [":9100", ". Did you mean --web.listen-address=:9100?"],
  ["missing.mjs", ""],
  ["./missing", ""],
  ["missing/index.js", ""],
  ["@scope/missing", ""],
  ["", ""],
];

for (const [module, advice] of MISSING) {
  test(`loadExporter() cannot find "${module}" and says "${advice}"`, async () => {
    await withTempDir(async (folder) => {
      await mkdir(join(folder, "lib"));
      for (const file of [
        "my-exporter.mjs",
        "process.mjs",
        "notes.txt",
        "lib/disk.ts",
        "lib/index.mjs",
      ]) {
        await writeFile(join(folder, file), "");
      }
      await assert.rejects(load(module, folder), {
        message: `Cannot find module "${module}"${advice}`,
      });
    });
  });
}

test("loadExporter() calls the module with the values of its flags", async () => {
  const text = `
    export const flags = { size: { type: "number", env: "SIZE", default: 1 } };
    export default ({ size }) => Array(size).fill(0);`;
  await withTempDir(async (folder) => {
    await writeFile(join(folder, "a.mjs"), text);
    const load = async (args: readonly string[], env: Readonly<Record<string, string>>) =>
      (await loadExporter({ module: "a.mjs", folder, args, env })).source;
    assert.deepEqual(await load([], {}), [0]);
    assert.deepEqual(await load([], { SIZE: "2" }), [0, 0]);
    assert.deepEqual(await load(["--size=3"], { SIZE: "2" }), [0, 0, 0]);
    await assert.rejects(load(["--szie=3"], {}), UsageError);
    const flags = await loadFlags({ module: "a.mjs", folder });
    assert.deepEqual(flags, { size: { type: "number", env: "SIZE", default: 1 } });
  });
});

test("loadExporter() serves the metrics of the process beside a probe", async () => {
  await withTempDir(async (folder) => {
    const text = 'export const probe = { allow: "any", probe: () => [] };';
    await writeFile(join(folder, "a.mjs"), text);
    const { source, paths } = await load("a.mjs", folder);
    // No client library is installed there.
    assert.deepEqual(await (source as Gatherer).gather(createContext()), { families: [] });
    assert.deepEqual(Object.keys(paths ?? {}), ["/probe"]);
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const own = (await load("a.mjs", folder)).source;
    assert.ok(Array.isArray(own) && own[0] === client.register);
  });
});

test("ownExporter() returns the default registry and the default metrics", () => {
  const { source } = ownExporter(ROOT);
  assert.ok(Array.isArray(source));
  assert.equal(source[0], client.register);
  assert.deepEqual(client.register.getMetricsAsArray(), []);
});

test("ownExporter() says what to install if there is no client library", () => {
  assert.throws(() => ownExporter("/"), {
    message: "Cannot find a client library in /. Install prom-client or @prometheus-io/client",
  });
});
