/** Modules with flags of their own, in the real program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { type App, withApp } from "../../helpers/processes/with-app.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";
const ANYWHERE = ["--web.listen-address", "127.0.0.1:0"];

/** It says when it is loaded, keeps the process alive, and serves a flag as a label. */
const MODULE = `
  console.log("loaded");
  setInterval(() => {}, 1_000);
  export const flags = {
    "db.url": { type: "string", env: "DB_URL", required: true, help: "Where the database is." },
    "db.offset": { type: "number", default: 1 },
    "db.tls": { type: "boolean" },
  };
  export default ({ "db.url": url, "db.offset": value, "db.tls": tls }) => ({
    registry: { gather: () => ({ families: [
      { name: "db_up", help: "", type: "gauge", metrics: [{ labels: { url, tls: String(tls) }, value }] },
    ] }) },
    close: () => console.log("closed"),
  });`;

const FILES = {
  "exporter.mjs": MODULE,
  "exporter.cjs": `
    module.exports = ({ size }) => ({ gather: () => ({ families: [
      { name: "size", help: "", type: "gauge", metrics: [{ labels: {}, value: size }] },
    ] }) });
    module.exports.flags = { size: { type: "number" } };`,
  "wrong.mjs": `export const flags = { "log.level": { type: "string" } };`,
  "broken.mjs": `throw new Error("boom");`,
};

async function scrape(child: Fixture): Promise<string> {
  const url = await child.errorLine(/ msg="Listening on" address=\S+ url=(\S+)$/);
  const { body } = await httpGet(url);
  return body.toString();
}

async function end(child: Fixture) {
  child.signal("SIGTERM");
  const { code, stdout, stderr } = await child.exit();
  assert.equal(code, 0);
  return { stdout, stderr };
}

test("the program calls a module with the values of its flags", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const flags = [
      "--db.url",
      "postgres://x",
      "--log.level=debug",
      "--db.offset",
      "-5",
      "--db.tls",
    ];
    const child = node([PROGRAM, ...ANYWHERE, "./exporter.mjs", ...flags], { DB_URL: "no" });
    assert.match(await scrape(child), /^db_up\{url="postgres:\/\/x",tls="true"\} -5$/m);
    const { stdout, stderr } = await end(child);
    assert.equal(stdout, "loaded\nclosed\n");
    assert.doesNotMatch(stderr, /postgres/);
  });
});

test("the program reads the flags of a CommonJS module", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const child = node([PROGRAM, "exporter.cjs", ...ANYWHERE, "--size=3"]);
    assert.match(await scrape(child), /^size 3$/m);
    await end(child);
  });
});

test("the program reads a secret from the environment, and does not log it", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const env = { DB_URL: "postgres://secret" };
    const child = node([PROGRAM, ...ANYWHERE, "--log.level=debug", "exporter.mjs"], env);
    assert.match(await scrape(child), /^db_up\{url="postgres:\/\/secret",tls="false"\} 1$/m);
    assert.doesNotMatch((await end(child)).stderr, /secret/);
  });
});

/** Command lines that end the program: its status, whether the module was loaded, and what it says. */
const ENDS: readonly (readonly [args: string, code: number, stdout: string, line: string])[] = [
  ["exporter.mjs --db.ulr=x", 2, "loaded\n", "Unknown option '--db.ulr'. Did you mean --db.url?"],
  ["exporter.mjs", 2, "loaded\n", "--db.url is required, or the environment variable DB_URL."],
  ["exporter.mjs --db.offset=x --db.url=x", 2, "loaded\n", "--db.offset must be a number."],
  // Nothing that the module declares could make these right.
  ["--db.url=x exporter.mjs", 2, "", "Unknown option '--db.url'. Flags of a module go after it."],
  ["exporter.mjs b.mjs --db.url=x", 2, "", 'Cannot serve more than one module: "b.mjs".'],
  [
    "exporter.mjs --db.url=x --log.level=loud",
    2,
    "",
    '--log.level must be one of debug, info, warn, error, got "loud".',
  ],
];

for (const [args, code, stdout, line] of ENDS) {
  test(`the program ends with status ${code} for "${args}"`, async () => {
    await withApp(FILES, [], async ({ node }) => {
      const { stderr, ...exit } = await node([PROGRAM, ...args.split(" ")]).exit();
      assert.deepEqual(exit, { code, signal: null, stdout });
      assert.equal(stderr, `promhttp: ${line} Try --help\n`);
    });
  });
}

test("the program ends with status 1 if a module declares a flag of ours", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const { code, stderr } = await node([PROGRAM, "wrong.mjs"]).exit();
    assert.equal(code, 1);
    const reason = 'Export \\"flags\\" must not have \\"log.level\\", which is a flag of promhttp';
    assert.equal(stderr.replace(/^ts=\S+ /, ""), `level=error msg="${reason}"\n`);
  });
});

test("the help shows the flags of a module, and serves nothing", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const env = { DB_URL: "postgres://secret" };
    const child = node([PROGRAM, "exporter.mjs", "--help", "--db.nope"], env);
    const { code, stdout, stderr } = await child.exit();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(stdout, /^usage: promhttp [\s\S]*loaded\n\nFlags of exporter\.mjs, [^\n]*:\n/);
    assert.match(
      stdout,
      /\n {6}--db\.url=STRING {12}Where the database is\. \(required\) \(\$DB_URL\)\n/,
    );
    assert.doesNotMatch(stdout, /secret/);
  });
});

/** Modules whose flags cannot be shown, and why. */
const BROKEN: Readonly<Record<string, RegExp>> = {
  "broken.mjs": /msg="Cannot load module" module=broken\.mjs\n[\s\S]*^Error: boom$/m,
  "missing.mjs": /msg="Cannot find module \\"missing\.mjs\\""\n$/,
  "wrong.mjs": /which is a flag of promhttp"\n$/,
};

for (const [module, reason] of Object.entries(BROKEN)) {
  test(`the help shows the program's flags even with ${module}`, async () => {
    await withApp(FILES, [], async ({ node }: App) => {
      const { code, stdout, stderr } = await node([PROGRAM, module, "--help"]).exit();
      assert.equal(code, 1);
      assert.match(stdout, /^usage: promhttp /);
      assert.match(stderr, reason);
    });
  });
}
