import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import type { App } from "../../helpers/processes/with-app.ts";
import { within } from "../../helpers/within.ts";

/** An application with a metric, as an ES module; it runs until it reads a line. */
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

/** Makes the preload serve on a free port, and log its URL. */
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

/** The URL of the metrics, from the debug output of the preload. */
export function urlOf(child: Fixture): Promise<string> {
  return child.errorLine(/^PROMHTTP \d+: Metrics at (\S+)$/);
}

/** Scrapes the preload when both it and the application are ready. */
export async function scrape(child: Fixture): Promise<string> {
  await child.line("ready");
  const { status, body } = await within("the scrape", httpGet(await urlOf(child)));
  if (status !== 200) throw new Error(`The scrape got ${status}`);
  return body.toString();
}
