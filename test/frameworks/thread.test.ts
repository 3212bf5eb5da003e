import assert from "node:assert/strict";
import { test } from "node:test";
import { readDocument } from "../docs/documents.ts";
import { BUILD_MS, programOf, withProject } from "./with-project.ts";

/** Tests that serve metrics in a thread, one after the other, and print where they were. */
const TESTS = `
import { Counter, Registry } from "prom-client";
import { Server } from "promhttp";

for (const name of ["first", "second"]) {
  test(name, async () => {
    const register = new Registry();
    new Counter({ name: "shop_orders_total", help: "Orders.", registers: [register] }).inc();
    const server = await Server.listen(register, "127.0.0.1:0", { thread: true });
    const text = await (await fetch(server.url)).text();
    expect(text).toContain("\\nshop_orders_total 1\\n");
    const isThread = text.includes("\\npromhttp_event_loop_stuck_seconds ");
    process.stdout.write(name + (isThread ? " in a thread\\n" : " in the application\\n"));
    await server.close();
  });
}`;
const FOR_JEST = { "metrics.test.js": TESTS };
const FOR_VITEST = { "metrics.test.js": `import { expect, test } from "vitest";${TESTS}` };

const JEST = programOf("jest/bin/jest.js");
const VITEST = programOf("vitest/vitest.mjs");

/** Runs a test runner, which must pass and exit, and returns what it wrote. */
async function output(
  files: Readonly<Record<string, string>>,
  args: readonly string[],
  example?: string,
): Promise<string> {
  let output = "";
  await withProject({ files, ...(example && { example }) }, async (project) => {
    const { code, stdout, stderr } = await project.node(args).exit();
    output = stdout + stderr;
    assert.equal(code, 0, output);
  });
  assert.doesNotMatch(output, /did not exit|hanging/);
  return output;
}

const NO_THREAD =
  /promhttp: Cannot start a thread for the server; it runs in that of the application: .*\bESM\b/g;

test("where Jest has Babel make CommonJS, a server runs in the application and says so", async () => {
  const text = await output(FOR_JEST, [JEST, "--ci"], "jest");
  for (const name of ["first", "second"]) assert.match(text, inApplication(name));
  assert.equal(text.match(NO_THREAD)?.length, 2, text);
});

test("where Jest runs ES modules, a server has its thread", async () => {
  const files = {
    ...FOR_JEST,
    "package.json": `{ "type": "module" }`,
    "jest.config.cjs": "module.exports = { transform: {} };",
  };
  const text = await output(files, ["--experimental-vm-modules", JEST, "--ci"]);
  for (const name of ["first", "second"]) assert.match(text, inThread(name));
  assert.doesNotMatch(text, /promhttp:/);
});

for (const pool of ["forks", "threads", "vmThreads"]) {
  test(`in Vitest, a server has its thread: ${pool}`, async () => {
    const text = await output(FOR_VITEST, [VITEST, "run", "--pool", pool]);
    for (const name of ["first", "second"]) assert.match(text, inThread(name));
    assert.doesNotMatch(text, /promhttp:/);
  });
}

/** What the guide says to a user of webpack. */
const [, LEFT_OUT = ""] =
  /webpack \| (.*) \|/.exec(readDocument("docs/guide/limitations.md").text) ?? [];

for (const [what, settings, says] of [
  // It is not a copy of that file, without what it imports: webpack cannot even minify some.
  ["is bundled", `target: "node"`, / Cannot find module '.*promhttp-thread\.js'\n$/],
  ["is left out", LEFT_OUT.replaceAll("`", "").replace(" and ", ", "), /^$/],
] as const) {
  test(`webpack, which Next.js has, builds an application with a thread: promhttp ${what}`, () => {
    const files = { "app.mjs": APP, "bundle.mjs": bundle(settings) };
    return withProject({ files }, async (project) => {
      const build = await project.node(["bundle.mjs"]).exit(BUILD_MS);
      assert.deepEqual([build.code, build.stdout], [0, "[]\n"], build.stderr);
      const { code, stdout, stderr } = await project.node(["out/app.cjs"]).exit();
      assert.deepEqual([code, stdout], [0, `${what === "is left out"}\n`], stderr);
      assert.match(stderr, says);
    });
  });
}

const APP = `
import { Server } from "promhttp";

main();

async function main() {
  const metrics = { gather: () => ({ families: [] }) };
  const server = await Server.listen(metrics, "127.0.0.1:0", { thread: true });
  const text = await (await fetch(server.url)).text();
  console.log(text.includes("promhttp_event_loop_stuck_seconds "));
  await server.close();
}`;

/** A script that runs webpack, and prints what it has against the application. */
function bundle(settings: string): string {
  return `
import { createRequire } from "node:module";

const webpack = createRequire(import.meta.url)("next/dist/compiled/webpack/webpack-lib.js");
const context = import.meta.dirname;
const output = { path: context + "/out", filename: "app.cjs" };
const options = { context, entry: "./app.mjs", mode: "none", output, ${settings} };
webpack(options, (error, stats) => {
  if (error) throw error;
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  console.log(JSON.stringify([...errors, ...warnings]));
});
`;
}

function inThread(name: string): RegExp {
  return new RegExp(`^${name} in a thread$`, "m");
}

function inApplication(name: string): RegExp {
  return new RegExp(`^${name} in the application$`, "m");
}
