import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { type BuildOptions, build, transform } from "esbuild";
import { blocksOf, readDocument, sectionOf } from "../docs/documents.ts";
import { type App, withApp } from "../helpers/processes/with-app.ts";

/** It loads what is loaded later, too: another format, a parser, and a thread that compares passwords. */
const APP = `
  import { writeFileSync } from "node:fs";
  import { collectDefaultMetrics, register } from "prom-client";
  import { render, Server } from "promhttp";

  collectDefaultMetrics();
  main();

  async function main() {
    const options = { accept: "application/openmetrics-text", acceptEncoding: "gzip" };
    const { contentType, contentEncoding } = await render(register, options);
    console.log(contentType.split(";")[0], contentEncoding);
    writeFileSync("web.yml", "basic_auth_users:\\n  alice: ${hashSync("secret", 4)}\\n");
    const server = await Server.listen(register, "127.0.0.1:0", { webConfigFile: "web.yml" });
    for (const password of ["wrong", "secret"]) {
      const authorization = "Basic " + btoa("alice:" + password);
      const { status } = await fetch(server.url, { headers: { authorization } });
      console.log(status);
    }
    await server.close();
  }
`;
const PRINTED = "application/openmetrics-text gzip\n401\n200\n";

/** The command that the guide shows. */
const COMMAND = bundlerCommand();
const BANNER = /--banner:js='([^']*)'/.exec(COMMAND)?.[1] ?? "";

function bundlerCommand(): string {
  const text = sectionOf(readDocument("docs/guide/limitations.md"), "Bundlers");
  const [block] = blocksOf({ path: "docs/guide/limitations.md", text });
  return block?.code ?? "";
}

/** Bundles the application, and runs the bundle. */
async function bundle(app: App, options: BuildOptions) {
  const outfile = join(app.folder, options.format === "cjs" ? "out/app.cjs" : "out/app.mjs");
  await build({
    entryPoints: [join(app.folder, "app.mjs")],
    outfile,
    bundle: true,
    platform: "node",
    logLevel: "silent",
    ...options,
  });
  return app.node([outfile]).exit();
}

test("esbuild bundles the package and prom-client as an ES module with the guide's banner", () =>
  withApp({ "app.mjs": APP }, ["prom-client"], async (app) => {
    assert.match(COMMAND, /^npx esbuild app\.mjs --bundle --platform=node --format=esm /);
    assert.match(BANNER, /createRequire/);
    const { code, stdout, stderr } = await bundle(app, { format: "esm", banner: { js: BANNER } });
    assert.deepEqual([code, stdout], [0, PRINTED], stderr);
    // Without it prom-client fails, and the guide says how.
    assert.match((await bundle(app, { format: "esm" })).stderr, /Dynamic require of "util"/);
  }));

test("esbuild bundles the package and prom-client as CommonJS", () =>
  withApp({ "app.mjs": APP }, ["prom-client"], async (app) => {
    const { code, stdout, stderr } = await bundle(app, { format: "cjs", minify: true });
    assert.deepEqual([code, stdout], [0, PRINTED], stderr);
  }));

const THREADED = `
  import { Server } from "promhttp";

  main();

  async function main() {
    const metrics = { gather: () => ({ families: [] }) };
    const server = await Server.listen(metrics, "127.0.0.1:0", { thread: true });
    console.log((await fetch(server.url)).status);
    await server.close();
  }
`;

for (const format of ["esm", "cjs"] as const) {
  test(`a bundle has no file for a thread, and starts none that lies beside it: ${format}`, () =>
    withApp(
      { "app.mjs": THREADED, "out/thread.js": "console.log('not ours');" },
      [],
      async (app) => {
        const { code, stdout, stderr } = await bundle(app, { format });
        assert.deepEqual([code, stdout], [0, "200\n"], stderr);
        assert.match(stderr, /^promhttp: Cannot start a thread for the server; .*\n$/);
      },
    ));
}

test("an application has its thread where its bundle leaves the package out, as the guide says", () =>
  withApp({ "app.mjs": THREADED }, [], async (app) => {
    const guide = readDocument("docs/guide/limitations.md").text;
    const [, external = ""] = /\| esbuild \| `--external:(.*)` \|/.exec(guide) ?? [];
    const { code, stdout, stderr } = await bundle(app, { format: "esm", external: [external] });
    assert.deepEqual([code, stdout, stderr], [0, "200\n", ""]);
  }));

test("a bundle without the file of the thread serves in the application, and says so", () => {
  const app = APP.replace("webConfigFile:", "thread: true, webConfigFile:");
  return withApp({ "app.mjs": app }, ["prom-client"], async (bundled) => {
    const parts = [{ format: "esm", banner: { js: BANNER } }, { format: "cjs" }] as const;
    for (const options of parts) {
      const { code, stdout, stderr } = await bundle(bundled, options);
      assert.deepEqual([code, stdout], [0, PRINTED], stderr);
      assert.match(stderr, /^promhttp: Cannot start a thread for the server; it runs in that of /);
    }
  });
});

test("a bundler that copies the file of the thread can minify it as a script, as webpack 5.90 does", async () => {
  const file = new URL("../../dist/promhttp-thread.js", import.meta.url);
  // It fails for what only a module may have, except for its imports.
  await transform(await readFile(file, "utf8"), { format: "iife", minify: true });
});
