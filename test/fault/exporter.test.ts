import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { PrometheusExporter } from "../../src/exporter/prometheus-exporter.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { withBusyPort } from "../helpers/http/with-busy-port.ts";
import { listen } from "../helpers/http/with-mount.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { within } from "../helpers/within.ts";
import { assertHonest, readAnswer } from "./answer.ts";

// What has ended processes that export with @opentelemetry/exporter-prometheus: one URL (CVE-2026-44902),
// and a port that somebody else has.

/** Targets that a URL parser refuses, and the status that our server answers with. */
const TARGETS: Readonly<Record<string, number>> = {
  "http://[": 400,
  "http://[/metrics": 400,
  "http://": 400,
  "http://:80": 400,
  "http://a:99999/metrics": 200,
  "http://%/metrics": 400,
  "//": 404,
  "///": 404,
  "//[": 404,
  "//:/metrics": 404,
  "/\\": 404,
  "*": 400,
};

/** Makes an exporter of one counter. */
function createExporter(config: object) {
  const recorder = createRecorder();
  const exporter = new PrometheusExporter({ host: "127.0.0.1", logger: recorder, ...config });
  const provider = new MeterProvider({ readers: [exporter] });
  provider.getMeter("m").createCounter("jobs").add(1);
  return { exporter, provider, log: recorder.lines };
}

function portOf({ url }: PrometheusExporter): number {
  return Number(new URL(url ?? assert.fail()).port);
}

/** Sends a target on a connection of its own, and returns the status of the one answer. */
async function statusOf(port: number, target: string): Promise<number> {
  const bytes = request(target, { headers: ["Connection: close"] });
  const answer = readAnswer(await rawExchange(port, bytes));
  assertHonest(answer);
  return answer?.status ?? assert.fail();
}

async function assertServes(port: number): Promise<void> {
  const { status, body } = await rawRequest(port, request("/metrics"));
  assert.equal(status, 200);
  assert.match(body, /^jobs_total\{/m);
}

for (const [target, status] of Object.entries(TARGETS)) {
  test(`a PrometheusExporter survives the target ${target}`, async () => {
    const errors = captureProcessErrors();
    const { exporter, provider, log } = createExporter({ port: 0 });
    await exporter.startServer();
    const port = portOf(exporter);
    assert.equal(await statusOf(port, target), status);
    await assertServes(port);
    await provider.shutdown();
    assert.equal(log.length, 1, log.join("\n"));
    await errors.assertNone();
  });
}

test("the handler of a PrometheusExporter survives every such target", async () => {
  const errors = captureProcessErrors();
  const { exporter, provider, log } = createExporter({ preventServerStart: true });
  const { port, close } = await listen(createServer(exporter.getMetricsRequestHandler));
  // Every path is that of the metrics, and the application has routed it.
  for (const target of Object.keys(TARGETS)) await statusOf(port, target);
  await assertServes(port);
  await close();
  await provider.shutdown();
  assert.deepEqual(log, []);
  await errors.assertNone();
});

test("a process survives ten exporters at one busy port", () =>
  withBusyPort(async (port) => {
    const errors = captureProcessErrors();
    const exporters = Array.from({ length: 10 }, () => createExporter({ port }));
    for (const { exporter, log } of exporters) {
      await assert.rejects(within("startServer()", exporter.startServer()), { code: "EADDRINUSE" });
      assert.equal(log.length, 1);
    }
    const { exporter, provider } = createExporter({ port: 0 });
    await exporter.startServer();
    await assertServes(portOf(exporter));
    await provider.shutdown();
    for (const { provider } of exporters) await within("shutdown()", provider.shutdown());
    await errors.assertNone();
  }));

test("a process survives exporters that are stopped while they start", async () => {
  const errors = captureProcessErrors();
  const { exporter, provider } = createExporter({ port: 0 });
  for (let round = 0; round < 20; round++) {
    void exporter.startServer();
    void exporter.stopServer();
  }
  await exporter.startServer();
  await assertServes(portOf(exporter));
  await provider.shutdown();
  assert.equal(exporter.url, undefined);
  await errors.assertNone();
});
