import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { withApp } from "../../helpers/processes/with-app.ts";

// An exporter with nothing but what the preload needs; test/opentelemetry/ has the real ones.

const FOLDER = "node_modules/@opentelemetry/exporter-prometheus";

const CLASS = `
class PrometheusExporter {
  static DEFAULT_OPTIONS = { host: "127.0.0.1", withResourceConstantLabels: undefined, withoutScopeInfo: false };
  _host = PrometheusExporter.DEFAULT_OPTIONS.host;
  _port = 0;
  _endpoint = "/metrics";
  _serializer = { _withoutTargetInfo: true };
  constructor() { this.startServer().then(() => console.log("listening"), ({ code }) => console.log(code)); }
  async startServer() { console.log("own server"); }
  async stopServer() {}
  getMetricsRequestHandler() {}
  async collect() {
    const point = { attributes: {}, startTime: [0, 0], value: 3 };
    const descriptor = { name: "orders", description: "", unit: "" };
    const metric = { descriptor, aggregationTemporality: 1, dataPointType: 3, isMonotonic: true, dataPoints: [point] };
    const scopeMetrics = [{ scope: { name: "shop", version: "" }, metrics: [metric] }];
    return { resourceMetrics: { resource: { attributes: {} }, scopeMetrics }, errors: [] };
  }
}
console.log("loaded");`;

const FILES: Readonly<Record<string, string>> = {
  [`${FOLDER}/package.json`]: JSON.stringify({
    name: "@opentelemetry/exporter-prometheus",
    version: "1.2.3",
    exports: { ".": { require: "./index.cjs", default: { default: "./index.mjs" } } },
  }),
  [`${FOLDER}/index.cjs`]: `${CLASS} module.exports = { PrometheusExporter };`,
  [`${FOLDER}/index.mjs`]: `${CLASS} export { PrometheusExporter };`,
  "app.mjs": `
    import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
    new PrometheusExporter();
    process.stdin.once("data", () => process.stdin.destroy());`,
  "app.cjs": `
    const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
    new PrometheusExporter();
    process.stdin.once("data", () => process.stdin.destroy());`,
  "empty.cjs": "",
};

const PRELOAD = "promhttp/opentelemetry/register";

/** Waits for the exporter's start, and ends the application. */
async function end(child: Fixture): Promise<{ stdout: string; stderr: string }> {
  await child.line("listening");
  child.tell("end");
  const { code, stdout, stderr } = await child.exit();
  assert.equal(code, 0);
  return { stdout, stderr };
}

for (const app of ["app.mjs", "app.cjs"]) {
  for (const option of ["--require", "--import"]) {
    test(`the preload serves both classes of a copy: node ${option} ${PRELOAD} ${app}`, async () => {
      await withApp(FILES, [], async ({ node }) => {
        const child = node([option, PRELOAD, app]);
        const url = await child.errorLine(
          /^promhttp: Metrics at (\S+) \(in place of @opentelemetry\/exporter-prometheus 1\.2\.3\)$/,
        );
        const { body } = await httpGet(url);
        assert.match(`${body}`, /^orders_total\{otel_scope_name="shop"\} 3$/m);
        const { stdout, stderr } = await end(child);
        assert.equal(stdout, "loaded\nloaded\nlistening\n");
        assert.match(stderr, /^promhttp: Metrics .*\n$/);
      });
    });
  }
}

test("the preload serves in a thread of its own with PROMHTTP_THREAD=1", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const child = node(["--require", PRELOAD, "app.cjs"], { PROMHTTP_THREAD: "1" });
    const { body } = await httpGet(await child.errorLine(/^promhttp: Metrics at (\S+) /));
    assert.match(`${body}`, /^orders_total\{otel_scope_name="shop"\} 3$/m);
    assert.match(`${body}`, /^promhttp_event_loop_stuck_seconds 0$/m);
    const { stdout, stderr } = await end(child);
    assert.equal(stdout, "loaded\nloaded\nlistening\n");
    assert.match(stderr, /^promhttp: Metrics .*\n$/);
  });
});

/** Processes with nothing to replace, and all that they write. */
const QUIET: Readonly<Record<string, readonly [app: string, env: Record<string, string>]>> = {
  "loads nothing where only NODE_OPTIONS names it": ["empty.cjs", {}],
  "does not complain of a process without the exporter that inherits it": [
    "other/empty.cjs",
    { OTEL_METRICS_EXPORTER: "prometheus" },
  ],
  "loads nothing where the SDK is disabled": [
    "empty.cjs",
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_SDK_DISABLED: "true" },
  ],
};

for (const [name, [app, env]] of Object.entries(QUIET)) {
  test(`the preload ${name}`, async () => {
    const files = app === "empty.cjs" ? FILES : { "other/empty.cjs": "" };
    await withApp(files, [], async ({ node }) => {
      const child = node([app], { NODE_OPTIONS: `--require ${PRELOAD}`, ...env });
      assert.deepEqual(await child.exit(), { code: 0, signal: null, stdout: "", stderr: "" });
    });
  });
}

test("the preload loads the exporter for a process that inherits it and has a variable", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const env = { NODE_OPTIONS: `--import ${PRELOAD}`, OTEL_METRICS_EXPORTER: "otlp,prometheus" };
    const { stdout, stderr } = await node(["empty.cjs"], env).exit();
    assert.deepEqual({ stdout, stderr }, { stdout: "loaded\nloaded\n", stderr: "" });
  });
});

/** What keeps the preload from replacing the exporter's server, and all lines that say so. */
const USELESS: Readonly<
  Record<string, readonly [files: Record<string, string>, env: Record<string, string>, RegExp]>
> = {
  "an unknown strategy": [
    {},
    { PROMHTTP_OTEL_TRANSLATION_STRATEGY: "x" },
    /^promhttp: Cannot replace the server of @opentelemetry\/exporter-prometheus: Environment variable PROMHTTP_OTEL_TRANSLATION_STRATEGY must be \w+, \w+, \w+ or \w+, got "x"\n$/,
  ],
  "a switch that is neither on nor off": [
    {},
    { PROMHTTP_THREAD: "x" },
    /^promhttp: Cannot replace the server of @opentelemetry\/exporter-prometheus 1\.2\.3: Environment variable PROMHTTP_THREAD must be 0 or 1, got "x"\n$/,
  ],
  "a class of another kind": [
    {
      [`${FOLDER}/index.cjs`]: `${CLASS.replace("stopServer", "end")} module.exports = { PrometheusExporter };`,
      [`${FOLDER}/index.mjs`]: `throw new Error("broken");`,
    },
    {},
    /^promhttp: Cannot replace the server of \S+index\.cjs: its PrometheusExporter has no stopServer\(\)\npromhttp: Cannot replace the server of \S+index\.mjs: broken\n$/,
  ],
};

for (const [name, [files, env, expected]] of Object.entries(USELESS)) {
  test(`the exporter serves itself, and the preload says so, with ${name}`, async () => {
    await withApp({ ...FILES, ...files }, [], async ({ node }) => {
      const { stdout, stderr } = await end(node(["--require", PRELOAD, "app.cjs"], env));
      assert.match(stdout, /own server\nlistening\n$/);
      assert.match(stderr, expected);
    });
  });
}

const GUARDED = { PROMHTTP_ALLOWED_NETWORKS: "127.0.0.1" };

/** What the same files and variables come to where the environment says who may ask. */
const GUARDED_LINES: Readonly<Record<string, RegExp>> = {
  "an unknown strategy":
    /^promhttp: Cannot serve metrics: Environment variable PROMHTTP_OTEL_TRANSLATION_STRATEGY must be .*\n$/,
  "a switch that is neither on nor off":
    /^promhttp: Cannot serve metrics: Environment variable PROMHTTP_THREAD must be .*\n$/,
  "a class of another kind": USELESS["a class of another kind"]?.[2] ?? assert.fail(),
};

for (const [name, [files, env]] of Object.entries(USELESS)) {
  test(`nothing is served with ${name} where the environment says who may ask`, async () => {
    await withApp({ ...FILES, ...files }, [], async ({ node }) => {
      const child = node(["--require", PRELOAD, "app.cjs"], { ...GUARDED, ...env });
      await child.line("undefined");
      child.tell("end");
      const { code, stdout, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.doesNotMatch(stdout, /own server|listening/);
      assert.match(stderr, GUARDED_LINES[name] ?? assert.fail(name));
    });
  });
}

test("the preload finds the exporter of another preload, which has a folder of its own", async () => {
  const files = Object.entries(FILES).map(([path, text]) => [`operator/${path}`, text]);
  await withApp({ ...Object.fromEntries(files), "app.cjs": "" }, [], async ({ folder, node }) => {
    const other = join(folder, "operator/app.cjs");
    const child = node(["app.cjs"], {
      NODE_OPTIONS: `--require ${PRELOAD} --require ${other}`,
      OTEL_METRICS_EXPORTER: "prometheus",
    });
    await child.errorLine(/^promhttp: Metrics at /);
    await end(child);
  });
});

test("the preload says that there is no exporter, if the command line names it", async () => {
  await withApp({ "app.cjs": "" }, [], async ({ node }) => {
    const { stderr } = await node(["--require", PRELOAD, "app.cjs"]).exit();
    assert.equal(stderr, "promhttp: Cannot find @opentelemetry/exporter-prometheus\n");
  });
});

test("the preload says that OpenTelemetry was started before it", async () => {
  const started = `globalThis[Symbol.for("opentelemetry.js.api.1")] = { metrics: {} };`;
  await withApp({ ...FILES, "started.cjs": started }, [], async ({ node }) => {
    const child = node(["--require", "./started.cjs", "--require", PRELOAD, "app.cjs"]);
    await child.errorLine(
      /^promhttp: OpenTelemetry was started before promhttp\/opentelemetry\/register, so its exporter may serve itself: load it first$/,
    );
    await child.errorLine(/^promhttp: Metrics at /);
    await end(child);
  });
});

test("an exporter in a package manager leaves the port to the application", async () => {
  const files = { ...FILES, "tools/npm-cli.js": FILES["app.cjs"] as string };
  await withApp(files, [], async ({ node }) => {
    const env = { NODE_OPTIONS: `--require ${PRELOAD}`, OTEL_METRICS_EXPORTER: "prometheus" };
    const { stdout, stderr } = await end(node(["tools/npm-cli.js"], env));
    assert.deepEqual({ stdout, stderr }, { stdout: "loaded\nloaded\nlistening\n", stderr: "" });
  });
});

test("the preload serves in a thread, and says nothing there", async () => {
  const thread = `
    const { Worker } = require("node:worker_threads");
    new Worker("./app.cjs", { stdin: true }).on("error", console.error).ref();
    process.stdin.once("data", () => process.exit());`;
  await withApp({ ...FILES, "main.cjs": thread }, [], async ({ node }) => {
    const child = node(["--require", PRELOAD, "main.cjs"]);
    const { stderr } = await end(child);
    assert.equal(stderr, "");
  });
});
