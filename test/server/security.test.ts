import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { CERTIFICATE, connectTls } from "../helpers/http/tls.ts";
import {
  type TestServer,
  type TestServerOptions,
  withServer,
} from "../helpers/http/with-server.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";

const TOKEN = "0123456789abcdef";

const AUTH = { bearerTokens: [TOKEN] };

/** The header lines of a request with the token. */
const BEARER = { headers: [`Authorization: Bearer ${TOKEN}`] };

/** Runs a test with a server that has a web configuration file. */
async function withFile(
  text: string,
  body: (server: TestServer & { write(text: string): Promise<void> }) => Promise<void>,
  options: TestServerOptions = {},
): Promise<void> {
  await withTempDir(async (directory) => {
    const webConfigFile = join(directory, "web.yml");
    await writeFile(join(directory, "tls.crt"), CERTIFICATE.cert);
    await writeFile(join(directory, "tls.key"), CERTIFICATE.key, { mode: 0o600 });
    const write = (text: string) => writeFile(webConfigFile, text);
    await write(text);
    await withServer({ ...options, webConfigFile }, (server) => body({ ...server, write }));
  });
}

const TLS_BLOCK = "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n";

test("a server without an option of security counts nothing of it", async () => {
  await withServer({}, async ({ port, server }) => {
    const { body } = await rawRequest(port, request("/metrics"));
    assert.doesNotMatch(body, /promhttp_(?:refused|tls|web_config)/);
    await server.reload();
  });
});

test("a server with such an option counts from 0, and knows when it was loaded", async () => {
  await withServer({ auth: AUTH }, async ({ port }) => {
    const { body } = await rawRequest(port, request("/metrics", BEARER));
    const lines = body.split("\n").filter((line) => line.startsWith("promhttp_refused"));
    assert.ok(lines.length >= 17, `${lines.length}`);
    for (const line of lines) assert.match(line, / 0$/);
    assert.match(body, /^promhttp_web_config_last_reload_successful 1$/m);
    assert.match(body, /^promhttp_web_config_last_reload_success_timestamp_seconds \d+/m);
    assert.doesNotMatch(body, /promhttp_tls/);
  });
});

test("a connection beyond the limit is counted", async () => {
  await withServer({ auth: AUTH, maxConnections: 1 }, async ({ connect }) => {
    const first = await connect();
    await first.send(request("/-/healthy"));
    await first.response();
    await (await connect()).closed();
    await first.send(request("/metrics", BEARER));
    const { body } = await first.response();
    assert.match(body, /^promhttp_refused_connections_total\{reason="limit"\} 1$/m);
  });
});

test("a request for a host that is not allowed is counted, behind its credentials", async () => {
  await withServer({ auth: AUTH, allowedHosts: ["test"] }, async ({ port }) => {
    const evil = "Host: evil";
    const ask = (...headers: string[]) => rawRequest(port, request("/metrics", { headers }));
    assert.equal((await ask(evil)).status, 401);
    assert.equal((await ask(evil, ...BEARER.headers)).status, 403);
    const { body } = await ask(...BEARER.headers);
    assert.match(body, /^promhttp_refused_requests_total\{reason="host"\} 1$/m);
    assert.match(body, /^promhttp_refused_requests_total\{reason="credentials_missing"\} 1$/m);
  });
});

test("a limit on the rate needs no other option", async () => {
  await withServer({ rateLimit: { intervalMs: 3_600_000, burst: 1 } }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 429);
  });
});

test("headers that are set need no other option", async () => {
  await withServer({ headers: { "X-Frame-Options": "deny" } }, async ({ port }) => {
    const { headers } = await rawRequest(port, request("/metrics"));
    assert.equal(headers["x-frame-options"], "deny");
  });
});

test("every answer has the headers that are set, also one that refuses", async () => {
  const headers = { "Strict-Transport-Security": "max-age=600", "X-Frame-Options": "deny" };
  const options = { auth: AUTH, headers, rateLimit: { intervalMs: 3_600_000, burst: 3 } };
  await withServer(options, async ({ port }) => {
    for (const [path, status, ...given] of [
      ["/metrics", 401],
      ["/-/healthy", 200],
      ["/metrics", 200, ...BEARER.headers],
      ["/", 200, ...BEARER.headers],
      ["/nowhere", 404, ...BEARER.headers],
      ["/metrics", 429, ...BEARER.headers],
    ] as const) {
      const answer = await rawRequest(port, request(path, { headers: given }));
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers["strict-transport-security"], "max-age=600", path);
      assert.equal(answer.headers["x-frame-options"], "deny", path);
    }
  });
});

test("the end of its certificate is one of the metrics of a server that speaks TLS", async () => {
  await withServer({ tls: CERTIFICATE }, async ({ server, port }) => {
    assert.match(server.url, /^https:/);
    const client = new RawConnection(connectTls(port));
    await client.send(request("/metrics"));
    const { body } = await client.response();
    client.socket.destroy();
    await client.closed();
    const [, end] =
      /^promhttp_tls_certificate_not_after_timestamp_seconds (\d+)$/m.exec(body) ?? [];
    assert.equal(Number(end) * 1_000, Date.parse(new X509Certificate(CERTIFICATE.cert).validTo));
  });
});

test("a port with TLS closes connections of other networks, and never reads from them", async () => {
  // At once, not at the deadline that every connection has.
  const options = {
    tls: CERTIFICATE,
    allowedNetworks: ["10.0.0.0/8"],
    headersTimeoutMs: 600_000,
  };
  await withServer(options, async ({ connect, log }) => {
    assert.equal(await (await connect()).closed(), "");
    assert.match(log.join("\n"), /Refused a connection from 127\.0\.0\.1/);
  });
});

test("a plain port answers 403 to other networks", async () => {
  await withServer({ allowedNetworks: ["10.0.0.0/8"] }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/-/healthy"))).status, 403);
  });
});

test("a reload does not turn TLS on, and says so", async () => {
  await withFile("", async ({ server, port, log, write }) => {
    await write(`${TLS_BLOCK}http_server_config:\n  headers:\n    X-Frame-Options: deny\n`);
    await server.reload();
    assert.deepEqual(log, ["warn promhttp: TLS is not turned on by a reload; restart to do that"]);
    const answer = await rawRequest(port, request("/metrics"));
    assert.deepEqual([answer.status, answer.headers["x-frame-options"]], [200, "deny"]);
    await write("");
    await server.reload();
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    assert.equal(log.length, 1);
  });
});

test("the configured headers are part of every answer, also to what is malformed", async () => {
  const options = { headers: { "X-Frame-Options": "deny" } };
  await withServer(options, async ({ port }) => {
    for (const [path, headers] of [
      ["/metrics", []],
      ["/nowhere", []],
      ["/metrics", ["Host: a b"]],
      ["/metrics", ["Content-Length: 1"]],
    ] as const) {
      const answer = await rawRequest(port, request(path, { headers }));
      assert.equal(answer.headers["x-frame-options"], "deny", `${answer.status}`);
    }
  });
});

test("a warning is logged when it is new", async () => {
  const cost = (level: number) => `basic_auth_users:\n  alice: $2y$${level}$${"a".repeat(53)}\n`;
  await withFile(cost(13), async ({ server, log, write }) => {
    await server.reload();
    await write(cost(14));
    await server.reload();
    await server.reload();
    assert.deepEqual(
      log.map((line) => /^warn .*cost (\d+)/.exec(line)?.[1]),
      ["13", "14"],
    );
  });
});

test("the working directory may change after the start", async (t) => {
  await withTempDir(async (directory) => {
    const before = process.cwd();
    process.chdir(directory);
    t.after(() => process.chdir(before));
    await writeFile("tokens", `${TOKEN}\n`);
    await writeFile("web.yml", "rate_limit: { interval: 1ms, burst: 5 }\n");
    const options = { auth: { bearerTokenFile: "tokens" }, webConfigFile: "web.yml" };
    await withServer(options, async ({ server, port, log }) => {
      process.chdir(before);
      await server.reload();
      assert.equal((await rawRequest(port, request("/metrics", BEARER))).status, 200);
      assert.deepEqual(log, []);
    });
  });
});
