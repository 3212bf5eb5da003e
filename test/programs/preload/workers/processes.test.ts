import assert from "node:assert/strict";
import { test } from "node:test";
import { firstAnswer } from "../../../helpers/http/first-answer.ts";
import { freePort } from "../../../helpers/http/free-port.ts";
import { withBusyPort } from "../../../helpers/http/with-busy-port.ts";
import type { Reading } from "../../../helpers/workers/reading.ts";
import { END, end, JOBS, withGroup } from "./with-group.ts";

// The preload makes one target of the processes of an application.

const LIBRARIES = ["prom-client"];

const CLUSTER = `
import cluster from "node:cluster";
import { jobs } from "./jobs.mjs";
if (cluster.isPrimary) {
  for (let i = 0; i < 4; i++) cluster.fork();
  ${END}
} else {
  jobs.inc(10 ** (cluster.worker.id - 1));
  console.log("worker " + cluster.worker.id + " " + process.pid);
}`;

const JOINED = /^promhttp: \S.* process \d+\b.*$/gm;

for (const option of ["--import", "--require"]) {
  test(`four workers of node:cluster are one target, by ${option}`, async () => {
    await withGroup({ "app.mjs": CLUSTER, "jobs.mjs": JOBS }, LIBRARIES, async (app) => {
      const child = app.start(["app.mjs"], { NODE_OPTIONS: `${option} promhttp/register` });
      const all = await app.settled(5, 1_111);
      assert.equal(all.samples("process_resident_memory_bytes").length, 5);
      const [hub] = all.samples("promhttp_worker_info", { worker: "0" });
      const hubPid = `${hub?.labels.get("pid")}`;

      // A primary that takes a second to serve leaves that to a worker.
      const pids = [await child.line("worker 1 "), await child.line("worker 2 ")];
      process.kill(Number(pids.find((pid) => pid !== hubPid)), "SIGKILL");
      const rest = await app.until("one is gone", (reading) => reading.workers("up") === 4);
      assert.equal(rest.value("app_jobs_total"), 1_111);

      const stderr = await end(child);
      // Each member says once whom it has joined.
      const lines = stderr.match(JOINED) ?? [];
      assert.equal(lines.length, 4, stderr);
      for (const line of lines) assert.ok(line.includes(hubPid), line);
      assert.equal(stderr.replace(JOINED, "").trim(), "");
    });
  });
}

test("the workers of node:cluster are one target without the preload in the primary", async () => {
  const files = {
    "app.mjs": `
      import cluster from "node:cluster";
      cluster.setupPrimary({ exec: "worker.mjs", execArgv: ["--import", "promhttp/register"] });
      for (let i = 0; i < 3; i++) cluster.fork();
      ${END}`,
    "worker.mjs": `
      import cluster from "node:cluster";
      import { jobs } from "./jobs.mjs";
      jobs.inc(10 ** (cluster.worker.id - 1));`,
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"], { NODE_OPTIONS: "" });
    await app.settled(3, 111);
    await end(child);
  });
});

/** The first process of an application, which starts others. */
const startsOthers = (text: string) => `
  import { fork, spawn } from "node:child_process";
  import { jobs } from "./jobs.mjs";
  jobs.inc();
  const run = (...args) =>
    void spawn(process.execPath, args, { stdio: ["pipe", "inherit", "inherit"] });
  ${text}
  ${END}`;

/** Another process, which ends with the first. */
const countsAs = (amount: number, jobs = "./jobs.mjs") => `
  import { jobs } from "${jobs}";
  jobs.inc(${amount});
  process.on("disconnect", () => process.exit());
  if (!process.connected) process.stdin.resume();
  console.log("child ${amount} " + process.pid);`;

test("a forked process with another script is part of the target", async () => {
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs");`),
    "child.mjs": countsAs(10),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"]);
    await app.settled(2, 11);
    await end(child);
  });
});

test("a process of the same package is part of the target, a program of another is not", async () => {
  const files = {
    "package.json": `{"name":"shop"}`,
    "app.mjs": startsOthers(
      `run("task.mjs"); run("other/tool.mjs"); run("node_modules/tool/cli.mjs");`,
    ),
    "task.mjs": countsAs(10),
    "other/package.json": `{"name":"other"}`,
    "other/tool.mjs": countsAs(100, "../jobs.mjs"),
    "node_modules/tool/cli.mjs": countsAs(1_000, "../../jobs.mjs"),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"], { NODE_DEBUG: "promhttp" });
    const first = await child.errorLine(/(\d+): Not serving metrics: process \d+ serves them$/);
    await child.errorLine(
      new RegExp(`(?<!${first}): Not serving metrics: process \\d+ serves them$`),
    );
    await app.settled(2, 11);
    const stderr = await end(child);
    assert.equal(stderr.match(/Not serving metrics: process \d+ serves them$/gm)?.length, 2);
  });
});

test("the child of a program that is not part of the target is not, either", async () => {
  const files = {
    "app.mjs": startsOthers(`run("node_modules/tool/cli.mjs");`),
    "node_modules/tool/cli.mjs": `
      import { fork } from "node:child_process";
      fork(new URL("worker.mjs", import.meta.url));
      process.stdin.once("end", () => process.exit()).resume();`,
    "node_modules/tool/worker.mjs": countsAs(10, "../../jobs.mjs"),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"], { NODE_DEBUG: "promhttp" });
    await child.line("child 10 ");
    await app.settled(1, 1);
    child.tell("end");
    const { stderr } = await child.exit();
    assert.equal(stderr.match(/Not serving metrics: process \d+ serves them$/gm)?.length, 2);
  });
});

test("a forked process answers for all when its parent has been killed", async () => {
  const child = `
    import { jobs } from "./jobs.mjs";
    jobs.inc(10);
    setInterval(() => {}, 1_000);
    console.log("child " + process.pid);`;
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs"); fork("./child.mjs");`),
    "child.mjs": child,
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const parent = app.start(["app.mjs"]);
    const all = await app.settled(3, 21);
    const pids = all.samples("promhttp_worker_info").map(({ labels }) => Number(labels.get("pid")));
    parent.signal("SIGKILL");
    const rest = await app.until("two are up", (reading) => reading.workers("up") === 2);
    assert.equal(rest.value("app_jobs_total"), 21);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It is the parent.
      }
    }
    await parent.exit();
  });
});

test("two starts of one application are one target, and the second says so", async () => {
  const files = { "app.mjs": startsOthers(""), "jobs.mjs": JOBS };
  await withGroup(files, LIBRARIES, async (app) => {
    const first = app.start(["app.mjs"]);
    await app.until("the first is up", (reading) => reading.workers("up") === 1);
    const second = app.start(["app.mjs"]);
    await app.settled(2, 2);
    assert.match(await end(second), JOINED);
    assert.equal(await end(first), "");
  });
});

test("a busy port is told once, by the first process", async () => {
  await withGroup({ "app.mjs": CLUSTER, "jobs.mjs": JOBS }, LIBRARIES, async (app) => {
    await withBusyPort(async (port) => {
      const env = { PROMHTTP_ADDRESS: `127.0.0.1:${port}`, NODE_DEBUG: "promhttp" };
      const child = app.start(["app.mjs"], env);
      const reason = `Cannot serve metrics: Cannot listen on "127.0.0.1:${port}": address already in use`;
      for (const pattern of [/^promhttp: /, /^PROMHTTP \d+: Cannot/]) {
        await child.errorLine(pattern);
      }
      const stderr = await end(child);
      assert.equal(stderr.split(`promhttp: ${reason}\n`).length, 2, stderr);
    });
  });
});

test("PROMHTTP_WORKERS=label keeps the series of each process apart", async () => {
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs");`),
    "child.mjs": countsAs(10),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"], { PROMHTTP_WORKERS: "label" });
    const jobsOf = (reading: Reading) => {
      const jobs = ["0", "1"].map((worker) => reading.value("app_jobs_total", { worker }) ?? 0);
      return jobs.sort((a, b) => a - b);
    };
    const all = await app.until("both have counted", (reading) => !jobsOf(reading).includes(0));
    assert.deepEqual(jobsOf(all), [1, 10]);
    assert.equal(all.workers("up"), 2);
    await end(child);
  });
});

test("PROMHTTP_WORKERS must be valid", async () => {
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs");`),
    "child.mjs": countsAs(10),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"], { PROMHTTP_WORKERS: "4" });
    await child.errorLine(/^promhttp: /);
    // By then it knows that its parent says so.
    await child.line("child 10 ");
    const reason = 'Environment variable PROMHTTP_WORKERS must be 0, 1 or label, got "4"';
    assert.equal(await end(child), `promhttp: Cannot serve metrics: ${reason}\n`);
  });
});

test("a process that exits while it becomes the hub exits quietly", async () => {
  const files = {
    "app.mjs": `
      import { existsSync, readdirSync } from "node:fs";
      import "./jobs.mjs";
      const isTaken = () => existsSync("run") && readdirSync("run").some((name) => name.endsWith(".sock"));
      const look = () => (isTaken() ? process.exit() : setImmediate(look));
      look();`,
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const exit = await app.start(["app.mjs"]).exit();
    assert.deepEqual(exit, { code: 0, signal: null, stdout: "", stderr: "" });
  });
});

test("OpenTelemetry's variables name one target for another script, too", async () => {
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs");`),
    "child.mjs": countsAs(10),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const [host = "", port = ""] = app.address.split(":");
    const child = app.start(["app.mjs"], {
      PROMHTTP_ADDRESS: "",
      OTEL_EXPORTER_PROMETHEUS_HOST: host,
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
    });
    await app.settled(2, 11);
    await end(child);
  });
});

test("a child with another address is a target of its own", async () => {
  const port = await freePort();
  const files = {
    "app.mjs": startsOthers(`fork("./child.mjs", {
      env: { ...process.env, PROMHTTP_ADDRESS: "127.0.0.1:${port}" }
    });`),
    "child.mjs": countsAs(10),
    "jobs.mjs": JOBS,
  };
  await withGroup(files, LIBRARIES, async (app) => {
    const child = app.start(["app.mjs"]);
    const other = await firstAnswer(`http://127.0.0.1:${port}/metrics`);
    assert.match(`${other.body}`, /^app_jobs_total 10$/m);
    await app.settled(1, 1);
    assert.equal(await end(child), "");
  });
});
