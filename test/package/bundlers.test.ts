import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type BuildOptions, build } from "esbuild";
import { blocksOf, readDocument, sectionOf } from "../docs/documents.ts";
import { type App, withApp } from "../helpers/processes/with-app.ts";

/** It loads what is loaded later, too. */
const APP = `
  import { collectDefaultMetrics, register } from "prom-client";
  import { render } from "promhttp";

  collectDefaultMetrics();
  const options = { accept: "application/openmetrics-text", acceptEncoding: "gzip" };
  render(register, options).then(({ contentType, contentEncoding }) => {
    console.log(contentType.split(";")[0], contentEncoding);
  });
`;
const PRINTED = "application/openmetrics-text gzip\n";

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
