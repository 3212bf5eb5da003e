import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import { withBusyPort } from "../../helpers/http/with-busy-port.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { withApp } from "../../helpers/processes/with-app.ts";
import { parseText } from "../../judge/index.ts";
import {
  COMMONJS_APP,
  ESM_APP,
  FAKE_LIBRARY,
  preloaded,
  scrape,
  TALKATIVE,
  urlOf,
} from "./apps.ts";

const PROM_CLIENT = ["prom-client"];

/** Tells an application to end; it must do so by itself, and log nothing else of ours. */
async function end(child: Fixture): Promise<void> {
  child.tell("end");
  const { code, stdout, stderr } = await child.exit();
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "ready\n" });
  assert.match(stderr, /^PROMHTTP \d+: Metrics at \S+\n$/);
}

const FILES = {
  "app.mjs": ESM_APP,
  "app.cjs": COMMONJS_APP,
  "app.js": COMMONJS_APP,
  "package.json": `{"main":"app.cjs"}`,
};

/** The ways to preload, and to name an application. */
const WAYS: readonly (readonly string[])[] = [
  ["--import", "promhttp/register", "app.mjs"],
  ["--import", "promhttp/register", "app.cjs"],
  ["--import=promhttp/register", "./app.mjs"],
  ["--require", "promhttp/register", "app.mjs"],
  ["--require", "promhttp/register", "app.cjs"],
  ["-r", "promhttp/register", "app"],
  ["-r", "promhttp/register", "."],
  ["-r", "promhttp/register", "--eval", COMMONJS_APP],
];

for (const args of WAYS) {
  test(`the preload serves: node ${args.join(" ").split("\n")[0]}`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const child = app.node(args, TALKATIVE);
      const text = await scrape(child);
      assert.match(text, /^app_orders_total 3$/m);
      assert.match(text, /^process_cpu_seconds_total\{worker="0"\} \d/m);
      assert.match(text, /^promhttp_metric_handler_requests_total\{code="200"\} \d/m);
      await end(child);
    });
  });
}

for (const option of ["--import", "--require"]) {
  test(`the preload serves: NODE_OPTIONS="${option} promhttp/register" node app.mjs`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const env = { ...TALKATIVE, NODE_OPTIONS: `${option} promhttp/register` };
      const child = app.node(["app.mjs"], env);
      assert.match(await scrape(child), /^app_orders_total 3$/m);
      await end(child);
    });
  });
}

test("the preload serves the registry of @prometheus-io/client", async () => {
  const text = ESM_APP.replace("prom-client", "@prometheus-io/client");
  await withApp({ "app.mjs": text }, ["@prometheus-io/client"], async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    const body = await scrape(child);
    assert.match(body, /^app_orders_total 3$/m);
    assert.match(body, /^process_cpu_seconds_total\{worker="0"\} \d/m);
    await end(child);
  });
});

test("the preload finds the library of the application's folder, not of its own", async () => {
  const files = { "shop/app.mjs": ESM_APP, "shop/node_modules/prom-client/index.js": FAKE_LIBRARY };
  await withApp(files, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["shop/app.mjs"]);
    assert.match(await scrape(child), /^fake 1$/m);
    await end(child);
  });
});

test("the preload serves one of two libraries if the other cannot be loaded", async () => {
  const files = {
    "app.mjs": ESM_APP,
    "node_modules/@prometheus-io/client/index.js": `throw new Error("broken");`,
  };
  await withApp(files, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await child.errorLine(/^promhttp: Cannot load \S+\/client\/index.js: broken$/);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("the preload serves each default metric once if the application collects them too", async () => {
  const text = `${ESM_APP}
    import { collectDefaultMetrics } from "prom-client";
    process.stdin.once("data", () => {});
    collectDefaultMetrics();`;
  await withApp({ "app.mjs": text }, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    const body = await scrape(child);
    // Throws for a duplicate family or series.
    parseText(body);
    assert.equal(body.match(/^process_cpu_seconds_total\{worker="0"\} /gm)?.length, 1);
    await end(child);
  });
});

test("PROMHTTP_DEFAULT_METRICS=0 omits the default metrics", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"], { PROMHTTP_DEFAULT_METRICS: "0" });
    const body = await scrape(child);
    assert.match(body, /^app_orders_total 3$/m);
    assert.doesNotMatch(body, /^process_/m);
    await end(child);
  });
});

test("PROMHTTP_PATH is the path of the metrics", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"], { PROMHTTP_PATH: "/internal/metrics" });
    assert.match(await urlOf(child), /^http:\/\/127\.0\.0\.1:\d+\/internal\/metrics$/);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await end(child);
  });
});

test("OpenTelemetry's variables apply if ours are not set", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    const env = { PROMHTTP_ADDRESS: "", OTEL_EXPORTER_PROMETHEUS_PORT: "0" };
    const child = preloaded(app, ["app.mjs"], env);
    // Its specification says "localhost" if the host is not set.
    assert.match(await urlOf(child), /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/metrics$/);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await end(child);
  });
});

test("the preload logs a failing collector in one line, with its stack the first time", async () => {
  const text = `${ESM_APP}
    import { Gauge } from "prom-client";
    new Gauge({ name: "app_fails", help: "Fails.", collect() { throw new Error("no database"); } });`;
  await withApp({ "app.mjs": text }, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    const url = await urlOf(child);
    for (let scrapes = 0; scrapes < 3; scrapes++) assert.equal((await httpGet(url)).status, 500);
    child.tell("end");
    const { stderr } = await child.exit();
    assert.equal(stderr.match(/^promhttp: .*no database/gm)?.length, 1);
    assert.equal(stderr.match(/^ {4}at \S*collect .*app\.mjs:\d+:\d+\)$/gm)?.length, 1);
  });
});

/** Environments in which the preload cannot serve, and its message. */
const USELESS: Readonly<Record<string, readonly [env: Record<string, string>, reason: string]>> = {
  "a bad address": [
    { PROMHTTP_ADDRESS: "nowhere" },
    'Environment variable PROMHTTP_ADDRESS must be an address such as ":9464", "127.0.0.1:9464", ' +
      '"[::1]:9464", "localhost:9464" or "unix:/run/app.sock", got "nowhere"',
  ],
  "a bad path": [
    { PROMHTTP_PATH: "metrics" },
    'Environment variable PROMHTTP_PATH must be a path such as /metrics, got "metrics"',
  ],
  "a bad port of OpenTelemetry": [
    { PROMHTTP_ADDRESS: "", OTEL_EXPORTER_PROMETHEUS_PORT: "x" },
    'Environment variable OTEL_EXPORTER_PROMETHEUS_PORT must be a port such as 9464, got "x"',
  ],
  "a missing folder": [
    { PROMHTTP_ADDRESS: "unix:missing/app.sock" },
    'Cannot listen on "unix:missing/app.sock": no such directory',
  ],
};

for (const [name, [env, reason]] of Object.entries(USELESS)) {
  test(`the preload logs one line when it cannot serve because of ${name}`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const child = preloaded(app, ["app.mjs"], env);
      await child.errorLine(/^promhttp: /);
      child.tell("end");
      const { stdout, ...exit } = await child.exit();
      assert.equal(stdout, "ready\n");
      const stderr = `promhttp: Cannot serve metrics: ${reason}\n`;
      assert.deepEqual(exit, { code: 0, signal: null, stderr });
    });
  });
}

test("the preload logs one line for a busy port, and the application runs", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    await withBusyPort(async (port) => {
      const child = preloaded(app, ["app.mjs"], { PROMHTTP_ADDRESS: `127.0.0.1:${port}` });
      await child.errorLine(/^promhttp: /);
      child.tell("end");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      const reason = `Cannot listen on "127.0.0.1:${port}": address already in use`;
      assert.equal(stderr, `promhttp: Cannot serve metrics: ${reason}\n`);
    });
  });
});
