import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { IMetricReader, MeterProviderOptions } from "@opentelemetry/sdk-metrics";
import type { ExporterConfig } from "../../src/exporter/exporter-config.ts";
import { PrometheusExporter } from "../../src/exporter/prometheus-exporter.ts";
import { PrometheusReader } from "../../src/gatherers/opentelemetry/reader.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { forkNode } from "../helpers/processes/fork-fixture.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { SDKS, type Sdk } from "./sdk.ts";

// An application that exports with @opentelemetry/exporter-prometheus changes one line, and nothing else
// changes. SDK 1 accepts only readers of its own class.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const THEIRS = "@opentelemetry/exporter-prometheus";
const OURS = "promhttp/opentelemetry";

/** The application in the README of the exporter, with another port. */
async function readExample(sdk: Sdk, port: number): Promise<string> {
  const readme = await readFile(join(sdk.folder, "node_modules", THEIRS, "README.md"), "utf8");
  const example = /```js\n(.*?counter\.add.*?)```/s.exec(readme)?.[1] ?? assert.fail();
  assert.match(example, /port: 9464/);
  return example.replace("port: 9464", `port: ${port}`);
}

/** The same as an ES module. */
function toModule(code: string): string {
  return code.replace(/const (\{[^}]*\}) *= require\((.*?)\)/g, "import $1 from $2");
}

/** Runs an application in a folder that has the SDK and our package, until it has served one scrape. */
async function scrapeApplication(sdk: Sdk, file: string, code: string, port: number) {
  let result = { body: "", log: "" };
  await withTempDir(async (folder) => {
    const modules = join(folder, "node_modules");
    await mkdir(modules);
    await symlink(join(sdk.folder, "node_modules/@opentelemetry"), join(modules, "@opentelemetry"));
    await symlink(ROOT, join(modules, "promhttp"));
    // Neither server keeps the process alive.
    const ending = "process.stdin.once('data', () => process.stdin.destroy());";
    await writeFile(join(folder, file), `${code}\n${ending}\nconsole.log("ready");\n`);
    const env = { OTEL_EXPORTER_PROMETHEUS_HOST: undefined, OTEL_LOG_LEVEL: undefined };
    const child = forkNode([join(folder, file)], { cwd: folder, env });
    await child.line("ready");
    const body = await scrapeWhenReady(`http://127.0.0.1:${port}/metrics`);
    child.tell("end");
    const { code: status, stderr: log } = await child.exit();
    assert.equal(status, 0, log);
    result = { body, log };
  });
  return result;
}

async function scrapeWhenReady(url: string): Promise<string> {
  for (;;) {
    try {
      return `${(await httpGet(url)).body}`;
    } catch (error) {
      // Its server is about to listen.
      assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    }
  }
}

/**
 * The samples of a body, in order, each with its labels in order. Those about the scrapes are ours alone, an
 * empty label is none to Prometheus, each process has a pid of its own, and the exporter of SDK 2.0 does not
 * have the labels of scopes yet.
 */
function samplesOf(body: string, sdk: Sdk): string[] {
  const ignored = sdk.name === "sdk-2.0" ? /=""$|^pid=|^otel_scope_/ : /=""$|^pid=/;
  const lines = body.split("\n").filter((line) => /^(?!#|promhttp_|$)/.test(line));
  const inOrder = lines.map((line) => {
    const [, name = line, labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const pairs = labels.match(/\w+="(?:\\.|[^"\\])*"/g) ?? [];
    return `${name}{${pairs.filter((pair) => !ignored.test(pair)).sort()}} ${value}`;
  });
  return inOrder.sort();
}

const NEW_SDKS = SDKS.filter(({ major }) => major > 1);

for (const sdk of NEW_SDKS) {
  for (const file of ["app.cjs", "app.mjs"]) {
    test(`the exporter's own example serves the same as ${file} with ${sdk.name}`, async () => {
      const port = await freePort();
      const code = await readExample(sdk, port);
      const theirs = file.endsWith(".mjs") ? toModule(code) : code;
      const ours = theirs.replace(THEIRS, OURS);
      assert.equal(changedLines(theirs, ours), 1);
      const before = await scrapeApplication(sdk, file, theirs, port);
      const now = await scrapeApplication(sdk, file, ours, port);
      const samples = samplesOf(before.body, sdk);
      assert.ok(samples.some((line) => line.startsWith("metric_name_total")));
      assert.deepEqual(samplesOf(now.body, sdk), samples);
      const [line = "", ...others] = now.log.trim().split("\n");
      assert.deepEqual(others, []);
      assert.equal(line.includes("on every interface"), sdk.major < 3, line);
      assert.match(line, new RegExp(`default for @opentelemetry/sdk-metrics ${sdk.major}\\.`));
    });
  }
}

function changedLines(before: string, now: string): number {
  const lines = now.split("\n");
  return before.split("\n").filter((line, index) => line !== lines[index]).length;
}

for (const sdk of NEW_SDKS) {
  test(`collect() gives what PrometheusSerializer of ${sdk.name} writes, for those who push`, async () => {
    const { PrometheusSerializer } = sdk.require(THEIRS) as {
      readonly PrometheusSerializer: new () => { serialize(metrics: unknown): string };
    };
    const exporter = new PrometheusExporter({ preventServerStart: true });
    const provider = new sdk.metrics.MeterProvider({ readers: [exporter] });
    provider.getMeter("m").createCounter("pushes").add(2);
    const { resourceMetrics } = await exporter.collect();
    assert.match(new PrometheusSerializer().serialize(resourceMetrics), /^pushes_total\b.* 2$/m);
  });
}

for (const sdk of SDKS.filter(({ major }) => major === 1)) {
  for (const reader of [
    new PrometheusReader(),
    new PrometheusExporter({ preventServerStart: true }),
  ]) {
    test(`${reader.constructor.name} says what SDK 1 needs instead`, () => {
      const provider = new sdk.metrics.MeterProvider({ readers: [reader] });
      assert.throws(() => provider.getMeter("m").createCounter("c"), {
        name: "TypeError",
        message:
          "Cannot use this reader with OpenTelemetry SDK 1: pass one of that SDK to gathererOf()",
      });
    });
  }
}

/** The options of the exporter that change what is served. */
const CONFIGS: Readonly<Record<string, ExporterConfig>> = {
  "no options": {},
  "a prefix": { prefix: "app" },
  "an empty prefix": { prefix: "" },
  "a prefix with underscores": { prefix: "_my__app_" },
  withoutScopeInfo: { withoutScopeInfo: true },
  withoutTargetInfo: { withoutTargetInfo: true },
  withResourceConstantLabels: { withResourceConstantLabels: /^service\.n/ },
  appendTimestamp: { appendTimestamp: false },
};

for (const sdk of NEW_SDKS) {
  for (const [name, config] of Object.entries(CONFIGS)) {
    // That exporter does not have the option yet.
    if (sdk.name === "sdk-2.0" && config.withoutTargetInfo) continue;
    test(`PrometheusExporter serves what the other one does with ${name} and ${sdk.name}`, async () => {
      const { PrometheusExporter: Other } = sdk.require(THEIRS) as { PrometheusExporter: Exporter };
      const bodies = [PrometheusExporter, Other].map((type) =>
        bodyOf(sdk, type, { ...config, preventServerStart: true }),
      );
      const [ours = [], theirs = []] = (await Promise.all(bodies)).map((body) =>
        samplesOf(body, sdk),
      );
      assert.ok(theirs.length > 20);
      assert.deepEqual(ours, theirs);
    });
  }
}

for (const sdk of NEW_SDKS) {
  test(`PrometheusExporter serves metricProducers as the other one does with ${sdk.name}`, async () => {
    const { PrometheusExporter: Other } = sdk.require(THEIRS) as { PrometheusExporter: Exporter };
    const bridge = new PrometheusExporter({ preventServerStart: true });
    const provider = new sdk.metrics.MeterProvider({ readers: [bridge] });
    provider.getMeter("bridge").createCounter("bridged.events").add(7);
    const config = { preventServerStart: true, metricProducers: [bridge] };
    const ours = samplesOf(await bodyOf(sdk, PrometheusExporter, config), sdk);
    const theirs = samplesOf(await bodyOf(sdk, Other, config), sdk);
    assert.ok(theirs.some((line) => /^bridged_events_total\{.*\} 7$/.test(line)));
    assert.deepEqual(ours, theirs);
  });
}

/** What the classes have in common. */
type Exporter = new (
  config: ExporterConfig,
) => IMetricReader & {
  getMetricsRequestHandler(request: IncomingMessage, response: ServerResponse): unknown;
};

/** What is used of the package for resources. */
interface Resources {
  resourceFromAttributes(attributes: object): NonNullable<MeterProviderOptions["resource"]>;
}

/** Counts with each kind of instrument, and gives what an exporter serves of that. */
async function bodyOf(sdk: Sdk, type: Exporter, config: ExporterConfig): Promise<string> {
  const exporter = new type(config);
  const { resourceFromAttributes } = sdk.require("@opentelemetry/resources") as Resources;
  const provider = new sdk.metrics.MeterProvider({
    readers: [exporter],
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": "1" }),
  });
  const meter = provider.getMeter("shop.orders", "1.2");
  meter.createCounter("orders", { unit: "{order}" }).add(2, { "payment.method": "card", ok: true });
  meter.createUpDownCounter("queue.length").add(-3, { queue: 'a "b"\\\n' });
  meter.createGauge("room.temperature", { unit: "Cel" }).record(21.5);
  const latency = meter.createHistogram("latency", { unit: "ms" });
  for (const value of [1, 30, 30, 1e5]) latency.record(value, { route: "/" });
  meter.createObservableGauge("load", { unit: "1" }).addCallback((result) => result.observe(0.25));
  const other = provider.getMeter("shop.mail");
  other.createCounter("mails__sent.").add(1);
  other.createCounter("Mails/sent-total").add(1);
  other.createObservableCounter("mails.total").addCallback((result) => result.observe(1e21));
  return new Promise((resolve) => {
    // What applications pass where there is no response of Node.
    const response = { statusCode: 0, setHeader() {}, end: resolve };
    exporter.getMetricsRequestHandler({} as IncomingMessage, response as never);
  });
}
