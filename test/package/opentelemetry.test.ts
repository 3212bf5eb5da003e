import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Prints what a reader and an exporter serve of a counter that no SDK has made. */
const APPLICATION = `
  import { render } from "./dist/index.js";
  import { PrometheusExporter, PrometheusReader, gathererOf } from "./dist/opentelemetry.js";

  const point = { attributes: {}, startTime: [0, 0], value: 3 };
  const descriptor = { name: "orders", description: "", unit: "" };
  const metric = { descriptor, aggregationTemporality: 1, dataPointType: 3, isMonotonic: true, dataPoints: [point] };
  const resourceMetrics = { resource: { attributes: {} }, scopeMetrics: [{ scope: { name: "" }, metrics: [metric] }] };
  const producer = { collect: async () => ({ resourceMetrics, errors: [] }) };

  const readers = [new PrometheusReader(), new PrometheusExporter({ preventServerStart: true })];
  for (const reader of readers) reader.setMetricProducer(producer);
  for (const gatherer of [gathererOf(producer), ...readers]) {
    const { body } = await render(gatherer);
    process.stdout.write(Buffer.from(body).toString());
  }`;

test("no file of the package imports a package of OpenTelemetry", () => {
  for (const file of readdirSync(DIST).filter((name) => name.endsWith(".js"))) {
    const code = readFileSync(join(DIST, file), "utf8");
    assert.doesNotMatch(code, /\b(?:from|import|require)\s*\(?["']@opentelemetry\//, file);
  }
});

test("promhttp/opentelemetry serves where no package of OpenTelemetry is installed", () =>
  withTempDir(async (folder) => {
    cpSync(DIST, join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "app.mjs"), APPLICATION);
    const stdout = execFileSync(process.execPath, ["app.mjs"], { cwd: folder, encoding: "utf8" });
    assert.equal(stdout, "# TYPE orders_total counter\norders_total 3\n".repeat(3));
  }));
