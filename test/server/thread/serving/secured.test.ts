import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { AuthorizeRequest } from "../../../../src/options/security.ts";
import { selfSigned } from "../../../helpers/certificates.ts";
import { freePort } from "../../../helpers/http/free-port.ts";
import { httpGet } from "../../../helpers/http/http-get.ts";
import { httpsGet } from "../../../helpers/http/https-get.ts";
import { withServer } from "../../../helpers/http/with-server.ts";
import { withTempDir } from "../../../helpers/with-temp-dir.ts";

// Who may connect and ask is decided in the thread, as in any other server.

test("TLS of bytes is spoken in a thread, and authorize() gets the client's certificate", async () => {
  const [own, client] = [selfSigned(), selfSigned({ name: "scraper" })];
  const asked: AuthorizeRequest[] = [];
  const auth = {
    authorize(request: AuthorizeRequest) {
      asked.push(request);
      return request.certificate !== undefined;
    },
  };
  const tls = {
    cert: Buffer.from(own.cert),
    key: new Uint8Array(Buffer.from(own.key)),
    clientAuth: "request",
  } as const;
  await withServer({ thread: true, tls, auth }, async ({ port, server }) => {
    assert.match(server.url, /^https:/);
    const options = { port, rejectUnauthorized: false };
    assert.equal((await httpsGet({ ...options, ...client })).status, 200);
    assert.equal((await httpsGet(options)).status, 401);
    const [{ method, path, certificate } = assert.fail(), { certificate: none } = assert.fail()] =
      asked;
    assert.deepEqual([method, path], ["GET", "/metrics"]);
    assert.ok(certificate instanceof X509Certificate);
    assert.equal(certificate.fingerprint256, new X509Certificate(client.cert).fingerprint256);
    assert.equal(none, undefined);
  });
});

test("a web configuration file is read in a thread, and again when the application says so", () =>
  withTempDir(async (directory) => {
    const webConfigFile = join(directory, "web.yml");
    await writeFile(webConfigFile, "http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
    await withServer({ thread: true, webConfigFile }, async ({ port, server }) => {
      const frames = async () =>
        (await httpGet(`http://127.0.0.1:${port}/metrics`)).headers["x-frame-options"];
      assert.equal(await frames(), "deny");
      await writeFile(webConfigFile, "");
      await server.reload();
      assert.equal(await frames(), undefined);
    });
  }));

test("the address of health and a unix socket are the thread's, too", () =>
  withTempDir(async (directory) => {
    const healthPort = await freePort();
    const healthAddress = `127.0.0.1:${healthPort}`;
    const address = `unix:${join(directory, "socket")}`;
    await withServer({ thread: true, address, healthAddress }, async ({ connect }) => {
      const { status } = await httpGet(`http://${healthAddress}/-/healthy`);
      assert.equal(status, 200);
      const connection = await connect();
      await connection.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal((await connection.response()).status, 200);
    });
  }));
