// What an application has without the preload it has with it: the series of its exporter, and its modules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import { poll } from "../../helpers/poll.ts";
import { parseText, sampleKey } from "../../judge/index.ts";
import { SDKS, ZERO_CODE_SDKS } from "../sdk.ts";
import { INSTRUMENTATIONS, PRELOAD, type Project, withProject } from "./project.ts";

/** All kinds of instruments, with one value each time they are read. */
const EVERYTHING = `
  const { metrics } = require("@opentelemetry/api");
  const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
  const { MeterProvider } = require("@opentelemetry/sdk-metrics");
  const { constant, ...options } = JSON.parse(process.argv[2]);
  const exporter = new PrometheusExporter({
    ...options,
    host: "127.0.0.1",
    withResourceConstantLabels: constant && new RegExp(constant),
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  const observe = (result) => result.observe(2, { "a.b": true });
  const shop = metrics.getMeter("shop", "1.2", { schemaUrl: "https://example.com/" });
  shop.createCounter("orders", { unit: "{order}", description: "Orders." }).add(3, { "shop.id": 7 });
  shop.createCounter("done_total").add(1);
  shop.createObservableCounter("seen", { unit: "By" }).addCallback(observe);
  shop.createUpDownCounter("open-carts").add(-2);
  shop.createObservableUpDownCounter("queue").addCallback(observe);
  metrics.getMeter("other").createObservableGauge("load", { unit: "1" }).addCallback(observe);
  metrics.getMeter("other").createHistogram("wait", { unit: "s" }).record(0.3, { route: "/" });
  process.stdin.once("data", () => process.exit());`;

const OPTIONS: readonly (readonly [name: string, options: object, path: string])[] = [
  ["no options", {}, "/metrics"],
  ["a prefix and a path", { prefix: "my_app", endpoint: "stats" }, "/stats"],
  ["fewer labels", { withoutScopeInfo: true, withoutTargetInfo: true }, "/metrics"],
  ["more labels", { constant: "^telemetry" }, "/metrics"],
];

for (const sdk of SDKS) {
  for (const [name, options, path] of OPTIONS) {
    test(`${sdk.name}: the series are those of the exporter with ${name}`, async () => {
      await withProject(
        sdk,
        async (project) => {
          const serve = (preloads: readonly string[]) =>
            seriesOf(project, [...preloads, "all.cjs"], options, path);
          const theirs = await serve([]);
          const ours = await serve(["--require", PRELOAD]);
          assert.ok(theirs.length > 30, `${theirs.length}`);
          assert.deepEqual(ours, theirs);
        },
        [],
        { "all.cjs": EVERYTHING },
      );
    });
  }
}

/** The types and samples that an application serves, sorted, without those of our server. */
async function seriesOf(
  { node, port }: Project,
  args: readonly string[],
  options: object,
  path: string,
): Promise<string[]> {
  const child = node([...args, JSON.stringify({ ...options, port })]);
  const url = `http://127.0.0.1:${port}${path}`;
  // Nothing tells when the exporter listens.
  await poll("the server", () =>
    httpGet(url).then(
      () => true,
      () => false,
    ),
  );
  const { body } = await httpGet(url);
  child.tell("end");
  assert.equal((await child.exit()).code, 0);
  return parseText(body, { lenient: true })
    .filter(({ name }) => !name.startsWith("promhttp_"))
    .flatMap(({ name, type, samples }) => [
      `${name}: ${type}`,
      ...samples.map((sample) => `${sampleKey(sample)} ${sample.value}`),
    ])
    .sort();
}

/** An ES module: Node gives it `node:http` as it is, unless somebody has asked for it otherwise. */
const IMPORTING = `
  import { Server } from "node:http";
  console.log("ready");
  process.stdin.on("data", () => console.log("patched:", Server.prototype.emit.__wrapped === true));`;

for (const sdk of ZERO_CODE_SDKS) {
  test(`${sdk.name}: no module of Node is patched because of our server`, async () => {
    await withProject(
      sdk,
      async ({ node, port }) => {
        for (const preloads of [[INSTRUMENTATIONS], [PRELOAD, INSTRUMENTATIONS]]) {
          const args = preloads.flatMap((preload) => ["--import", preload]);
          const child = node([...args, "importing.mjs"], {
            OTEL_METRICS_EXPORTER: "prometheus",
            OTEL_EXPORTER_PROMETHEUS_PORT: `${port}`,
          });
          await child.line("ready");
          if (preloads.includes(PRELOAD)) await child.errorLine(/^promhttp: Metrics at /);
          child.tell("now");
          assert.equal(await child.line("patched: "), "false");
          child.signal("SIGKILL");
          await child.exit();
        }
      },
      [],
      { "importing.mjs": IMPORTING },
    );
  });
}
