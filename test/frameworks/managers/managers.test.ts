import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";
import { parseText } from "../../judge/index.ts";

// Package managers and tools, which start the application or install it.

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const HERE = fileURLToPath(new URL("./", import.meta.url));

/** A program of a package that is installed in this folder. */
const installed = (path: string) => join(HERE, "node_modules", path);

const APP = `
  const { Gauge } = require("prom-client");
  new Gauge({ name: "app_pid", help: "The id of the process." }).set(process.pid);
  setInterval(() => {}, 1_000);`;

const FILES = {
  "app.cjs": APP,
  "app.ts": `${APP} const typed: number = 1;`,
  "package.json": `{"name":"app","version":"1.0.0","scripts":{"start":"node app.cjs"}}`,
};

/** Programs that start the application, and their arguments. */
const LAUNCHERS: Readonly<Record<string, (app: App) => Promise<readonly string[]>>> = {
  "npm of Node.js": async () => [join(await folderOfNpm(), "bin/npm-cli.js"), "start"],
  "npx of Node.js": async () => [join(await folderOfNpm(), "bin/npx-cli.js"), "-c", "node app.cjs"],
  "npm in Fedora": npmIn("usr/lib/node_modules_22/npm"),
  "npm in Debian": npmIn("usr/share/nodejs/npm"),
  "npm of Volta": npmIn("tools/image/npm/11.0.0"),
  "npm that runs npm": async (app) => {
    const [npm = ""] = await npmIn("opt/npm")(app);
    return [npm, "exec", "--call", "npm start"];
  },
  pnpm: async () => [installed("pnpm/bin/pnpm.cjs"), "start"],
  "pnpm outside of a folder for packages": async ({ folder }) => {
    await cp(installed("pnpm"), join(folder, "libexec"), { recursive: true });
    return [join(folder, "libexec/bin/pnpm.cjs"), "start"];
  },
  yarn: async () => [installed("yarn/bin/yarn.js"), "start"],
  "yarn of the project": async ({ folder }) => {
    await cp(installed("yarn"), join(folder, "tools"), { recursive: true });
    return [join(folder, "tools/bin/yarn.js"), "start"];
  },
  tsx: async () => [installed("tsx/dist/cli.mjs"), "app.ts"],
  nodemon: async () => [installed("nodemon/bin/nodemon.js"), "--exitcrash", "app.cjs"],
  concurrently: async () => [
    installed("concurrently/dist/bin/concurrently.js"),
    "--raw",
    "node app.cjs",
  ],
};

async function folderOfNpm(): Promise<string> {
  const { stdout } = await run("npm", ["root", "--global"]);
  return realpath(join(stdout.trim(), "npm"));
}

/** A copy of npm in the folder of a distribution or of a version manager. */
function npmIn(path: string) {
  return async ({ folder }: App): Promise<readonly string[]> => {
    const copy = join(folder, path);
    await mkdir(dirname(copy), { recursive: true });
    await cp(await folderOfNpm(), copy, { recursive: true });
    return [join(copy, "bin/npm-cli.js"), "start"];
  };
}

const ENV = {
  NODE_OPTIONS: "--import promhttp/register",
  NODE_DEBUG: "promhttp",
  PROMHTTP_ADDRESS: "127.0.0.1:0",
};

const URL_LINE = /PROMHTTP \d+: Metrics at (\S+)/;

for (const [name, argsOf] of Object.entries(LAUNCHERS)) {
  test(`the application serves, not ${name} that starts it`, async () => {
    await withApp(FILES, ["prom-client"], async (app) => {
      const child = app.node(await argsOf(app), ENV);
      const { body } = await httpGet(await child.errorLine(URL_LINE));
      const [, pid] = /^app_pid (\d+)$/m.exec(body.toString()) ?? [];
      assert.ok(pid, body.toString());
      process.kill(Number(pid), "SIGTERM");
      child.signal("SIGTERM");
      const { stdout, stderr } = await child.exit();
      assert.equal((stdout + stderr).match(/Metrics at /g)?.length, 1);
    });
  });
}

/** Applications whose client library only a dependency can import. */
const DEPENDENTS: Readonly<Record<string, readonly [dependencies: object, text: string, RegExp]>> =
  {
    "fastify-metrics": [
      { fastify: "^5", "fastify-metrics": "^13" },
      `import fastify from "fastify";
     import metrics from "fastify-metrics";
     const app = fastify();
     await app.register(metrics.default ?? metrics, { endpoint: "/metrics" });
     app.get("/", () => "");
     await app.inject("/");
     setInterval(() => {}, 1_000);`,
      /^http_request_duration_seconds_count\{[^}]*route="\/"[^}]*\} 1$/m,
    ],
  };

for (const [name, [dependencies, text, expected]] of Object.entries(DEPENDENTS)) {
  test(`the preload serves the metrics of ${name}, installed by pnpm`, async () => {
    const files = { "app.mjs": text, "package.json": JSON.stringify({ dependencies }) };
    await withApp(files, [], async (app) => {
      const pnpm = [installed("pnpm/bin/pnpm.cjs"), "install", "--silent"];
      await run(process.execPath, [...pnpm, "--dir", app.folder]);
      const preload = join(ROOT, "dist/register.js");
      const child = app.node(["--import", preload, "app.mjs"], { ...ENV, NODE_OPTIONS: "" });
      const { body } = await httpGet(await child.errorLine(URL_LINE));
      parseText(body.toString());
      assert.match(body.toString(), expected);
      assert.equal(body.toString().match(/^process_cpu_seconds_total\{worker="0"\} /gm)?.length, 1);
      child.signal("SIGTERM");
      const { stderr } = await child.exit();
      assert.doesNotMatch(stderr, /promhttp: /);
    });
  });
}

test("the preload finds the exporter that pnpm installs for the instrumentations alone", async () => {
  const dependencies = { "@opentelemetry/auto-instrumentations-node": "~0.81.2" };
  const text = `
    require("node:http").createServer((_, response) => response.end()).listen(0, function () {
      fetch(\`http://localhost:\${this.address().port}\`).then(() => console.log("ready"));
    });`;
  const files = { "app.cjs": text, "package.json": JSON.stringify({ dependencies }) };
  await withApp(files, [], async (app) => {
    const pnpm = [installed("pnpm/bin/pnpm.cjs"), "install", "--silent"];
    await run(process.execPath, [...pnpm, "--dir", app.folder]);
    const preload = join(ROOT, "dist/opentelemetry-register.js");
    const instrumentations = "@opentelemetry/auto-instrumentations-node/register";
    const child = app.node(["--require", preload, "--require", instrumentations, "app.cjs"], {
      OTEL_METRICS_EXPORTER: "prometheus",
      OTEL_EXPORTER_PROMETHEUS_PORT: `${await freePort()}`,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
      OTEL_NODE_RESOURCE_DETECTORS: "none",
    });
    const url = await child.errorLine(/^promhttp: Metrics at (http:[^\s,]+), .*0\.223\.\d+/);
    await child.line("ready");
    const { body } = await httpGet(url);
    parseText(body.toString());
    assert.match(body.toString(), /^http_server_request_duration_count\{.*\} [1-9]$/m);
    child.signal("SIGKILL");
    await child.exit();
  });
});

test("npm installs promhttp beside prom-client 12, and the program says that it is too old", async () => {
  await withApp({ "package.json": "{}" }, [], async ({ folder, node }) => {
    const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const tarball = (await run("npm", pack, { cwd: ROOT })).stdout.trim();
    const install = ["install", "--no-audit", "--no-fund", `./${tarball}`, "prom-client@12"];
    await run("npm", install, { cwd: folder });
    const { code, stderr } = await node(["node_modules/promhttp/dist/cli.js"]).exit();
    assert.equal(code, 1);
    assert.match(stderr, /prom-client 12 or older: versions 13 to 15 are supported"\n$/);
  });
});

test("the loader that the program names for TypeScript works, and with a thread beside it", async () => {
  const text = `
    const registry: object = { gather: () => ({ families: [] }) };
    export default registry;`;
  await withApp({ "exporter.mts": text }, [], async ({ node }) => {
    const env = { NODE_OPTIONS: `--import ${installed("tsx/dist/loader.mjs")}` };
    const args = ["node_modules/promhttp/dist/cli.js", "--web.listen-address=127.0.0.1:0"];
    for (const flags of [[], ["--web.thread"]]) {
      const child = node([...args, ...flags, "exporter.mts"], env);
      await child.errorLine(/msg="Listening on"/);
      child.signal("SIGTERM");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /Cannot start a thread/);
    }
  });
});

/** Ways to give the preload to an application of PM2, and what comes of it. */
const PM2_APPS: Readonly<Record<string, readonly [config: object, line: RegExp]>> = {
  "fork mode by NODE_OPTIONS": [{ env: ENV }, URL_LINE],
  "fork mode by node_args": [
    { node_args: ENV.NODE_OPTIONS, env: { ...ENV, NODE_OPTIONS: "" } },
    URL_LINE,
  ],
  "cluster mode": [
    { node_args: ENV.NODE_OPTIONS, exec_mode: "cluster", instances: 2, env: { NODE_OPTIONS: "" } },
    /promhttp: Metrics are reported to process \d+ \("app"\)/,
  ],
};

for (const [name, [config, line]] of Object.entries(PM2_APPS)) {
  test(`the preload serves an application of PM2: ${name}`, async () => {
    await withApp(FILES, ["prom-client"], async (app) => {
      const apps = [{ name: "app", script: "app.cjs", ...config }];
      await writeFile(join(app.folder, "ecosystem.json"), JSON.stringify({ apps }));
      const pm2 = join(HERE, "../node_modules/pm2/bin/pm2-runtime");
      const env = { PM2_HOME: join(app.folder, ".pm2") };
      const child = app.node([pm2, "start", "ecosystem.json"], env);
      const found = await child.errorLine(line);
      if (found.startsWith("http")) {
        assert.match((await httpGet(found)).body.toString(), /^app_pid \d+$/m);
      }
      child.signal("SIGINT");
      await child.exit();
    });
  });
}
