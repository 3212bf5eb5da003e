import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type Address, ConfigError, Server, type ServerOptions } from "../../src/index.ts";
import { createAuthority } from "../helpers/certificates.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { freePort } from "../helpers/http/free-port.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { SECRET_HASH } from "./configured.ts";
import { SERVER } from "./transports.ts";

const TOKEN = "0123456789abcdef";

/** Options that cannot be honoured, and the error that says so. */
const WRONG: readonly [options: unknown, error: RegExp][] = [
  [{ auth: {} }, /^TypeError: .*"auth"/],
  [{ auth: { users: {} } }, /^TypeError: .*"auth.users"/],
  [{ auth: { bearerTokens: [] } }, /^TypeError: .*"auth.bearerTokens"/],
  [{ auth: { bearerTokens: ["short"] } }, /^RangeError: .*"auth.bearerTokens"/],
  [{ auth: { token: TOKEN } }, /^TypeError: Unknown option "auth.token"/],
  [{ tls: {} }, /^TypeError: .*"tls"/],
  [{ tls: { cert: SERVER.cert } }, /^TypeError: .*"tls"/],
  [{ tls: { ...SERVER, clientAuth: "require-and-verify" } }, /^(?:Type|Range)Error: .*clientCa/],
  [{ tls: { ...SERVER, key: createAuthority().key } }, /^RangeError: .*"tls.key"/],
  [{ certificate: SERVER.cert }, /^TypeError: Unknown option "certificate"/],
  [{ allowedNetworks: [] }, /^TypeError: .*"allowedNetworks"/],
  [{ trustedProxies: ["10.0.0.1"] }, /^TypeError: .*"trustedProxies"/],
  [{ webConfigFile: "missing.yml" }, /^ConfigError: .*missing\.yml: there is no such file/],
  [{ auth: { bearerTokenFile: "missing" } }, /^ConfigError: .*missing: there is no such file/],
  [
    { tls: { cert: { file: "missing.crt" }, key: SERVER.key } },
    /^ConfigError: Cannot use .*missing\.crt: there is no such file$/,
  ],
  [{ webConfigFile: "web.yml", tls: SERVER }, /^TypeError: .*"tls" .*"webConfigFile"/],
  [
    { webConfigFile: "web.yml", auth: { users: { alice: SECRET_HASH } } },
    /^TypeError: .*"auth.users" .*"webConfigFile"/,
  ],
  [
    { webConfigFile: "web.yml", headers: { "X-Frame-Options": "deny" } },
    /^TypeError: .*"headers" .*"webConfigFile"/,
  ],
  [
    { webConfigFile: "web.yml", rateLimit: { intervalMs: 1, burst: 1 } },
    /^TypeError: .*"rateLimit" .*"webConfigFile"/,
  ],
];

for (const [options, expected] of WRONG) {
  test(`nothing is served with ${JSON.stringify(options).slice(0, 70)}`, async () => {
    await assertRefused(options as ServerOptions, expected);
  });
}

/** Files that cannot be honoured, and what is wrong with them. */
const BROKEN: readonly [what: string, text: string, error: RegExp][] = [
  ["an unknown key", "basic_auth_user: {}\n", /web\.yml:1: .*basic_auth_user/],
  ["a hash that is not one", "basic_auth_users:\n  alice: secret\n", /web\.yml:2: .*alice/],
  ["half of TLS", "tls_server_config:\n  cert: x\n", /web\.yml:\d: .*key/],
  [
    "a certificate that is not there",
    "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n",
    /web\.yml:2: "tls_server_config\.cert_file": .*tls\.crt: there is no such file/,
  ],
  ["a tab", "basic_auth_users:\n\talice: x\n", /web\.yml:\d: /],
];

for (const [what, text, expected] of BROKEN) {
  test(`nothing is served with a configuration file that has ${what}`, async () => {
    await withTempDir(async (directory) => {
      const webConfigFile = join(directory, "web.yml");
      await writeFile(webConfigFile, text);
      const error = await assertRefused({ webConfigFile }, expected);
      assert.ok(error instanceof ConfigError);
      assert.deepEqual([error.code, error.file], ["ERR_PROMHTTP_CONFIG", webConfigFile]);
      assert.equal(typeof error.line, "number");
    });
  });
}

/**
 * Asserts that a server does not start, for this reason, and that nothing listens where it was to: neither at a
 * port nor at a unix socket.
 */
async function assertRefused(options: ServerOptions, expected: RegExp): Promise<Error> {
  const port = await freePort();
  const refusal = await refusalOf(`127.0.0.1:${port}`, options);
  const socket = connect(port, "127.0.0.1");
  const [error] = await once(socket, "error");
  assert.equal(error.code, "ECONNREFUSED");
  const refusals = [refusal];
  // Windows has no unix sockets in the file system.
  if (process.platform !== "win32") {
    await withTempDir(async (directory) => {
      refusals.push(await refusalOf(`unix:${join(directory, "s")}`, options));
      assert.deepEqual(await readdir(directory), []);
    });
  }
  for (const { name, message } of refusals) {
    assert.match(`${name}: ${message}`, expected);
    assert.doesNotMatch(message, /PRIVATE KEY|short|secret/);
  }
  return refusal;
}

/** Starts a server, which must fail. */
async function refusalOf(address: Address, options: ServerOptions): Promise<Error> {
  const listening = Server.listen(countingGatherer(), address, options);
  const outcome = await listening.then(
    (server) => server.close(),
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error, "It has started");
  return outcome;
}
