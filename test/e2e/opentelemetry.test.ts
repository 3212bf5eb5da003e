import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { Server } from "../../src/index.ts";
import { PrometheusReader } from "../../src/opentelemetry.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { eventually, failedScrapes, type Scraper, startPrometheus } from "./programs.ts";

const SDK = fileURLToPath(
  new URL("../opentelemetry/sdk-2/node_modules/@opentelemetry", import.meta.url),
);

/** It records nothing itself. Both instrumentations measure what it requests, under one name. */
const APP = `
  const { createServer, get } = require("node:http");
  const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1", async () => {
    const url = "http://127.0.0.1:" + server.address().port;
    for (let request = 0; request < 3; request++) await (await fetch(url)).text();
    get(url, (response) => response.resume().once("end", () => console.log("ready")));
  });`;

/** Runs a test with the zero-code process, at the address of its metrics. */
async function withZeroCode(
  preloads: readonly string[],
  test: (url: string) => Promise<void>,
): Promise<void> {
  await withApp({ "app.cjs": APP }, [], async (app) => {
    await symlink(SDK, join(app.folder, "node_modules/@opentelemetry"));
    const port = await freePort();
    const process = app.node([...preloads.flatMap((name) => ["--require", name]), "app.cjs"], {
      OTEL_METRICS_EXPORTER: "prometheus",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      // Those of clouds ask servers that are not there.
      OTEL_NODE_RESOURCE_DETECTORS: "env,host,process",
      OTEL_EXPORTER_PROMETHEUS_HOST: "127.0.0.1",
      OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
    });
    await process.line("ready");
    await test(`http://127.0.0.1:${port}/metrics`);
  });
}

const ZERO_CODE = "@opentelemetry/auto-instrumentations-node/register";

test("promtool refuses what the exporter of a zero-code process says", async () => {
  await withZeroCode([ZERO_CODE], async (url) => {
    const { status, output } = await checkMetrics(url);
    assert.equal(status, 1);
    assert.match(output, /second HELP line for metric name "http_client_request_duration"/);
  });
});

test("promtool and Prometheus read what the preload says of a zero-code process", async () => {
  await withZeroCode(["promhttp/opentelemetry/register", ZERO_CODE], async (url) => {
    const { status, output } = await checkMetrics(url);
    assert.equal(status, 0, output);
    const job = { name: "app", url, interval: "1s", timeout: "1s" };
    await using prometheus = await startPrometheus([job]);
    assert.equal(await failedScrapes(prometheus, "app", 2), 0);
    const samples = await prometheus.query("http_client_request_duration_count");
    const counts = samples.map(({ metric, value }) => [metric["otel_scope_name"], value]);
    assert.deepEqual(Object.fromEntries(counts), {
      "@opentelemetry/instrumentation-http": "1",
      "@opentelemetry/instrumentation-undici": "3",
    });
    const [target] = await prometheus.query("target_info");
    assert.equal(target?.metric["telemetry_sdk_name"], "opentelemetry");
  });
});

const reader = new PrometheusReader({
  defaultAggregation: (type) => ({ type: type === "HISTOGRAM" ? 5 : 0 }),
});
const wait = new MeterProvider({ readers: [reader] })
  .getMeter("shop")
  .createHistogram("wait", { unit: "s" });
// Evenly up to ten seconds.
for (let count = 1; count <= 1_280; count++) wait.record(count / 128);
wait.record(0, { queue: "empty" });
// Not zero, but within the zero bucket of a native histogram.
wait.record(1e-200, { queue: "fast" });
const server = await Server.listen(reader, "127.0.0.1:0");
after(() => server.close());

const job = { name: "shop", url: server.url, interval: "1s", timeout: "1s" };

test("Prometheus computes quantiles of the classic buckets of exponential histograms", async () => {
  await using prometheus = await startPrometheus([job]);
  assert.equal(await failedScrapes(prometheus, "shop", 2), 0);
  assert.equal(await readValue(prometheus, 'wait_seconds_count{queue=""}'), 1_280);
  assert.equal(await readValue(prometheus, 'wait_seconds_bucket{queue="",le="4.0"}'), 512);
  // Exact, because the observations in each bucket are as even as Prometheus takes them to be.
  assert.equal(await quantileOf(prometheus, 'wait_seconds_bucket{queue=""}'), 5);
  assert.equal(await quantileOf(prometheus, 'wait_seconds_bucket{queue="empty"}'), 0);
});

test("Prometheus computes quantiles of exponential histograms as native histograms", async () => {
  await using prometheus = await startPrometheus([job], "--enable-feature=native-histograms");
  assert.equal(await failedScrapes(prometheus, "shop", 2), 0);
  assert.equal(await readValue(prometheus, 'histogram_count(wait_seconds{queue=""})'), 1_280);
  assert.equal(await readValue(prometheus, 'histogram_sum(wait_seconds{queue=""})'), 6_405);
  const median = await quantileOf(prometheus, 'wait_seconds{queue=""}');
  // 160 buckets for ten octaves: each is 4 % wide.
  assert.ok(median > 4.8 && median < 5.2, `${median}`);
  assert.equal(await quantileOf(prometheus, 'wait_seconds{queue="empty"}'), 0);
  const least = await quantileOf(prometheus, 'wait_seconds{queue="fast"}');
  assert.ok(least > 0 && least < 1e-128, `${least}`);
});

async function readValue(prometheus: Scraper, promql: string): Promise<number> {
  const [sample] = await prometheus.query(promql);
  return Number(sample?.value);
}

function quantileOf(prometheus: Scraper, histogram: string): Promise<number> {
  return readValue(prometheus, `histogram_quantile(0.5, ${histogram})`);
}

async function checkMetrics(url: string): Promise<{ status: number | null; output: string }> {
  // The application may be ready before the port is open.
  const response = await eventually(url, () => fetch(url));
  const input = await response.text();
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}
