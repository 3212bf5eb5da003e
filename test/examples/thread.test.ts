import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { withApp } from "../helpers/processes/with-app.ts";
import { eventually, scrape } from "../helpers/workers/reading.ts";

const read = (name: string) =>
  readFileSync(new URL(`../../examples/${name}`, import.meta.url), "utf8");

test("the example thread.mjs is scraped while its event loop is stuck, and stops on SIGTERM", async () => {
  const metricsPort = await freePort();
  const files = { "app.mjs": read("thread.mjs").replaceAll("9464", `${metricsPort}`) };
  await withApp(files, ["prom-client"], async (app) => {
    const port = await freePort();
    const program = app.node(["app.mjs"], { PORT: `${port}` });
    // A third of a second is the longest time that a scrape waits for an application that is stuck.
    const headers = { "x-prometheus-scrape-timeout-seconds": "1" };
    const until = (what: string, reports: number, isStuck: boolean) =>
      eventually(
        what,
        () => scrape(`http://127.0.0.1:${metricsPort}/metrics`, headers),
        (reading) =>
          reading.value("shop_reports_total") === reports &&
          Number(reading.value("promhttp_event_loop_stuck_seconds")) > 0 === isStuck,
      );
    await until("a scrape", 0, false);
    const report = httpGet(`http://127.0.0.1:${port}/2`);
    const reading = await until("a scrape of an application that is stuck", 0, true);
    assert.ok(Number(reading.value("promhttp_snapshot_age_seconds")) > 0);
    assert.equal(`${(await report).body}`, "done\n");
    await until("a scrape of an application that runs", 1, false);
    program.signal("SIGTERM");
    const { code, signal, stderr } = await program.exit();
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
  });
});

test("the alerts for a server in a thread name metrics that there are", () => {
  const [{ rules }] = parse(read("prometheus-thread-alerts.yml")).groups;
  const named = rules.flatMap(({ expr }: { expr: string }) => expr.match(/promhttp_\w+/g));
  assert.deepEqual(
    [...new Set(named)],
    [
      "promhttp_event_loop_stuck_seconds",
      "promhttp_snapshot_age_seconds",
      "promhttp_thread_restarts_total",
    ],
  );
});
