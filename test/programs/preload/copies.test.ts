import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { httpGet } from "../../helpers/http/http-get.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";
import { parseText } from "../../judge/index.ts";
import { ESM_APP, preloaded, scrape, urlOf } from "./apps.ts";

// A process may have several copies of a client library, and some that only a dependency can import.

const PACKAGES = fileURLToPath(new URL("../../../node_modules/", import.meta.url));

/** A dependency that counts with a client library of its own, and collects default metrics. */
const DEPENDENCY = `
  const { Counter, collectDefaultMetrics } = require("prom-client");
  collectDefaultMetrics();
  new Counter({ name: "dependency_calls_total", help: "Calls." }).inc(2);`;

/** Installs a client library under a name, as a symbolic link to one of this repository. */
async function install({ folder }: App, library: string, path: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await symlink(join(PACKAGES, library), join(folder, path));
}

/** Lays a dependency out as pnpm does: its own dependencies are beside its real path. */
async function installAsPnpm(app: App): Promise<void> {
  const store = "node_modules/.pnpm/dependency@1.0.0/node_modules";
  await install(app, "prom-client", `${store}/prom-client`);
  await symlink(join(app.folder, store, "dependency"), join(app.folder, "node_modules/dependency"));
}

const PNPM_FILES = {
  "node_modules/.pnpm/dependency@1.0.0/node_modules/dependency/index.js": DEPENDENCY,
};

/** Applications that load the dependency, and run until they read a line. */
const APPS: Readonly<Record<string, readonly [name: string, text: string]>> = {
  "an ES module": ["app.mjs", `import "dependency";`],
  "a CommonJS module": ["app.cjs", `require("dependency");`],
  "an import() some time later": [
    "app.mjs",
    `await new Promise((resolve) => setTimeout(resolve, 500)); await import("dependency");`,
  ],
};

const RUN = `
  console.log("ready");
  process.stdin.once("data", () => process.stdin.destroy());`;

for (const [name, [file, text]] of Object.entries(APPS)) {
  test(`the preload serves a library that only a dependency can import, of ${name}`, async () => {
    await withApp({ ...PNPM_FILES, [file]: text + RUN }, [], async (app) => {
      await installAsPnpm(app);
      const child = preloaded(app, [file]);
      const body = await scrape(child);
      assert.match(body, /^dependency_calls_total 2$/m);
      assert.equal(body.match(/^process_cpu_seconds_total\{worker="0"\} /gm)?.length, 1);
      child.tell("end");
      const { code, stderr } = await child.exit();
      assert.equal(code, 0);
      assert.match(stderr, /^PROMHTTP \d+: Metrics at \S+\n$/);
    });
  });
}

/** Other copies beside prom-client 15, and where each is. */
const COPIES: Readonly<Record<string, string>> = {
  "prom-client-14": "node_modules/dependency/node_modules/prom-client",
  "prom-client-13": "node_modules/dependency/node_modules/prom-client",
  "@prometheus-io/client": "node_modules/dependency/node_modules/prom-client",
};

for (const [library, path] of Object.entries(COPIES)) {
  test(`the preload serves ${library} of a dependency beside prom-client 15`, async () => {
    const text = `${ESM_APP} import "dependency";
      import { collectDefaultMetrics } from "prom-client";
      if (process.env.COLLECTS) collectDefaultMetrics();`;
    const files = { "app.mjs": text, "node_modules/dependency/index.js": DEPENDENCY };
    for (const env of [{}, { COLLECTS: "1" }, { PROMHTTP_DEFAULT_METRICS: "0", COLLECTS: "1" }]) {
      await withApp(files, ["prom-client"], async (app) => {
        await install(app, library, path);
        const child = preloaded(app, ["app.mjs"], env);
        const body = await scrape(child);
        // Throws for a duplicate family or series.
        parseText(body);
        assert.match(body, /^app_orders_total 3$/m);
        assert.match(body, /^dependency_calls_total 2$/m);
        assert.equal(body.match(/^process_cpu_seconds_total\{worker="0"\} /gm)?.length, 1);
        child.tell("end");
        const { stderr } = await child.exit();
        assert.match(stderr, /^PROMHTTP \d+: Metrics at \S+\n$/);
      });
    }
  });
}

test("the preload serves a copy that is loaded after the first scrape", async () => {
  const text = `${ESM_APP.replace("process.stdin.destroy()", "import('dependency').then(() => console.log('loaded'))")}
    process.stdin.unref();`;
  const files = { "app.mjs": text, "node_modules/dependency/index.js": DEPENDENCY };
  await withApp(files, ["prom-client"], async (app) => {
    await install(app, "prom-client-14", "node_modules/dependency/node_modules/prom-client");
    const child = preloaded(app, ["--eval", "setInterval(() => {}, 1000); import('./app.mjs');"]);
    assert.doesNotMatch(await scrape(child), /^dependency_calls_total/m);
    child.tell("load");
    await child.line("loaded");
    const body = await scrape(child);
    parseText(body);
    assert.match(body, /^app_orders_total 3$/m);
    assert.match(body, /^dependency_calls_total 2$/m);
    child.signal("SIGTERM");
    await child.exit();
  });
});

test("the preload does not load a copy that the application has not loaded", async () => {
  const files = {
    "app.mjs": ESM_APP,
    "node_modules/dependency/index.js": DEPENDENCY,
    "node_modules/dependency/node_modules/prom-client/index.js": `console.log("loaded");`,
    "node_modules/.pnpm/prom-client@14.0.0/node_modules/prom-client/index.js": `console.log("loaded");`,
  };
  await withApp(files, ["prom-client"], async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    await scrape(child);
    child.tell("end");
    const { stdout } = await child.exit();
    assert.equal(stdout, "ready\n");
  });
});

test("the preload names a copy that is too old, and serves the others", async () => {
  const files = {
    "app.mjs": `${ESM_APP} import "dependency";`,
    "node_modules/dependency/index.js": DEPENDENCY.replace("collectDefaultMetrics();", ""),
  };
  await withApp(files, ["prom-client"], async (app) => {
    await install(app, "prom-client-12", "node_modules/dependency/node_modules/prom-client");
    const child = preloaded(app, ["app.mjs"]);
    assert.match(await scrape(child), /^app_orders_total 3$/m);
    await httpGet(await urlOf(child));
    child.tell("end");
    const { stderr } = await child.exit();
    const reason =
      "Cannot serve a registry of prom-client 12 or older: versions 13 to 15 are supported";
    assert.match(
      stderr,
      new RegExp(`^promhttp: Cannot serve prom-client 12\\.0\\.0 in \\S+: ${reason}$`, "m"),
    );
    assert.equal(stderr.match(/Cannot serve/g)?.length, 2);
  });
});

test("the preload says in one line that the only client library is too old", async () => {
  await withApp({ "app.mjs": RUN }, [], async (app) => {
    await install(app, "prom-client-12", "node_modules/prom-client");
    const child = preloaded(app, ["app.mjs"]);
    await child.errorLine(/^promhttp: Cannot serve metrics: Cannot serve prom-client 12\.0\.0 in /);
    child.tell("end");
    const { stderr } = await child.exit();
    assert.equal(stderr.split("\n").length, 2);
  });
});

test("the preload says later what to install if no dependency brings a client library", async () => {
  const files = { "app.mjs": RUN, "node_modules/dependency/index.js": "" };
  await withApp(files, [], async (app) => {
    const child = preloaded(app, ["app.mjs"]);
    await child.errorLine(/^promhttp: Cannot serve metrics: no client library found\. Install /);
    child.tell("end");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    assert.equal(stderr.split("\n").length, 2);
  });
});

test("the preload says why it does not serve a tool that runs the application in itself", async () => {
  const files = { "node_modules/tool/cli.mjs": ESM_APP };
  await withApp(files, ["prom-client"], async (app) => {
    const env = { NODE_OPTIONS: "--import promhttp/register" };
    const child = app.node(["node_modules/tool/cli.mjs"], env);
    await child.errorLine(/^promhttp: Cannot serve metrics: \S+cli\.mjs is a tool; to serve /);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});
