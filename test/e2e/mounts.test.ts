import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import compression from "compression";
import express from "express";
import { createHandler } from "../../src/index.ts";
import { createEverything } from "./everything.ts";
import {
  differences,
  expectedSeries,
  OPENMETRICS_STYLE,
  scrapedSeries,
} from "./expected-series.ts";
import { failedScrapes, startPrometheus } from "./programs.ts";

const everything = createEverything();
const handler = createHandler(everything.sources);
const app = express().use(compression()).get("/metrics", handler);
const server = app.listen(0, "127.0.0.1");
await once(server, "listening");

after(() => {
  server.closeAllConnections();
  server.close();
  handler.close();
});

test("Prometheus reads everything from an application of Express that compresses", async () => {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/metrics`;
  await using prometheus = await startPrometheus([
    { name: "everything", url, interval: "2s", timeout: "2s" },
  ]);
  assert.equal(await failedScrapes(prometheus, "everything", 3), 0);
  const series = await scrapedSeries(prometheus, "everything");
  assert.deepEqual(differences(series, await expectedSeries(everything, OPENMETRICS_STYLE)), []);
  const [errors] = await prometheus.query("sum(promhttp_metric_handler_errors_total)");
  assert.equal(errors?.value, "0");
  const [bytes] = await prometheus.query('promhttp_response_bytes_total{encoding="gzip"} > 0');
  assert.ok(bytes !== undefined);
});
