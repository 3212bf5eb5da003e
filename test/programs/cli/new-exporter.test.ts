import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import { withApp } from "../../helpers/processes/with-app.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";
const ARGS = ["--web.listen-address=127.0.0.1:0", "--probe.allow=localhost"];

const loadsTypeScript = Reflect.get(process.features, "typescript") === "strip";
const languages = loadsTypeScript ? (["js", "ts"] as const) : (["js"] as const);

for (const language of languages) {
  test(`the exporter that --init=${language} writes passes its test, and serves`, () =>
    withApp({}, [], async (app) => {
      assert.equal((await app.node([PROGRAM, `--init=${language}`]).exit()).code, 0);
      const file = `exporter.test.m${language}`;
      const tested = await app.node(["--test", file], { NODE_TEST_CONTEXT: undefined }).exit();
      assert.match(tested.stdout, /^(?:ℹ|#) pass 3$/m);
      assert.equal(tested.code, 0);

      const child = app.node([PROGRAM, `exporter.m${language}`, ...ARGS]);
      const url = await child.errorLine(/ msg="Listening on" address=\S+ url=(\S+)$/);
      const metrics = await httpGet(url);
      assert.match(`${metrics.body}`, /^folder_entries\{path="\."\} [1-9]\d*$/m);
      const { port } = new URL(url);
      const probe = new URL(`/probe?target=localhost:${port}`, url).href;
      assert.match(`${(await httpGet(probe)).body}`, /^probe_success 1$/m);
      assert.match(`${(await httpGet(url)).body}`, /result="success"\} 1$/m);
      const refused = await httpGet(new URL("/probe?target=example.com", url).href);
      assert.equal(refused.status, 403);
      child.signal("SIGTERM");
      assert.equal((await child.exit()).code, 0);
    }));
}

if (!loadsTypeScript) {
  test("the program says which Node.js loads the exporter that --init=ts writes", () =>
    withApp({}, [], async (app) => {
      await app.node([PROGRAM, "--init=ts"]).exit();
      const { code, stderr } = await app.node([PROGRAM, "exporter.mts"]).exit();
      assert.equal(code, 1);
      assert.match(stderr, /does not load \.mts files\. Use Node\.js 22\.18 or later/);
    }));
}

for (const args of ["--init", "--help"]) {
  test(`promhttp ${args} ends with status 0 even if nobody reads what it says`, () =>
    withApp({}, [], async (app) => {
      const child = app.node([PROGRAM, args]);
      child.closeOutput();
      const { code, stderr } = await child.exit();
      assert.deepEqual([code, stderr], [0, ""]);
    }));
}

const ERRORS: readonly (readonly [args: string, code: number, stderr: RegExp])[] = [
  ["--init=go", 2, /^promhttp: --init must be one of js, ts, got "go"\. Try --help\n$/],
  ["--init a b", 2, /^promhttp: --init takes only a folder beside it, got "b"\. Try --help\n$/],
  ["--init file", 1, /^promhttp: Cannot write an exporter: EEXIST: .*file'\n$/],
];

for (const [args, code, message] of ERRORS) {
  test(`promhttp ${args} ends with status ${code} and one line`, () =>
    withApp({ file: "" }, [], async (app) => {
      const ended = await app.node([PROGRAM, ...args.split(" ")]).exit();
      assert.deepEqual([ended.code, ended.stdout], [code, ""]);
      assert.match(ended.stderr, message);
    }));
}
