import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import { withBusyPort } from "../../helpers/http/with-busy-port.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";
import { within } from "../../helpers/within.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";
const ANYWHERE = "--web.listen-address=127.0.0.1:0";

const GATHERER = `({ gather: () => ({ families: [
  { name: "up", help: "Up.", type: "gauge", metrics: [{ labels: {}, value: 1 }] },
] }) })`;

function run({ node }: App, ...args: readonly string[]): Fixture {
  return node([PROGRAM, ANYWHERE, ...args]);
}

/** The URL of the metrics, from the log. */
function urlOf(child: Fixture): Promise<string> {
  return child.errorLine(/ level=info msg="Listening on" address=127\.0\.0\.1:\d+ url=(\S+)$/);
}

async function scrape(url: string): Promise<string> {
  const { status, body } = await httpGet(url);
  assert.equal(status, 200);
  return body.toString();
}

/** Ends the program, and returns what it wrote to its standard output. */
async function end(child: Fixture): Promise<string> {
  child.signal("SIGTERM");
  const { code, signal, stdout } = await child.exit();
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  return stdout;
}

/** Modules of every kind that serve the metric `up`. */
const MODULES: Readonly<Record<string, readonly [name: string, text: string]>> = {
  "a gatherer": ["exporter.mjs", `export default ${GATHERER};`],
  "an async function": ["exporter.mjs", `export default async () => ${GATHERER};`],
  "an array": ["exporter.mjs", `export const registry = [${GATHERER}];`],
  "a registry": [
    "exporter.mjs",
    `import client from "prom-client";
     export const { register } = client;
     new client.Gauge({ name: "up", help: "Up." }).set(1);`,
  ],
  "a CommonJS module": [
    "exporter.cjs",
    `const { Gauge, Registry } = require("@prometheus-io/client");
     exports.registry = new Registry();
     new Gauge({ name: "up", help: "Up.", registers: [exports.registry] }).set(1);`,
  ],
};

for (const [kind, [name, text]] of Object.entries(MODULES)) {
  test(`the program serves ${kind} and ends with status 0 on SIGTERM`, async () => {
    await withApp({ [name]: text }, ["prom-client", "@prometheus-io/client"], async (app) => {
      const child = run(app, name);
      const text = await scrape(await urlOf(child));
      assert.match(text, /^# HELP up Up.\n# TYPE up gauge\nup 1\n/);
      assert.match(text, /^promhttp_metric_handler_requests_total/m);
      assert.equal(await end(child), "");
    });
  });
}

test("the program ends even if its module keeps timers", async () => {
  const text = `setInterval(() => {}, 1_000); export default ${GATHERER};`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "./exporter.mjs");
    await urlOf(child);
    await end(child);
  });
});

test("the program calls onScrape before each scrape and close once after the last", async () => {
  const text = `
    export default ${GATHERER};
    export const onScrape = ({ signal }) => console.log("onScrape", signal.aborted);
    export const close = async () => {
      await new Promise(setImmediate);
      console.log("close");
    };`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "exporter.mjs");
    const url = await urlOf(child);
    await scrape(url);
    await scrape(url);
    assert.equal(await end(child), "onScrape false\nonScrape false\nclose\n");
  });
});

test("the program logs an error of close() and ends with status 0", async () => {
  const text = `export default ${GATHERER}; export function close() { throw new Error("no"); }`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "exporter.mjs");
    await urlOf(child);
    await end(child);
    const { stderr } = await child.exit();
    assert.match(
      stderr,
      /level=error msg="The module's close\(\) failed" err="Error: no\\n {4}at /,
    );
  });
});

test("the program has the flags of an exporter", async () => {
  await withApp({ "exporter.mjs": `export default ${GATHERER};` }, [], async (app) => {
    const child = run(
      app,
      "--web.telemetry-path=/probe",
      "--web.disable-exporter-metrics",
      "--web.max-requests=0",
      "exporter.mjs",
    );
    const url = await urlOf(child);
    assert.match(url, /\/probe$/);
    assert.equal(await scrape(url), "# HELP up Up.\n# TYPE up gauge\nup 1\n");
    await end(child);
  });
});

test("the program logs as JSON, including lines of the server", async () => {
  const text = `export default { gather() { throw new Error("no"); } };`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "--log.format=json", "exporter.mjs");
    const url = await child.errorLine(/"msg":"Listening on".*"url":"([^"]+)"/);
    assert.equal((await httpGet(url)).status, 500);
    child.signal("SIGINT");
    const { code, stderr } = await child.exit();
    assert.equal(code, 0);
    const lines: readonly Readonly<Record<string, string>>[] = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ level, msg }) => `${level}: ${msg}`),
      [
        "info: Listening on",
        "info: TLS is disabled.",
        'error: Collector "gatherer 1" failed; scrapes are answered with an error',
        "info: Shutting down",
      ],
    );
    assert.deepEqual([lines[2]?.["collector"], lines[2]?.["err"]], ["gatherer 1", "Error: no"]);
    assert.match(String(lines[2]?.["stack"]), /^Error: no\n {4}at /);
  });
});

test("the program logs only errors with --log.level=error", async () => {
  await withApp({ "exporter.mjs": `export default ${GATHERER};` }, [], async (app) => {
    const child = app.node([PROGRAM, "--web.listen-address=unix:app.sock", "--log.level=error"]);
    const { code, stderr } = await child.exit();
    assert.equal(code, 1);
    assert.match(stderr, /^ts=\S+ level=error msg="Cannot find a client library in [^\n]*"\n$/);
  });
});

for (const library of ["prom-client", "@prometheus-io/client"]) {
  test(`the program without a module serves its own metrics, with ${library}`, async () => {
    await withApp({}, [library], async (app) => {
      const child = run(app);
      await child.errorLine(/level=info msg=".* To serve others: promhttp .\/my-exporter.mjs"/);
      assert.match(await scrape(await urlOf(child)), /^process_cpu_seconds_total \d/m);
      await end(child);
    });
  });
}

test("the program listens on several addresses", async () => {
  await withApp({ "exporter.mjs": `export default ${GATHERER};` }, [], async (app) => {
    const child = run(app, "--web.listen-address=unix:app.sock", "exporter.mjs");
    assert.match(await scrape(await urlOf(child)), /^up 1$/m);
    await child.errorLine(/msg="Listening on" address=app.sock url=unix:app.sock$/);
    await child.errorLine(/level=info msg="TLS is disabled\." http2=false address=app.sock$/);
    await end(child);
  });
});

test("the program listens on all addresses or none", async () => {
  await withApp({ "exporter.mjs": `export default ${GATHERER};` }, [], async (app) => {
    await withBusyPort(async (port) => {
      const busy = `--web.listen-address=127.0.0.1:${port}`;
      const { code, stderr } = await run(app, busy, "exporter.mjs").exit();
      assert.equal(code, 1);
      const reason = `Cannot listen on \\"127.0.0.1:${port}\\": address already in use`;
      assert.equal(stderr.replace(/^ts=\S+ /, ""), `level=error msg="${reason}"\n`);
    });
  });
});

/** Modules that end the program before it listens, with status 1 and one line. */
const FAILURES: Readonly<Record<string, readonly [text: string, reason: string]>> = {
  "that does not exist": ["", 'Cannot find module \\"exporter.mjs\\"'],
  "that exports nothing": [
    "setInterval(() => {}, 1_000);",
    'The module must export a registry, as default or as \\"registry\\", or a probe',
  ],
  "whose function never settles": [
    "export default () => new Promise(() => {});",
    'Module \\"exporter.mjs\\" never settles: it waits for what cannot happen any more',
  ],
  "that exports a cluster registry": [
    `import client from "prom-client"; export default new client.AggregatorRegistry();`,
    "Cannot serve a cluster or worker registry: serve the registry of each process, with the option workers: true",
  ],
};

for (const [name, [text, reason]] of Object.entries(FAILURES)) {
  test(`the program ends with status 1 and one line for a module ${name}`, async () => {
    await withApp(text === "" ? {} : { "exporter.mjs": text }, ["prom-client"], async (app) => {
      const { code, stdout, stderr } = await run(app, "exporter.mjs").exit();
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
      const line = stderr.replace(/^ts=\S+ /, "");
      assert.equal(line, `level=error msg="${reason}"\n`);
    });
  });
}

/** Modules that fail, and what the program shows. */
const FAULTY: Readonly<Record<string, readonly [text: string, shown: RegExp]>> = {
  "throws when it is loaded": [
    `const x = 1;\nthrow new Error("boom");`,
    /^Error: boom\n {4}at file:\S+\/exporter.mjs:2:7$/m,
  ],
  "cannot be parsed": [`const x = 1;\nconst y = = 2;`, /exporter.mjs:2\nconst y = = 2;\n/],
  "imports a missing file": [`import "./missing.mjs";`, /missing.mjs' imported from \S+mjs$/m],
  "rejects in its function": [
    `process.on("uncaughtException", () => {});
     process.on("unhandledRejection", () => {});
     setInterval(() => {}, 1_000);
     export default async () => { throw new Error("boom"); };`,
    /^Error: boom\n {4}at .*exporter.mjs:4:\d+\)?$/m,
  ],
};

for (const [name, [text, shown]] of Object.entries(FAULTY)) {
  test(`the program shows the place in a module that ${name} and ends with status 1`, async () => {
    await withApp({ "exporter.mjs": text }, [], async (app) => {
      const { code, stderr } = await run(app, "exporter.mjs").exit();
      assert.equal(code, 1);
      assert.match(stderr, /^ts=\S+ level=error msg="Cannot load module" module=exporter.mjs\n/);
      assert.match(stderr, shown);
    });
  });
}

test("the program does not hide an error that the module throws later", async () => {
  const text = `
    export default ${GATHERER};
    process.stdin.once("data", () => { throw new Error("later"); });`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "exporter.mjs");
    await urlOf(child);
    child.tell("go");
    const { code, stderr } = await child.exit();
    assert.equal(code, 1);
    assert.match(stderr, /^Error: later\n {4}at .*exporter.mjs:5/m);
  });
});

test("the program ends with status 2 and one line for a wrong flag", async () => {
  await withApp({}, [], async ({ node }) => {
    const { stdout, ...exit } = await node([PROGRAM, "--log.level=loud"]).exit();
    assert.equal(stdout, "");
    assert.deepEqual(exit, {
      code: 2,
      signal: null,
      stderr:
        'promhttp: --log.level must be one of debug, info, warn, error, got "loud". Try --help\n',
    });
  });
});

test("the program suggests a flag for one that does not exist", async () => {
  await withApp({}, [], async ({ node }) => {
    const { code, stderr } = await node([PROGRAM, "--port", "9100"]).exit();
    assert.equal(code, 2);
    const line = "Unknown option '--port'. Did you mean --web.listen-address? Try --help";
    assert.equal(stderr, `promhttp: ${line}\n`);
  });
});

test("the program refuses a header larger than --web.max-header-bytes", async () => {
  await withApp({ "exporter.mjs": `export default ${GATHERER};` }, [], async (app) => {
    const child = run(app, "--web.max-header-bytes=2048", "exporter.mjs");
    const url = await urlOf(child);
    await scrape(url);
    const cookie = "x".repeat(3_000);
    assert.equal((await httpGet(url, { cookie })).status, 431);
    await end(child);
  });
});

/** Whether the version of Node that runs the tests strips types. */
const STRIPS_TYPES = process.features as { readonly typescript?: string | false };

/** TypeScript modules, by file. */
const TYPESCRIPT_MODULES: Readonly<Record<string, string>> = {
  "exporter.mts": `export default ${GATHERER} as object;`,
  "exporter.ts": `export default ${GATHERER} as object;`,
  "exporter.mjs": `export { default } from "./lib.mts";`,
};

for (const [name, text] of Object.entries(TYPESCRIPT_MODULES)) {
  test(`the program serves ${name} with types, or says what can`, async () => {
    const files = { [name]: text, "lib.mts": `export default ${GATHERER} as object;` };
    const manifest = { "package.json": `{"type":"module"}` };
    await withApp({ ...files, ...manifest }, [], async (app) => {
      const child = run(app, name);
      if (STRIPS_TYPES.typescript) {
        assert.match(await scrape(await urlOf(child)), /^up 1$/m);
        await end(child);
        return;
      }
      const { code, stderr } = await child.exit();
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^ts=\S+ level=error msg="Cannot load \S+ Node\.js v\S+ does not load \.m?ts files\. Use Node\.js 22\.18 or later, or a loader: NODE_OPTIONS=\\"--import tsx\\" npx promhttp \S+"\n$/,
      );
    });
  });
}

test("the program shows its help and its version", async () => {
  await withApp({}, [], async ({ node }) => {
    const help = await node([PROGRAM, "--help"]).exit();
    assert.deepEqual({ code: help.code, stderr: help.stderr }, { code: 0, stderr: "" });
    assert.match(
      help.stdout,
      /^usage: promhttp \[<flags>\] \[<module> \[<flags of the module>\]\]\n/,
    );
    const version = await node([PROGRAM, "--version"]).exit();
    assert.match(version.stdout, /^promhttp, version \d+\.\d+\.\d+ \(node v[\d.]+, \w+\/\w+\)\n$/);
  });
});

test("the program keeps running when nobody reads its log", async () => {
  const text = `
    export default ${GATHERER};
    export const onScrape = () => { throw new Error("no"); };`;
  await withApp({ "exporter.mjs": text }, [], async (app) => {
    const child = run(app, "exporter.mjs");
    const url = await urlOf(child);
    child.closeErrors();
    for (let scrapes = 0; scrapes < 3; scrapes++) {
      assert.equal((await within("an answer", httpGet(url))).status, 500);
    }
    child.signal("SIGTERM");
    assert.equal((await child.exit()).code, 0);
  });
});
