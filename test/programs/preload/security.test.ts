import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { createAuthority } from "../../helpers/certificates.ts";
import { freePort } from "../../helpers/http/free-port.ts";
import { httpGet } from "../../helpers/http/http-get.ts";
import { withApp } from "../../helpers/processes/with-app.ts";
import { ESM_APP, preloaded, urlOf } from "./apps.ts";

const TOKEN = "0123456789abcdefghij";

const AUTHORITY = createAuthority();
const SERVER = AUTHORITY.issue({ sans: ["IP:127.0.0.1"] });

const FILES: Readonly<Record<string, string>> = {
  "app.mjs": ESM_APP,
  "web.yml": [
    "tls_server_config: { cert_file: tls.crt, key_file: tls.key }",
    `basic_auth_users: { alice: ${hashSync("secret", 4)} }`,
    "",
  ].join("\n"),
  "broken.yml": "basic_auth_users: {}\nfoo: 1\n",
  "tls.crt": SERVER.cert,
  "tls.key": SERVER.key,
  tokens: `${TOKEN}\n`,
};

test("the preload serves with the certificate and the users of a file", async () => {
  await withApp(FILES, ["prom-client"], async (app) => {
    const child = preloaded(app, ["app.mjs"], { PROMHTTP_WEB_CONFIG_FILE: "web.yml" });
    const url = await urlOf(child);
    assert.match(url, /^https:/);
    for (const [auth, expected] of [
      ["alice:wrong", 401],
      ["alice:secret", 200],
    ] as const) {
      const request = get(url, { ca: AUTHORITY.cert, agent: false, auth });
      const [response] = (await once(request, "response")) as [IncomingMessage];
      assert.equal(response.resume().statusCode, expected);
    }
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

test("the preload serves whom a token or a network lets in", async () => {
  const env = { PROMHTTP_BEARER_TOKEN_FILE: "tokens", PROMHTTP_ALLOWED_NETWORKS: "127.0.0.0/8" };
  await withApp(FILES, ["prom-client"], async (app) => {
    const child = preloaded(app, ["app.mjs"], env);
    const url = await urlOf(child);
    assert.equal((await httpGet(url)).status, 401);
    assert.equal((await httpGet(url, { authorization: `Bearer ${TOKEN}` })).status, 200);
    child.tell("end");
    assert.equal((await child.exit()).code, 0);
  });
});

/** What cannot be honoured, and what the line says. */
const BROKEN: readonly [variable: string, value: string, reason: RegExp][] = [
  ["PROMHTTP_WEB_CONFIG_FILE", "broken.yml", /Cannot use \S*broken\.yml:2: /],
  ["PROMHTTP_WEB_CONFIG_FILE", "nowhere.yml", /Cannot use \S*nowhere\.yml: /],
  ["PROMHTTP_BEARER_TOKEN_FILE", "app.mjs", /Cannot use \S*app\.mjs:\d+: /],
  ["PROMHTTP_ALLOWED_NETWORKS", "all", /PROMHTTP_ALLOWED_NETWORKS must be networks/],
];

for (const [variable, value, reason] of BROKEN) {
  test(`the preload opens no port and writes one line for ${variable}=${value}`, async () => {
    await withApp(FILES, ["prom-client"], async (app) => {
      const port = await freePort();
      const env = { NODE_DEBUG: "", PROMHTTP_ADDRESS: `127.0.0.1:${port}`, [variable]: value };
      const child = preloaded(app, ["app.mjs"], env);
      await child.errorLine(/^promhttp: Cannot serve metrics: /);
      await assert.rejects(httpGet(`http://127.0.0.1:${port}/metrics`), { code: "ECONNREFUSED" });
      child.tell("end");
      const { code, stdout, stderr } = await child.exit();
      // The application runs as if nothing were wrong.
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "ready\n" });
      assert.match(stderr, /^promhttp: Cannot serve metrics: [^\n]*\n$/);
      assert.match(stderr, reason);
    });
  });
}
