import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/http/free-port.ts";
import { endDaemon } from "../helpers/processes/pm2-daemon.ts";
import { type App, withApp } from "../helpers/processes/with-app.ts";
import { eventually, type Reading, scrape } from "../helpers/workers/reading.ts";
import { assertCounted, seen } from "./counted.ts";
import { startPrometheus } from "./programs.ts";

// The instances of an application that knows nothing of its metrics are one target under pm2.

const PM2 = fileURLToPath(new URL("pm2/node_modules/pm2/bin/pm2", import.meta.url));

/** Each instance counts 10 when it starts. In cluster mode the instances share the port. */
const APP = `
  import { createServer } from "node:http";
  import { Counter } from "prom-client";
  new Counter({ name: "app_jobs_total", help: "Jobs." }).inc(10);
  createServer((_, response) => response.end()).listen(process.env.PORT, "127.0.0.1");
  process.once("SIGINT", () => process.exit());`;

/** An application under pm2, with three instances. */
interface Managed {
  readonly url: string;
  /** Runs a command of pm2, and waits for its end. */
  pm2(...args: readonly string[]): Promise<void>;
  scrape(): Promise<Reading>;
  until(what: string, isDone: (reading: Reading) => boolean): Promise<Reading>;
}

/** Runs a test with an application under a pm2 of its own. */
async function withPm2(
  mode: "cluster" | "fork",
  test: (managed: Managed) => Promise<void>,
  variables: Readonly<Record<string, string>> = {},
): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = {
    name: "shop",
    script: "app.mjs",
    instances: 3,
    exec_mode: mode,
    node_args: "--import promhttp/register",
    // A busy machine needs more than the seconds after which pm2 goes on.
    listen_timeout: 60_000,
    kill_timeout: 60_000,
    env: {
      PORT: mode === "cluster" ? await freePort() : 0,
      PROMHTTP_ADDRESS: address,
      ...variables,
    },
  };
  const files = {
    "app.mjs": APP,
    "ecosystem.config.cjs": `module.exports = { apps: [${JSON.stringify(config)}] };`,
  };
  await withApp(files, ["prom-client"], async (app) => {
    const pm2 = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await app
        .node([PM2, ...args], { PM2_HOME: homeOf(app) })
        .exit();
      assert.equal(code, 0, `pm2 ${args.join(" ")}:\n${stdout}${stderr}`);
    };
    const url = `http://${address}/metrics`;
    const read = () => scrape(url);
    try {
      await pm2("start", "ecosystem.config.cjs");
      const until: Managed["until"] = (what, isDone) => eventually(what, read, isDone);
      await test({ url, pm2, scrape: read, until });
    } finally {
      await endDaemon(homeOf(app), () => pm2("kill"));
    }
  });
}

function homeOf({ folder }: App): string {
  return join(folder, "pm2");
}

/** Scrapes all the time until `action` is done. Returns the values of the counter in their order. */
async function valuesDuring(managed: Managed, action: Promise<void>): Promise<number[]> {
  const values: number[] = [];
  let isOver = false;
  const over = action.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const reading = await managed.until(
      "an answer",
      (all) => all.value("app_jobs_total") !== undefined,
    );
    values.push(reading.value("app_jobs_total") ?? 0);
  }
  await over;
  return values;
}

for (const mode of ["cluster", "fork"] as const) {
  test(`three instances in ${mode} mode are one target`, async () => {
    await withPm2(mode, async (managed) => {
      // An instance joins before its script has counted.
      const isComplete = (reading: Reading) =>
        reading.workers("up") === 3 && reading.value("app_jobs_total") === 30;
      const all = await managed.until("all are up and have counted", isComplete);
      const ids = all.samples("promhttp_worker_info").map(({ labels }) => labels.get("id"));
      assert.deepEqual(ids.sort(), ["0", "1", "2"]);
    });
  });
}

for (const [what, variables] of [
  ["a counter", {}],
  ["a counter of servers in threads", { PROMHTTP_THREAD: "1" }],
] as const) {
  test(`a rolling reload never lowers ${what}`, async () => {
    const reload = async (managed: Managed) => {
      await managed.until("all are up", (reading) => reading.workers("up") === 3);
      const values = await valuesDuring(managed, managed.pm2("reload", "shop"));
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
      );
      const isComplete = (reading: Reading) =>
        reading.workers("up") === 3 && reading.value("app_jobs_total") === 60;
      await managed.until("all instances have been replaced, and nothing is lost", isComplete);
    };
    await withPm2("cluster", reload, variables);
  });
}

test("Prometheus sees a rolling reload as what the new instances count", async () => {
  await withPm2("cluster", async ({ url, until, pm2 }) => {
    await until("all are up", (reading) => reading.workers("up") === 3);
    await using prometheus = await startPrometheus([
      { name: "shop", url, interval: "1s", timeout: "1s" },
    ]);
    await seen(prometheus, "app_jobs_total", 30);
    await pm2("reload", "shop");
    await seen(prometheus, "app_jobs_total", 60);
    await assertCounted(prometheus, "app_jobs_total", 30);
  });
});

test("a restart of all instances begins anew, unless one of them has lived on", async () => {
  await withPm2("fork", async (managed) => {
    const before = await managed.until("all are up", (reading) => reading.workers("up") === 3);
    const old = new Set(pidsOf(before));
    await managed.pm2("restart", "shop");
    const isNew = (reading: Reading) =>
      reading.workers("up") === 3 && pidsOf(reading).every((pid) => !old.has(pid));
    // pm2 restarts two at a time, and the third may have ended before the first is back.
    const isComplete = (reading: Reading) =>
      isNew(reading) && [30, 60].includes(reading.value("app_jobs_total") ?? 0);
    await managed.until("all are new and have counted", isComplete);
  });
});

function pidsOf(reading: Reading): (string | undefined)[] {
  return reading.samples("promhttp_worker_info").map(({ labels }) => labels.get("pid"));
}
