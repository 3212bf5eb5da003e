import assert from "node:assert/strict";
import { test } from "node:test";
import { type App, withApp } from "../../helpers/with-app.ts";
import { COMMONJS_APP, ESM_APP, FAKE_LIBRARY, preloaded, scrape, TALKATIVE } from "./apps.ts";

// A preload is inherited: one of all processes and threads serves.

/** Applications that start another, which ends when it has run. */
const PARENTS: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
  "a worker thread": [
    `import { Worker } from "node:worker_threads";
     new Worker("./child.mjs");`,
    /^PROMHTTP \d+: No metrics are served: this is a worker thread$/,
  ],
  "a forked child": [
    `import { fork } from "node:child_process"; fork("./child.mjs");`,
    /^PROMHTTP \d+: No metrics are served: process \d+ does$/,
  ],
  "a cluster worker": [
    `import cluster from "node:cluster";
     cluster.setupPrimary({ exec: "child.mjs" }); cluster.fork();`,
    /^PROMHTTP \d+: No metrics are served: this is a cluster worker$/,
  ],
  "a child that gets NODE_OPTIONS": [
    `import { spawn } from "node:child_process";
     process.env.NODE_OPTIONS = "--require promhttp/register";
     spawn(process.execPath, ["child.mjs"], { stdio: "inherit" });`,
    /^PROMHTTP \d+: No metrics are served: process \d+ does$/,
  ],
};

const CHILD = `import { Gauge } from "prom-client";
  new Gauge({ name: "child", help: "It must not be seen." });
  process.disconnect?.();`;

for (const [name, [text, reason]] of Object.entries(PARENTS)) {
  test(`The first process serves, and not ${name}`, async () => {
    const files = { "app.mjs": `${ESM_APP}${text}`, "child.mjs": CHILD };
    await withApp(files, ["prom-client"], async (app) => {
      const child = preloaded(app, ["app.mjs"]);
      const body = await scrape(child);
      assert.match(body, /^app_orders_total 3$/m);
      await child.errorLine(reason);
      child.tell("end");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.equal(stderr.match(/Metrics at /g)?.length, 1);
    });
  });
}

const NODE_OPTIONS = "--import promhttp/register";

/** A tool that runs the application in a process of its own, as npm, tsx and nodemon do. */
const TOOL = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, ["app.cjs"], { stdio: "inherit" });`;

test("The application serves, and not the tool that starts it", async () => {
  const files = { "app.cjs": COMMONJS_APP, "node_modules/tool/cli.js": TOOL };
  await withApp(files, ["prom-client"], async (app) => {
    const child = app.node(["node_modules/tool/cli.js"], { ...TALKATIVE, NODE_OPTIONS });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await child.errorLine(/No metrics are served: \S+\/node_modules\/tool\/cli.js is a tool/);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("A tool serves when the preload stands on its own command line", async () => {
  const files = { "node_modules/tool/cli.js": COMMONJS_APP };
  await withApp(files, ["prom-client"], async (app) => {
    const child = preloaded(app, ["node_modules/tool/cli.js"]);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("The successor of a process that has served serves", async () => {
  await withApp({ "app.mjs": ESM_APP }, ["prom-client"], async (app) => {
    const child = preloaded(app, ["app.mjs"], { PROMHTTP_SERVED_BY: `${await endedPid(app)}` });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

/** The id of a process that is there no longer. */
async function endedPid({ node }: App): Promise<number> {
  const { stdout } = await node(["--print", "process.pid"]).exit();
  return Number(stdout);
}

const HINT =
  "No metrics are served: there is no client library. " +
  "Install one: npm install prom-client, or @prometheus-io/client";

test("Without a client library the preload says once what to install", async () => {
  const files = {
    "app.mjs": `import { fork } from "node:child_process"; fork("./child.mjs");`,
    "child.mjs": `console.log("child");`,
  };
  await withApp(files, [], async (app) => {
    const { code, stdout, stderr } = await preloaded(app, ["app.mjs"]).exit();
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "child\n" });
    const [first, second, ...rest] = stderr.split("\n");
    assert.equal(first, `promhttp: ${HINT}`);
    assert.match(`${second}`, new RegExp(`^PROMHTTP \\d+: ${HINT}$`));
    assert.deepEqual(rest, [""]);
  });
});

test("A child that has a client library serves where its parent has none", async () => {
  const files = {
    "app.mjs": `import { spawn } from "node:child_process";
      const options = { stdio: "inherit" };
      spawn(process.execPath, ["--import", "promhttp/register", "shop/app.mjs"], options);`,
    "shop/app.mjs": ESM_APP,
    "shop/node_modules/prom-client/index.js": FAKE_LIBRARY,
  };
  await withApp(files, [], async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    assert.match(await scrape(child), /^fake 1$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});
