/** What the guide's page tells to run, run with each SDK that it is for. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { blocksOf, readDocument, sectionOf } from "../docs/documents.ts";
import { SDKS, type Sdk, ZERO_CODE_SDKS } from "./sdk.ts";
import { withSdkApp } from "./sdk-app.ts";

const EXAMPLES = new URL("../../examples/opentelemetry/", import.meta.url);
const SCRIPTS = blocksOf({
  path: "docs/guide/opentelemetry.md",
  text: sectionOf(readDocument("docs/guide/opentelemetry.md"), "Without changing the application"),
})
  .filter(({ language }) => language === "sh")
  .map(({ code }) => code);

/** An application that answers itself, and ends on SIGTERM unless somebody else sees to that. */
const APP = `
  const http = require("node:http");
  const server = http.createServer((_request, response) => response.end("Hello"));
  server.listen(0, "127.0.0.1", () => http.get({ port: server.address().port }));
  process.on("SIGTERM", () => server.close(() => process.exit()));
`;

const example = (name: string) => readFileSync(new URL(name, EXAMPLES), "utf8");

const FILES = {
  "app.js": APP,
  "configured.mjs": example("configured.mjs"),
  "instrumentation.mjs": example("instrumentation.mjs"),
  "sdk-1.mjs": example("sdk-1.mjs"),
  "sdk-config.yaml": example("sdk-config.yaml"),
};

/** Runs a script until its metrics show a sign, and ends it. */
async function check(sdk: Sdk, script: string, sign: RegExp): Promise<string> {
  let shown = "";
  await withSdkApp(sdk, { files: FILES, sign }, async ({ run }) => {
    const { process, text } = await run(script);
    shown = text;
    process.signal("SIGTERM");
    const { code, signal } = await process.exit();
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });
  assert.match(shown, /^promhttp_metric_handler_requests_total/m, "it is served by another server");
  return shown;
}

for (const sdk of ZERO_CODE_SDKS) {
  const [byVariable = "", byImport = "", byFile = ""] = SCRIPTS;
  const scripts = {
    "--require": byVariable,
    "--import": `export OTEL_METRICS_EXPORTER=prometheus\n${byImport}`,
  };
  for (const [way, script] of Object.entries(scripts)) {
    test(`${sdk.name}: the preload of the guide by ${way} keeps the exporter's names`, async () => {
      assert.match(script, new RegExp(`node ${way} promhttp/opentelemetry/register`));
      await check(sdk, script, /^http_server_request_duration_count\{/m);
    });
  }

  test(`${sdk.name}: the preload of the guide serves what a file declares`, async () => {
    assert.match(byFile, /OTEL_CONFIG_FILE/);
    await check(sdk, byFile, /^# TYPE promhttp_/m);
  });

  test(`${sdk.name}: the example of the NodeSDK has the specification's names`, async () => {
    const script = "node --import ./instrumentation.mjs app.js";
    await check(sdk, script, /^http_server_request_duration_seconds_count\{/m);
  });
}

for (const sdk of SDKS.filter(({ major }) => major === 1)) {
  test(`${sdk.name}: the example of gathererOf() serves a reader of its own class`, async () => {
    const text = await check(sdk, "node sdk-1.mjs", /^shop_orders_total\{/m);
    assert.match(text, /^shop_orders_total\{otel_scope_name="shop"\} 1$/m);
  });
}
