import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import type { Fixture } from "../helpers/processes/fork-fixture.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";

const FOLDER = new URL("../../examples/", import.meta.url);

const NESTJS = ["common", "core", "platform-express"].map((name) => `@nestjs/${name}`);

const read = (name: string) => readFileSync(new URL(name, FOLDER), "utf8");

/** An example that runs. */
interface Running {
  readonly program: Fixture;
  /** The port of the application. */
  readonly port: number;
  /** Scrapes until something has come about. */
  until(what: string, isDone: (reading: Reading) => boolean): Promise<Reading>;
}

/** Runs an example as a file of an application, and ends it with SIGTERM. */
async function withExample(
  name: string,
  libraries: readonly string[],
  look: (running: Running) => Promise<void>,
): Promise<void> {
  const metricsPort = await freePort();
  const files = { "app.mjs": read(name).replaceAll("9464", `${metricsPort}`) };
  await withApp(files, ["prom-client", ...libraries], async (app) => {
    const port = await freePort();
    const env = { PORT: `${port}`, PROMHTTP_RUNTIME_DIR: join(app.folder, "run") };
    const program = app.node(["app.mjs"], env);
    const url = `http://127.0.0.1:${metricsPort}/metrics`;
    const until: Running["until"] = (what, isDone) => eventually(what, () => scrape(url), isDone);
    try {
      await look({ program, port, until });
      program.signal("SIGTERM");
      const { code, signal, stderr } = await program.exit();
      assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
    } finally {
      program.signal("SIGKILL");
    }
  });
}

test("the example cluster.mjs serves five processes as one target", () =>
  withExample("cluster.mjs", [], async ({ port, until }) => {
    await until("five workers", (reading) => reading.workers("up") === 5);
    for (let count = 0; count < 12; count++) await httpGet(`http://127.0.0.1:${port}`);
    const reading = await until("an answer", () => true);
    assert.equal(reading.value("shop_visits_total"), 12);
  }));

test("the example threads.mjs serves three threads as one target", () =>
  withExample("threads.mjs", [], async ({ until }) => {
    const reading = await until("two jobs", (each) => each.value("jobs_total") === 2);
    assert.equal(reading.workers("up"), 3);
  }));

test("the example piscina.mjs serves threads that are idle", () =>
  withExample("piscina.mjs", ["piscina"], async ({ until }) => {
    await until("three jobs", (reading) => reading.value("jobs_total") === 3);
    const reading = await until("an answer", () => true);
    assert.equal(reading.workers("late"), 0);
  }));

test("the example cluster-nestjs.mjs serves two workers whichever is asked", () =>
  withExample("cluster-nestjs.mjs", [...NESTJS, "reflect-metadata", "rxjs"], async ({ until }) => {
    await until("two workers", (reading) => reading.workers("up") === 2);
    for (let count = 0; count < 4; count++) {
      const reading = await until("an answer", () => true);
      const pids = reading.samples("promhttp_worker_info");
      assert.equal(new Set(pids.map(({ labels }) => labels.get("pid"))).size, 2);
    }
  }));

test("the alerts for workers name metrics that there are", () => {
  const [{ rules }] = parse(read("prometheus-worker-alerts.yml")).groups;
  const named = rules.flatMap(({ expr }: { expr: string }) => expr.match(/promhttp_\w+/g));
  assert.deepEqual(named, ["promhttp_worker_up", "promhttp_workers"]);
});

test("Prometheus discovers the workers where they are listed", () => {
  const [{ http_sd_configs: configs }] = parse(read("prometheus-workers.yml")).scrape_configs;
  assert.deepEqual(configs, [{ url: "http://localhost:9464/-/targets", refresh_interval: "5s" }]);
});
