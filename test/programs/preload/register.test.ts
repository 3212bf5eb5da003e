import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fixture } from "../../helpers/fork-fixture.ts";
import { withApp } from "../../helpers/with-app.ts";
import { withBusyPort } from "../../helpers/with-busy-port.ts";
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

/** Tells an application to end; it must do so by itself, without a word of ours. */
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
  test(`The preload serves: node ${args.join(" ").split("\n")[0]}`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const child = app.node(args, TALKATIVE);
      const text = await scrape(child);
      assert.match(text, /^app_orders_total 3$/m);
      assert.match(text, /^process_cpu_seconds_total \d/m);
      assert.match(text, /^promhttp_metric_handler_requests_total\{code="200"\} \d/m);
      await end(child);
    });
  });
}

for (const option of ["--import", "--require"]) {
  test(`The preload serves: NODE_OPTIONS="${option} promhttp/register" node app.mjs`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const env = { ...TALKATIVE, NODE_OPTIONS: `${option} promhttp/register` };
      const child = app.node(["app.mjs"], env);
      assert.match(await scrape(child), /^app_orders_total 3$/m);
      await end(child);
    });
  });
}

test("The preload serves the registry of @prometheus-io/client", async () => {
  const text = ESM_APP.replace("prom-client", "@prometheus-io/client");
  await withApp({ "app.mjs": text }, ["@prometheus-io/client"], async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    const body = await scrape(child);
    assert.match(body, /^app_orders_total 3$/m);
    assert.match(body, /^process_cpu_seconds_total \d/m);
    await end(child);
  });
});

test("The preload finds the library from the application's folder, not from its own", async () => {
  const files = { "shop/app.mjs": ESM_APP, "shop/node_modules/prom-client/index.js": FAKE_LIBRARY };
  await withApp(files, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["shop/app.mjs"]);
    assert.match(await scrape(child), /^fake 1$/m);
    await end(child);
  });
});

test("The preload serves one of two libraries where the other cannot be loaded", async () => {
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

test("The application may collect default metrics itself, and nothing is served twice", async () => {
  const text = `${ESM_APP}
    import { collectDefaultMetrics } from "prom-client";
    process.stdin.once("data", () => {});
    collectDefaultMetrics();`;
  await withApp({ "app.mjs": text }, PROM_CLIENT, async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    const body = await scrape(child);
    // It refuses a family or a series that stands twice.
    parseText(body);
    assert.equal(body.match(/^process_cpu_seconds_total /gm)?.length, 1);
    await end(child);
  });
});

test("PROMHTTP_DEFAULT_METRICS=0 leaves the default metrics out", async () => {
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

test("OpenTelemetry's variables hold where ours are not set", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    const env = { PROMHTTP_ADDRESS: "", OTEL_EXPORTER_PROMETHEUS_PORT: "0" };
    const child = preloaded(app, ["app.mjs"], env);
    // Its specification says "localhost" where the host is not set.
    assert.match(await urlOf(child), /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/metrics$/);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await end(child);
  });
});

/** What makes the preload serve nothing, and what it says. */
const USELESS: Readonly<Record<string, readonly [env: Record<string, string>, reason: string]>> = {
  "a bad address": [
    { PROMHTTP_ADDRESS: "nowhere" },
    'The environment variable PROMHTTP_ADDRESS cannot be used: "nowhere". Use ":9464", ' +
      '"127.0.0.1:9464", "[::1]:9464", "localhost:9464" or "unix:/run/app.sock"',
  ],
  "a bad path": [
    { PROMHTTP_PATH: "metrics" },
    'The environment variable PROMHTTP_PATH cannot be used: "metrics". Use a path, such as /metrics',
  ],
  "a bad port of OpenTelemetry": [
    { PROMHTTP_ADDRESS: "", OTEL_EXPORTER_PROMETHEUS_PORT: "x" },
    'The environment variable OTEL_EXPORTER_PROMETHEUS_PORT cannot be used: "x". ' +
      "Use a port, such as 9464",
  ],
  "a folder that is not there": [
    { PROMHTTP_ADDRESS: "unix:missing/app.sock" },
    'Cannot listen on "unix:missing/app.sock": permission denied',
  ],
};

for (const [name, [env, reason]] of Object.entries(USELESS)) {
  test(`The preload says in one line that it serves nothing for ${name}`, async () => {
    await withApp(FILES, PROM_CLIENT, async (app) => {
      const child = preloaded(app, ["app.mjs"], env);
      await child.errorLine(/^promhttp: /);
      child.tell("end");
      const { stdout, ...exit } = await child.exit();
      assert.equal(stdout, "ready\n");
      const stderr = `promhttp: No metrics are served: ${reason}\n`;
      assert.deepEqual(exit, { code: 0, signal: null, stderr });
    });
  });
}

test("A busy port is one line, and the application runs", async () => {
  await withApp(FILES, PROM_CLIENT, async (app) => {
    await withBusyPort(async (port) => {
      const child = preloaded(app, ["app.mjs"], { PROMHTTP_ADDRESS: `127.0.0.1:${port}` });
      await child.errorLine(/^promhttp: /);
      child.tell("end");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      const reason = `Cannot listen on "127.0.0.1:${port}": address already in use`;
      assert.equal(stderr, `promhttp: No metrics are served: ${reason}\n`);
    });
  });
});
