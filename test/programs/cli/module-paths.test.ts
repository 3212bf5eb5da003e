/** What a module serves beside its registry, in the real program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpGet } from "../../helpers/http/http-get.ts";
import type { Fixture } from "../../helpers/processes/fork-fixture.ts";
import { withApp } from "../../helpers/processes/with-app.ts";

const PROGRAM = "node_modules/promhttp/dist/cli.js";
const ANYWHERE = "--web.listen-address=127.0.0.1:0";

const COMMON = `
  const family = (name, value) => ({ name, help: "", type: "gauge", metrics: [{ labels: {}, value }] });
  const gathererOf = (name) => ({ gather: () => ({ families: [family(name, 1)] }) });`;

const FILES = {
  "all.mjs": `${COMMON}
    export const flags = { "probe.value": { type: "number", default: 1 } };
    export const registry = [gathererOf("cpu"), gathererOf("disks")];
    export const probe = ({ "probe.value": value }) => ({
      allow: "*.lan",
      probe: ({ target }) => [family("port", target.port * value)],
    });
    export const paths = { "/db": gathererOf("db") };`,
  "probe.mjs": `${COMMON}
    export const probe = { allow: "any", probe: () => [family("asked", 1)] };`,
  "relative.mjs": `export const paths = { "db": { gather: () => ({ families: [] }) } };`,
  "open.mjs": "export const probe = { probe: () => [] };",
};

/** The start of the URLs of the program, from its log. */
async function originOf(child: Fixture): Promise<string> {
  const url = await child.errorLine(/ msg="Listening on" address=\S+ url=(\S+)$/);
  return new URL(url).origin;
}

async function get(url: string): Promise<string> {
  const { status, body } = await httpGet(url);
  return `${status} ${body}`;
}

async function end(child: Fixture): Promise<void> {
  child.signal("SIGTERM");
  assert.equal((await child.exit()).code, 0);
}

test("the program serves a probe and paths of a module", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const child = node([PROGRAM, ANYWHERE, "all.mjs", "--probe.value=10"]);
    const origin = await originOf(child);
    await child.errorLine(/ level=info msg="Serving further paths" paths=\/probe,\/db$/);
    assert.match(await get(`${origin}/metrics?name[]=disks`), /^200 # TYPE disks gauge\n/);
    assert.match(await get(`${origin}/db`), /^200 [\s\S]*^db 1$/m);
    const probed = await get(`${origin}/probe?target=a.lan:80`);
    assert.match(probed, /^200 [\s\S]*^port 800$/m);
    assert.match(probed, /^probe_success 1$/m);
    assert.match(await get(`${origin}/probe?target=a.example.com`), /^403 /);
    await end(child);
  });
});

test("the program serves its own metrics beside a probe", async () => {
  await withApp(FILES, [], async ({ node }) => {
    const child = node([PROGRAM, ANYWHERE, "probe.mjs"]);
    const origin = await originOf(child);
    assert.match(await get(`${origin}/probe?target=a.lan`), /^probe_success 1$/m);
    const metrics = await get(`${origin}/metrics`);
    assert.match(metrics, /^promhttp_probes_total\{path="\/probe",result="success"\} 1$/m);
    assert.doesNotMatch(metrics, /^process_/m);
    await end(child);
  });
});

test("the program serves the metrics of its process beside a probe", async () => {
  await withApp(FILES, ["prom-client"], async ({ node }) => {
    const child = node([PROGRAM, ANYWHERE, "probe.mjs"]);
    assert.match(await get(`${await originOf(child)}/metrics`), /^process_cpu_seconds_total /m);
    await end(child);
  });
});

/** Command lines with a path or a probe that cannot be served, and what the program says. */
const WRONG: readonly (readonly [args: string, reason: RegExp])[] = [
  ["--web.telemetry-path=/probe probe.mjs", /\/probe/],
  ["relative.mjs", /db/],
  ["open.mjs", /allow/],
];

for (const [args, reason] of WRONG) {
  test(`the program ends with status 1 and one line for "${args}"`, async () => {
    await withApp(FILES, [], async ({ node }) => {
      const { code, stderr } = await node([PROGRAM, ANYWHERE, ...args.split(" ")]).exit();
      assert.equal(code, 1);
      assert.match(stderr, /^ts=\S+ level=error msg="[^\n]*"\n$/);
      assert.match(stderr, reason);
    });
  });
}
