import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { forkNode } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";
import { COMMONJS_APP, ESM_APP, FAKE_LIBRARY, preloaded, scrape, TALKATIVE } from "./apps.ts";

// Child processes and threads inherit a preload. Without a group only one of them all serves.

/** Applications that start another one, which ends by itself. */
const PARENTS: Readonly<Record<string, readonly [text: string, reason: RegExp]>> = {
  "a worker thread": [
    `import { Worker } from "node:worker_threads";
     new Worker("./child.mjs");`,
    /^PROMHTTP \d+: Not serving metrics: this is a worker thread$/,
  ],
  "a forked child": [
    `import { fork } from "node:child_process"; fork("./child.mjs");`,
    /^PROMHTTP \d+: Not serving metrics: process \d+ serves them$/,
  ],
  "a cluster worker": [
    `import cluster from "node:cluster";
     cluster.setupPrimary({ exec: "child.mjs" }); cluster.fork();`,
    /^PROMHTTP \d+: Not serving metrics: this is a cluster worker$/,
  ],
  "a child that gets NODE_OPTIONS": [
    `import { spawn } from "node:child_process";
     process.env.NODE_OPTIONS = "--require promhttp/register";
     spawn(process.execPath, ["child.mjs"], { stdio: "inherit" });`,
    /^PROMHTTP \d+: Not serving metrics: process \d+ serves them$/,
  ],
};

const CHILD = `import { Gauge } from "prom-client";
  new Gauge({ name: "child", help: "Must not be served." });
  process.disconnect?.();`;

for (const [name, [text, reason]] of Object.entries(PARENTS)) {
  test(`with PROMHTTP_WORKERS=0 the first process serves, not ${name}`, async () => {
    const files = { "app.mjs": `${ESM_APP}${text}`, "child.mjs": CHILD };
    await withApp(files, ["prom-client"], async (app) => {
      const child = preloaded(app, ["app.mjs"], { PROMHTTP_WORKERS: "0" });
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

test("the application serves, not the tool that starts it", async () => {
  const files = { "app.cjs": COMMONJS_APP, "node_modules/tool/cli.js": TOOL };
  await withApp(files, ["prom-client"], async (app) => {
    const child = app.node(["node_modules/tool/cli.js"], { ...TALKATIVE, NODE_OPTIONS });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await child.errorLine(/Not serving metrics: \S+\/node_modules\/tool\/cli.js is a tool/);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("a tool serves when the preload is on its own command line", async () => {
  const files = { "node_modules/tool/cli.js": COMMONJS_APP };
  await withApp(files, ["prom-client"], async (app) => {
    const child = preloaded(app, ["node_modules/tool/cli.js"]);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("the successor of a process that served serves", async () => {
  await withApp({ "app.mjs": ESM_APP }, ["prom-client"], async (app) => {
    const child = preloaded(app, ["app.mjs"], { PROMHTTP_SERVED_BY: `${await endedPid(app)}` });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

/** The id of a process that has ended. */
async function endedPid({ node }: App): Promise<number> {
  const { stdout } = await node(["--print", "process.pid"]).exit();
  return Number(stdout);
}

const HINT =
  "Cannot serve metrics: no client library found. Install prom-client or @prometheus-io/client";

test("the preload says once what to install if there is no client library", async () => {
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

test("the preload says nothing to a short process that gets it from NODE_OPTIONS", async () => {
  await withApp({}, [], async (app) => {
    const exit = await app.node(["--print", "1"], { NODE_OPTIONS }).exit();
    assert.deepEqual(exit, { code: 0, signal: null, stdout: "1\n", stderr: "" });
  });
});

test("NODE_OPTIONS with the path of the preload works in every folder", async () => {
  await withApp({ "app.cjs": COMMONJS_APP }, ["prom-client"], async (app) => {
    const file = join(app.folder, "node_modules/promhttp/dist/register.js");
    for (const specifier of [file, pathToFileURL(file).href]) {
      const env = { ...TALKATIVE, NODE_OPTIONS: `--import ${specifier}` };
      const elsewhere = await forkNode(["--print", "1"], { cwd: "/", env }).exit();
      assert.deepEqual([elsewhere.code, elsewhere.stdout], [0, "1\n"]);
      const child = app.node(["app.cjs"], env);
      assert.match(await scrape(child), /^app_orders_total 3$/m);
      child.tell("end");
      assert.equal((await child.exit()).code, 0);
    }
  });
});

test("NODE_OPTIONS can import the preload where it may not be installed", async () => {
  await withApp({ "app.cjs": COMMONJS_APP }, ["prom-client"], async (app) => {
    const optionsFor = (file: string) => {
      const { href } = pathToFileURL(join(app.folder, file));
      return `--import data:text/javascript,await%20import('${href}').catch(Boolean)`;
    };
    const missing = { NODE_OPTIONS: optionsFor("node_modules/missing/dist/register.js") };
    const exit = await app.node(["--print", "1"], missing).exit();
    assert.deepEqual(exit, { code: 0, signal: null, stdout: "1\n", stderr: "" });
    const installed = optionsFor("node_modules/promhttp/dist/register.js");
    const child = app.node(["app.cjs"], { ...TALKATIVE, NODE_OPTIONS: installed });
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("a child with a client library serves if its parent has none", async () => {
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
