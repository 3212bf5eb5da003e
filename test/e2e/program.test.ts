import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { eventually, failedScrapes, type Job, startPrometheus, stop } from "./programs.ts";

const children: ChildProcess[] = [];
const jobs: Job[] = [];

before(async () => {
  const program = ["dist/cli.js", "--web.listen-address=127.0.0.1:0", "examples/exporter.mjs"];
  const preload = ["--import", "promhttp/register", "examples/preload-app.mjs"];
  jobs.push(await start("program", program, / msg="Listening on" .* url=(\S+)$/));
  jobs.push(await start("preload", preload, /: Metrics at (\S+)$/));
});

after(async () => {
  await Promise.all(children.map(stop));
});

/** Starts what is to be scraped, and waits for the line that says where. */
async function start(name: string, args: readonly string[], line: RegExp): Promise<Job> {
  const env = { NODE_DEBUG: "promhttp", PROMHTTP_ADDRESS: "127.0.0.1:0", PORT: "0" };
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (text) => lines.push(text));
  const url = await eventually(`the URL of the ${name}`, async () =>
    lines.map((text) => line.exec(text)?.[1]).find((found) => found !== undefined),
  );
  return { name, url, interval: "1s", timeout: "1s" };
}

/** For each of both a metric of its own, and one that comes with it. */
const METRICS = [
  'host_load1{job="program"}',
  'promhttp_connections_open{job="program"}',
  'shop_visits_total{job="preload"}',
  'process_cpu_seconds_total{job="preload"}',
];

test("Prometheus scrapes the program and a preloaded application without a failure", async () => {
  await using prometheus = await startPrometheus(jobs);
  for (const { name } of jobs) assert.equal(await failedScrapes(prometheus, name, 5), 0);
  for (const metric of METRICS) {
    assert.ok(Number((await prometheus.query(metric))[0]?.value) >= 0, metric);
  }
});
