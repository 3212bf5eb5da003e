import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Circumstances,
  isExplicit,
  preloadedFiles,
  reasonNotToLoad,
} from "../../../src/programs/opentelemetry/role.ts";

const ENTRY = "promhttp/opentelemetry/register";
const FILE = "/app/node_modules/promhttp/dist/opentelemetry-register.js";
const INHERITED = `--require ${ENTRY}`;

const OTHERWISE =
  "OTEL_METRICS_EXPORTER does not contain prometheus, and OTEL_CONFIG_FILE is not set";

const CASES: Readonly<
  Record<string, readonly [env: Circumstances["env"], execArgv: string[], reason?: string]>
> = {
  "a process that inherits the preload does not": [{}, [], OTHERWISE],
  "a process with another exporter does not": [
    { OTEL_METRICS_EXPORTER: "otlp,prometheus2" },
    [],
    OTHERWISE,
  ],
  "a process with an empty list does not": [{ OTEL_METRICS_EXPORTER: "" }, [], OTHERWISE],
  "a process with the exporter does": [{ OTEL_METRICS_EXPORTER: "prometheus" }, []],
  "a process with several exporters does": [{ OTEL_METRICS_EXPORTER: "otlp, prometheus " }, []],
  "a process with a configuration file does": [{ OTEL_CONFIG_FILE: "otel.yaml" }, []],
  "a process whose command line names the preload does": [{}, ["--import", ENTRY]],
  "a process whose command line names its file does": [{}, [`--require=${FILE}`]],
  "a disabled SDK does not": [
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_SDK_DISABLED: " True " },
    ["--import", ENTRY],
    "OTEL_SDK_DISABLED is true",
  ],
  "an SDK that is not disabled does": [
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_SDK_DISABLED: "false" },
    [],
  ],
  "a configuration file says itself that the SDK is disabled": [
    { OTEL_CONFIG_FILE: "otel.yaml", OTEL_SDK_DISABLED: "true" },
    [],
  ],
};

for (const [name, [env, execArgv, reason]] of Object.entries(CASES)) {
  test(`reasonNotToLoad(): ${name}`, () => {
    const inherited = { NODE_OPTIONS: INHERITED, ...env };
    assert.equal(reasonNotToLoad({ env: inherited, execArgv }), reason);
  });
}

const DATA_URL = `--import data:text/javascript,await%20import('file://${FILE}').catch(Boolean)`;

test("isExplicit() is false only for what NODE_OPTIONS alone names", () => {
  for (const NODE_OPTIONS of [INHERITED, `--import=${FILE}`, DATA_URL]) {
    assert.equal(isExplicit({ env: { NODE_OPTIONS }, execArgv: [] }), false);
    assert.equal(isExplicit({ env: { NODE_OPTIONS }, execArgv: ["--require", ENTRY] }), true);
  }
  // An application may import it as the first of its modules.
  const env = { NODE_OPTIONS: "--import promhttp/register --import ./instrumentation.mjs" };
  assert.equal(isExplicit({ env, execArgv: [] }), true);
  assert.equal(isExplicit({ env: {}, execArgv: [] }), true);
});

test("preloadedFiles() lists what is preloaded by its path", () => {
  const env = {
    NODE_OPTIONS: `${INHERITED} --require=/otel/a.js --import "/otel/b.mjs" --no-warnings`,
  };
  const execArgv = ["--import", "file:///otel/c.mjs", "-r", "./d.js"];
  assert.deepEqual(preloadedFiles({ env, execArgv }), [
    "file:///otel/c.mjs",
    "/otel/a.js",
    "/otel/b.mjs",
  ]);
  assert.deepEqual(preloadedFiles({ env: {}, execArgv: [] }), []);
});
