import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { createAuthority, type Identity } from "../helpers/certificates.ts";
import { firstAnswer } from "../helpers/http/first-answer.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { httpGet } from "../helpers/http/http-get.ts";
import { firstHttpsAnswer, httpsGet } from "../helpers/http/https-get.ts";
import { poll } from "../helpers/poll.ts";
import { type App, withApp } from "../helpers/processes/with-app.ts";
import { VOLUMES } from "../helpers/volume.ts";
import { parseExposition } from "../judge/index.ts";

const read = (name: string) => readFile(new URL(`../../examples/${name}`, import.meta.url), "utf8");

const WEB_CONFIG = await read("secure/web-config.yml");
const { prometheus: HASH } = parse(WEB_CONFIG).basic_auth_users;
const PASSWORD = "a password";

const AUTHORITY = createAuthority();
const SERVER = AUTHORITY.issue({ sans: ["IP:127.0.0.1"], usage: ["server"] });
const SCRAPER = AUTHORITY.issue({ sans: ["DNS:prometheus.example"], usage: ["client"] });
const STRANGER = AUTHORITY.issue({ sans: ["DNS:stranger.example"], usage: ["client"] });

const basic = (password: string) =>
  `Basic ${Buffer.from(`prometheus:${password}`).toString("base64")}`;

/** Stops a program that was quiet. */
async function stop(program: ReturnType<App["node"]>): Promise<void> {
  program.signal("SIGTERM");
  const { code, stdout } = await program.exit();
  // Windows ends a program without asking it.
  if (process.platform !== "win32") assert.deepEqual([code, stdout], [0, ""]);
}

test("the example secure.mjs needs a certificate and a token", async () => {
  const port = await freePort();
  const token = "0123456789abcdef";
  const files = {
    "secure.mjs": (await read("secure.mjs")).replace("9464", `${port}`),
    "tls.crt": SERVER.cert,
    "tls.key": SERVER.key,
    "ca.crt": AUTHORITY.cert,
    tokens: `${token}\n`,
  };
  await withApp(files, ["prom-client"], async ({ node }) => {
    const program = node(["secure.mjs"]);
    const options = { port, ca: AUTHORITY.cert, headers: { authorization: `Bearer ${token}` } };
    const { status, headers, body } = await firstHttpsAnswer({ ...options, ...SCRAPER });
    assert.equal(status, 200);
    parseExposition(headers["content-type"] ?? "", Buffer.from(body));
    assert.match(body, /^process_cpu_seconds_total \d/m);
    assert.match(body, /^promhttp_refused_requests_total\{reason="credentials_missing"\} 0$/m);
    assert.equal((await httpsGet({ ...options, ...SCRAPER, headers: {} })).status, 401);
    for (const other of [STRANGER, {}]) await assert.rejects(httpsGet({ ...options, ...other }));
    await stop(program);
  });
});

test("the example secure-mount.mjs needs a password only for the metrics", async () => {
  const port = await freePort();
  const files = { "app.mjs": (await read("secure-mount.mjs")).replace("9464", `${port}`) };
  await withApp(files, ["prom-client", "express"], async ({ node }) => {
    const program = node(["app.mjs"], { METRICS_PASSWORD_HASH: HASH });
    const url = `http://127.0.0.1:${port}`;
    assert.equal((await firstAnswer(url)).status, 200);
    const { status, headers } = await httpGet(`${url}/metrics`);
    assert.equal(status, 401);
    assert.match(`${headers["www-authenticate"]}`, /^Basic realm="metrics"/);
    const ask = (password: string) => httpGet(`${url}/metrics`, { authorization: basic(password) });
    assert.equal((await ask("another")).status, 401);
    const answer = await ask(PASSWORD);
    assert.equal(answer.status, 200);
    assert.match(`${answer.body}`, /^process_cpu_seconds_total \d/m);
    await stop(program);
  });
});

test("the example secure-mount.mjs does not start without a hash", async () => {
  const files = { "app.mjs": await read("secure-mount.mjs") };
  await withApp(files, ["prom-client", "express"], async ({ node }) => {
    const { code, stderr } = await node(["app.mjs"], { METRICS_PASSWORD_HASH: undefined }).exit();
    assert.equal(code, 1);
    assert.match(stderr, /RangeError: Option "auth.users.prometheus" must be a bcrypt hash/);
  });
});

/** Starts the program with a web configuration file. */
function serve({ node }: App, port: number, ...flags: readonly string[]) {
  const program = "node_modules/promhttp/dist/cli.js";
  return node([program, `--web.listen-address=127.0.0.1:${port}`, ...flags]);
}

test("the example of a web configuration file has TLS and a user", async () => {
  const port = await freePort();
  const files = { "web-config.yml": WEB_CONFIG, "tls.crt": SERVER.cert, "tls.key": SERVER.key };
  await withApp(files, ["prom-client"], async (app) => {
    const program = serve(app, port, "--web.config.file=web-config.yml");
    const options = { port, ca: AUTHORITY.cert };
    const ask = (password: string) =>
      httpsGet({ ...options, headers: { authorization: basic(password) } });
    assert.equal((await firstHttpsAnswer(options)).status, 401);
    assert.equal((await ask("another")).status, 401);
    assert.equal((await ask(PASSWORD)).status, 200);
    assert.equal((await httpsGet({ ...options, path: "/-/healthy" })).status, 200);
    await stop(program);
  });
});

test("the files of the SPIFFE helper are used as it writes them, and again when it renews them", async () => {
  const port = await freePort();
  const helper = settingsOf(await read("secure/spiffe-helper.conf"));
  const { cert_dir, svid_file_name, svid_key_file_name, svid_bundle_file_name } = helper;
  const identity = (path: string) =>
    AUTHORITY.issue({ sans: [`URI:spiffe://example.org/${path}`, "DNS:my-exporter"] });
  const filesOf = ({ cert, key }: Identity) => ({
    [`${svid_file_name}`]: cert,
    [`${svid_key_file_name}`]: key,
    [`${svid_bundle_file_name}`]: AUTHORITY.cert,
  });
  await withApp({}, ["prom-client"], async (app) => {
    const folder = join(app.folder, "svids");
    const source = await read("secure/spiffe-web-config.yml");
    const settings = parse(source.replaceAll(`${cert_dir}`, folder));
    const volume = await VOLUMES["SPIFFE helper"]?.(folder, {
      ...filesOf(identity("my-exporter")),
      "web-config.yml": JSON.stringify(settings),
    });
    const program = serve(app, port, `--web.config.file=${join(folder, "web-config.yml")}`);
    const options = { port, ca: AUTHORITY.cert, servername: "my-exporter" };
    const scraper = { ...options, ...identity("prometheus") };
    const { status, serial } = await firstHttpsAnswer(scraper);
    assert.equal(status, 200);
    for (const other of [identity("another"), SCRAPER, {}]) {
      await assert.rejects(httpsGet({ ...options, ...other }));
    }
    const renewal = volume?.exchange(filesOf(identity("my-exporter")));
    await poll("the new identity", async () => {
      const answer = await httpsGet(scraper);
      assert.equal(answer.status, 200);
      return answer.serial !== serial;
    });
    await renewal;
    await stop(program);
  });
});

/** What the SPIFFE helper can be told of the files that it writes (its README, Configuration). */
const HELPER_SETTINGS = new Set([
  "agent_address",
  "cert_dir",
  "svid_file_name",
  "svid_key_file_name",
  "svid_bundle_file_name",
]);

function settingsOf(source: string): Readonly<Record<string, string>> {
  const settings: Record<string, string> = {};
  for (const line of source.trim().split("\n")) {
    const [, name = "", value = ""] = /^(\w+) = "([^"]+)"$/.exec(line) ?? [];
    assert.ok(HELPER_SETTINGS.has(name), line);
    settings[name] = value;
  }
  assert.equal(Object.keys(settings).length, HELPER_SETTINGS.size);
  return settings;
}
