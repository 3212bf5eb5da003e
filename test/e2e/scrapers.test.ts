import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import {
  eventually,
  failedScrapes,
  type Job,
  startPrometheus,
  startVictoriaMetrics,
  stop,
} from "./programs.ts";

const URL = "http://localhost:9464/metrics";
const demo = spawn("npm", ["start"], { stdio: ["ignore", "pipe", "inherit"], detached: true });
const lines: string[] = [];

const everySecond: Job = { name: "demo", url: URL, interval: "1s", timeout: "1s" };

before(async () => {
  const output = createInterface({ input: demo.stdout });
  output.on("line", (line) => lines.push(line));
  await eventually("the demo's URL", async () => lines.find((line) => line.includes(URL)));
});

after(async () => {
  await stop(demo);
});

test("Prometheus scrapes the demo without a failure", async () => {
  await using prometheus = await startPrometheus([everySecond]);
  assert.equal(await failedScrapes(prometheus, "demo", 5), 0);
  const [load] = await prometheus.query('machine_load_average{minutes="1"}');
  assert.ok(Number(load?.value) >= 0);
  const [errors] = await prometheus.query("sum(promhttp_metric_handler_errors_total)");
  assert.equal(errors?.value, "0");
});

test("VictoriaMetrics scrapes the demo without a failure", async () => {
  await using victoria = await startVictoriaMetrics([everySecond]);
  assert.equal(await failedScrapes(victoria, "demo", 5), 0);
});

// Its client meets a closed connection at every second scrape when a server closes idle ones after
// five seconds, as node:http does, and then retries for longer than this timeout.
test("VictoriaMetrics finds its connection open after eight seconds", async () => {
  await using victoria = await startVictoriaMetrics([
    { name: "slow", url: URL, interval: "8s", timeout: "2s" },
  ]);
  assert.equal(await failedScrapes(victoria, "slow", 4), 0);
});

test("the demo stops cleanly on SIGTERM", async () => {
  demo.kill("SIGTERM");
  await once(demo, "exit");
  assert.ok(lines.includes("Stopped."), lines.join("\n"));
});
