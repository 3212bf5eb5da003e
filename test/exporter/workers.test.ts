/** Exporters with the option `workers` are one target. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { PrometheusExporter } from "../../src/exporter/prometheus-exporter.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { newGroup } from "../helpers/workers/own-group.ts";
import { scrape } from "../helpers/workers/reading.ts";

/** Starts an exporter, which counts jobs. */
async function start(port: number, group: string) {
  const options = { host: "127.0.0.1", port, workers: { group }, logger: false } as const;
  const exporter = new PrometheusExporter({ ...options, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  await exporter.startServer();
  return { provider, counter: provider.getMeter("test").createCounter("jobs") };
}

test("exporters with workers listen on one port, and lose nothing at shutdown", async () => {
  const [port, group] = [await freePort(), newGroup()];
  const sum = async () =>
    (await scrape(`http://127.0.0.1:${port}/metrics`)).value("jobs_total") ?? 0;
  const [first, second] = [await start(port, group), await start(port, group)];
  try {
    first.counter.add(1);
    second.counter.add(10);
    assert.equal(await sum(), 11);
    second.counter.add(100);
    await second.provider.shutdown();
    assert.equal(await sum(), 111);
    first.counter.add(1_000);
    assert.equal(await sum(), 1_111);
  } finally {
    await Promise.all([first.provider.shutdown(), second.provider.shutdown()]);
  }
});
