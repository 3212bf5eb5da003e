import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";
import type { Sdk } from "../sdk.ts";

/** The preload, and the one of OpenTelemetry. */
export const PRELOAD = "promhttp/opentelemetry/register";
export const INSTRUMENTATIONS = "@opentelemetry/auto-instrumentations-node/register";

/** What lets OpenTelemetry instrument ES modules. */
export const LOADER = "@opentelemetry/instrumentation/hook.mjs";

/** What an application does beside starting OpenTelemetry: it counts, and runs until it reads a line. */
const WORK = `
metrics.getMeter("shop").createCounter("shop.orders", { unit: "{order}" }).add(3);
metrics.getMeter("shop").createHistogram("shop.wait", { unit: "s" }).record(0.3);
console.log("ready");
process.stdin.once("data", async () => {
  process.stdin.destroy();
  await stop();
});`;

/** How applications get their modules. */
const IMPORTS: Readonly<Record<string, string>> = {
  mjs: `
    import { metrics } from "@opentelemetry/api";
    import * as sdk from "@opentelemetry/sdk-node";
    import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
    import { MeterProvider } from "@opentelemetry/sdk-metrics";`,
  cjs: `
    const { metrics } = require("@opentelemetry/api");
    const sdk = require("@opentelemetry/sdk-node");
    const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
    const { MeterProvider } = require("@opentelemetry/sdk-metrics");`,
};

/** What starts OpenTelemetry. */
const STARTS: Readonly<Record<string, string>> = {
  // Whatever reads the environment.
  sdk: `
    const node = new sdk.NodeSDK({ autoDetectResources: false });
    node.start();
    const stop = () => node.shutdown();`,
  // Whatever reads a file of configuration.
  file: `
    const node = (sdk.startNodeSdk ?? sdk.startNodeSDK)();
    const stop = () => node.shutdown();`,
  code: `
    const exporter = new PrometheusExporter(JSON.parse(process.argv[2]), (error) => {
      console.log("callback", error?.code);
    });
    const provider = new MeterProvider({ readers: [exporter] });
    metrics.setGlobalMeterProvider(provider);
    const stop = () => provider.shutdown();`,
  // Another preload has.
  zero: "const stop = () => process.exit();",
};

const APPLICATIONS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(IMPORTS).flatMap(([extension, imports]) =>
    Object.entries(STARTS).map(([name, start]) => [
      `${name}.${extension}`,
      name === "zero"
        ? `${imports.split("\n").slice(0, 2).join("\n")}${start}${WORK}`
        : `${imports}${start}${WORK}`,
    ]),
  ),
);

/** A project that has an SDK, this package, and an application of each kind, as both kinds of modules. */
export interface Project extends App {
  /** A port that nobody listens on. */
  readonly port: number;
}

/** Runs a test with a project. */
export async function withProject(
  { folder }: Sdk,
  test: (project: Project) => Promise<void>,
  libraries: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const port = await freePort();
  await withApp({ ...APPLICATIONS, ...files }, libraries, async (app) => {
    const packages = "node_modules/@opentelemetry";
    await symlink(join(folder, packages), join(app.folder, packages));
    const node: App["node"] = (args, env) => app.node(args, { ...ENV, ...env });
    await test({ ...app, node, port });
  });
}

/** Without what would call services that are not there. */
const ENV = {
  OTEL_TRACES_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
  OTEL_NODE_RESOURCE_DETECTORS: "none",
};

/** The line at start: the URL in it. */
export const SERVED: RegExp =
  /^promhttp: Metrics at ([^\s,]+).* \(in place of @opentelemetry\/exporter-prometheus 0\.\d+\.\d+\b/;

/** Scrapes an application when both the server and the application are ready. */
export async function scrape(child: Fixture): Promise<string> {
  const url = await child.errorLine(SERVED);
  await child.line("ready");
  const { status, headers, body } = await httpGet(url);
  if (status !== 200) throw new Error(`The scrape got ${status}`);
  // The exporter's own server says no more than text/plain.
  if (!/^text\/plain; version=0\.0\.4/.test(`${headers["content-type"]}`)) {
    throw new Error(`The exporter's own server answered: ${headers["content-type"]}`);
  }
  return body.toString();
}
