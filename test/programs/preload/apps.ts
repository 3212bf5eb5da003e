import type { Fixture } from "../../helpers/fork-fixture.ts";
import { httpGet } from "../../helpers/http-get.ts";
import type { App } from "../../helpers/with-app.ts";

/** An application with a metric, as an ES module; it lives until it is told something. */
export const ESM_APP: string = `
import { Counter } from "prom-client";
new Counter({ name: "app_orders_total", help: "Orders." }).inc(3);
console.log("ready");
process.stdin.once("data", () => process.stdin.destroy());
`;

/** The same as a CommonJS module. */
export const COMMONJS_APP: string = `
const { Counter } = require("prom-client");
new Counter({ name: "app_orders_total", help: "Orders." }).inc(3);
console.log("ready");
process.stdin.once("data", () => process.stdin.destroy());
`;

/** A client library with one metric, and with no default metrics. */
export const FAKE_LIBRARY: string = `
class Registry { contentType = ""; getMetricsAsArray() { return []; } getSingleMetric() {} }
exports.Registry = Registry;
exports.Counter = class { inc() {} };
exports.collectDefaultMetrics = () => {};
const metric = { name: "fake", help: "", get: () => ({ type: "gauge", values: [{ value: 1 }] }) };
exports.register = { contentType: "", getMetricsAsArray: () => [metric], getSingleMetric() {} };
`;

/** What makes the preload serve on a free port, and say where. */
export const TALKATIVE: Readonly<Record<string, string>> = {
  NODE_DEBUG: "promhttp",
  PROMHTTP_ADDRESS: "127.0.0.1:0",
};

/** Runs Node with the preload. */
export function preloaded(
  { node }: App,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Fixture {
  return node(["--import", "promhttp/register", ...args], { ...TALKATIVE, ...env });
}

/** The URL of the metrics, which the preload tells when it is asked to debug. */
export function urlOf(child: Fixture): Promise<string> {
  return child.errorLine(/^PROMHTTP \d+: Metrics at (\S+)$/);
}

/** What the preload serves when the application has been loaded, whichever is the first. */
export async function scrape(child: Fixture): Promise<string> {
  await child.line("ready");
  const { status, body } = await httpGet(await urlOf(child));
  if (status !== 200) throw new Error(`The scrape was answered with ${status}`);
  return body.toString();
}
