import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ListenError, Server, type ServerOptions } from "../../../src/index.ts";
import { createAuthority } from "../../helpers/certificates.ts";
import { countingGatherer } from "../../helpers/gatherers.ts";
import { netServer } from "../../helpers/http/net-server.ts";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { type TestServer, withServer } from "../../helpers/http/with-server.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";
import { newGroup } from "../../helpers/workers/own-group.ts";

/** Runs a test with a server whose health is at a socket of its own. */
function withHealth(
  options: ServerOptions,
  run: (path: string, server: TestServer) => Promise<void>,
): Promise<void> {
  return withTempDir(async (directory) => {
    const path = `${directory}/health`;
    await withServer({ ...options, healthAddress: { path } }, (server) => run(path, server));
    assert.equal(existsSync(path), false);
  });
}

const ANSWERS: readonly [target: string, method: string, status: number][] = [
  ["/-/healthy", "GET", 200],
  ["/-/healthy?x=/metrics", "GET", 200],
  ["/-/healthy", "HEAD", 200],
  ["/-/healthy", "OPTIONS", 204],
  ["/-/healthy", "POST", 405],
  ["/-/ready", "GET", 200],
  ["/metrics", "GET", 404],
  ["/", "GET", 404],
  ["/-/targets", "GET", 404],
  ["/favicon.ico", "GET", 404],
  ["*", "OPTIONS", 404],
  ["//-/healthy", "GET", 404],
  ["/-/healthy/../metrics", "GET", 404],
  ["/-/healthy/", "GET", 404],
];

test("healthAddress answers for health, and nothing else", () =>
  withHealth({}, async (path) => {
    for (const [target, method, status] of ANSWERS) {
      const response = await rawRequest({ path }, request(target, { method }));
      assert.equal(response.status, status, `${method} ${target}`);
    }
    const { body } = await rawRequest({ path }, request("/-/healthy"));
    assert.equal(body, "Healthy.\n");
  }));

test("healthAddress asks for no credentials, and knows no networks, hosts or headers", () =>
  withHealth(
    {
      auth: { bearerTokens: ["a-token-of-this-test"] },
      allowedNetworks: ["192.0.2.0/24"],
      allowedHosts: ["metrics.example"],
      headers: { "Strict-Transport-Security": "max-age=600" },
      openHealth: "never",
    },
    async (path, { port }) => {
      assert.equal((await rawRequest(port, request("/-/healthy"))).status, 403);
      const response = await rawRequest({ path }, request("/-/healthy"));
      assert.equal(response.status, 200);
      assert.equal(response.headers["strict-transport-security"], undefined);
      assert.equal((await rawRequest({ path }, request("/metrics"))).status, 404);
    },
  ));

test("healthAddress speaks no TLS, and asks for no certificate", () => {
  const authority = createAuthority();
  const { cert, key } = authority.issue({ sans: ["DNS:localhost"], usage: ["server"] });
  const tls = { cert, key, clientCa: authority.cert };
  return withHealth({ tls, openHealth: "never" }, async (path, { server, port }) => {
    assert.match(server.url, /^https:/);
    assert.equal((await rawRequest(port, request("/-/healthy"))).status, 400);
    assert.equal((await rawRequest({ path }, request("/-/healthy"))).status, 200);
    assert.equal((await rawRequest({ path }, request("/metrics"))).status, 404);
  });
});

test("healthAddress says that the server is not ready", () =>
  withHealth({ shutdownDelayMs: 60_000 }, async (path, { server }) => {
    server.setReady(false);
    assert.equal((await rawRequest({ path }, request("/-/ready"))).status, 503);
    server.setReady(true);
    assert.equal((await rawRequest({ path }, request("/-/ready"))).status, 200);
    void server.close();
    assert.equal((await rawRequest({ path }, request("/-/ready"))).status, 503);
    assert.equal((await rawRequest({ path }, request("/-/healthy"))).status, 200);
  }));

test("a server does not listen if its healthAddress is in use", async () => {
  const { server: other } = await netServer();
  const { port: healthPort } = other.address() as AddressInfo;
  await withTempDir(async (directory) => {
    const path = `${directory}/s`;
    const options = { healthAddress: `127.0.0.1:${healthPort}` };
    const listening = Server.listen(countingGatherer(), { path }, options);
    await assert.rejects(listening, (error: Error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.address, options.healthAddress);
      return true;
    });
    assert.equal(existsSync(path), false);
  });
  other.close();
  await once(other, "close");
});

test("a server whose address is in use does not leave its healthAddress open", async () => {
  const { server: other } = await netServer();
  const { port } = other.address() as AddressInfo;
  await withTempDir(async (directory) => {
    const healthAddress = { path: `${directory}/health` };
    const listening = Server.listen(countingGatherer(), `127.0.0.1:${port}`, { healthAddress });
    await assert.rejects(listening, { address: `127.0.0.1:${port}` });
    assert.equal(existsSync(healthAddress.path), false);
  });
  other.close();
  await once(other, "close");
});

test("a server still serves when the owner of its healthAddress closes it", async () => {
  const { server: owner } = await netServer();
  await withServer({ healthAddress: owner }, async ({ port }) => {
    owner.close();
    await once(owner, "close");
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
  });
});

test("healthAddress is open in the hub of a group", () =>
  withHealth({ workers: { group: newGroup() } }, async (path, { server }) => {
    assert.equal(server.role, "hub");
    assert.equal((await rawRequest({ path }, request("/-/ready"))).status, 200);
    assert.equal((await rawRequest({ path }, request("/-/targets"))).status, 404);
  }));
