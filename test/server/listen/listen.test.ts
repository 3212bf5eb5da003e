import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { link, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server as NetServer } from "node:net";
import { test } from "node:test";
import { type Address, ListenError, MetricsError, Server } from "../../../src/index.ts";
import { captureProcessErrors } from "../../helpers/capture-process-errors.ts";
import { UP_TEXT } from "../../helpers/families.ts";
import { countingGatherer } from "../../helpers/gatherers.ts";
import { netServer } from "../../helpers/http/net-server.ts";
import { rawRequest, request } from "../../helpers/http/raw-request.ts";
import { targetOf, withServer } from "../../helpers/http/with-server.ts";
import { withTempDir } from "../../helpers/with-temp-dir.ts";

const SCRAPE = request("/metrics");

function portOf(server: NetServer | Server): number {
  const address = server instanceof Server ? server.address : server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function refused(address: Address): Promise<ListenError> {
  const errors = captureProcessErrors();
  const error = await Server.listen(countingGatherer(), address).then(
    (server) => server.close().then(() => assert.fail("It listens")),
    (reason: unknown) => reason,
  );
  await errors.assertNone();
  assert.ok(error instanceof ListenError && error instanceof MetricsError);
  assert.equal(error.name, "ListenError");
  assert.equal(error.code, "ERR_PROMHTTP_LISTEN");
  return error;
}

test("Server.listen() rejects when the address is in use", () =>
  withServer({}, async ({ port }) => {
    const error = await refused(`127.0.0.1:${port}`);
    assert.equal(error.message, `Cannot listen on "127.0.0.1:${port}": address already in use`);
    assert.equal(error.address, `127.0.0.1:${port}`);
    assert.equal((error.cause as NodeJS.ErrnoException).code, "EADDRINUSE");
  }));

const FAILURES: readonly [address: Address, message: RegExp][] = [
  ["192.0.2.1:0", /^Cannot listen on "192\.0\.2\.1:0": address not available$/],
  ["unix:/no/such/s", /^Cannot listen on "unix:\/no\/such\/s": /],
  [{ fd: 999 }, /^Cannot listen on "\{ fd: 999 \}": /],
];

for (const [address, message] of FAILURES) {
  test(`Server.listen() rejects when the system refuses ${JSON.stringify(address)}`, async () => {
    const error = await refused(address);
    assert.match(error.message, message);
    assert.ok(error.cause instanceof Error);
  });
}

const INTERFACES: readonly [address: Address, url: RegExp][] = [
  ["127.0.0.1:0", /^http:\/\/127\.0\.0\.1:\d+\/metrics$/],
  ["localhost:0", /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/metrics$/],
  ["[::1]:0", /^http:\/\/\[::1\]:\d+\/metrics$/],
  [{ host: "::1", port: 0 }, /^http:\/\/\[::1\]:\d+\/metrics$/],
  [{ host: "0.0.0.0", port: 0 }, /^http:\/\/localhost:\d+\/metrics$/],
  [":0", /^http:\/\/localhost:\d+\/metrics$/],
  [0, /^http:\/\/localhost:\d+\/metrics$/],
];

for (const [address, url] of INTERFACES) {
  test(`Server.listen() serves on ${JSON.stringify(address)}`, () =>
    withServer({ address, selfMetrics: false }, async ({ server, port }) => {
      assert.match(server.url, url);
      assert.notEqual(port, 0);
      assert.equal(new URL(server.url).port, String(port));
      assert.equal((await rawRequest(targetOf(server), SCRAPE)).body, UP_TEXT);
      assert.equal(
        await (await fetch(server.url, { headers: { Connection: "close" } })).text(),
        UP_TEXT,
      );
    }));
}

for (const form of [(path: string) => `unix:${path}`, (path: string) => ({ path })]) {
  test(`Server.listen() serves on a unix socket, ${JSON.stringify(form("s"))}`, () =>
    withTempDir(async (directory) => {
      const path = `${directory}/s`;
      await withServer({ address: form(path), selfMetrics: false }, async ({ server }) => {
        assert.equal(server.address, path);
        assert.equal(server.url, `unix:${path}`);
        assert.equal((await rawRequest({ path }, SCRAPE)).body, UP_TEXT);
      });
      assert.equal(existsSync(path), false);
    }));
}

test("Server.listen() replaces a unix socket that a killed process left behind", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/s`;
    const { server: killed } = await netServer({ path: `${path}.open` });
    await link(`${path}.open`, path);
    await new Promise((resolve) => killed.close(resolve));
    await withServer({ address: { path } }, async () => {
      assert.equal((await rawRequest({ path }, SCRAPE)).status, 200);
    });
    assert.equal(existsSync(path), false);
  }));

test("Server.listen() replaces neither a unix socket that answers nor a file", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/s`;
    await withServer({ address: { path } }, async () => {
      const error = await refused(`unix:${path}`);
      assert.equal(error.message, `Cannot listen on "unix:${path}": address already in use`);
      assert.equal((await rawRequest({ path }, SCRAPE)).status, 200);
    });
    await writeFile(path, "data");
    assert.equal((await refused(`unix:${path}`)).address, `unix:${path}`);
    assert.equal(await readFile(path, "utf8"), "data");
  }));

test("Server.listen() serves on a net.Server, and closes it", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner, selfMetrics: false }, async ({ server, port }) => {
    assert.equal(port, portOf(owner));
    assert.equal((await rawRequest(port, SCRAPE)).body, UP_TEXT);
    await server.close();
    assert.equal(owner.listening, false);
    await new Promise<void>((resolve) => owner.listen(port, "127.0.0.1", resolve));
    await new Promise((resolve) => owner.close(resolve));
  });
});

test("Server.listen() serves on a net.Server with a unix socket, and removes it", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/s`;
    const { server: owner } = await netServer({ path });
    await withServer({ address: owner }, async ({ server }) => {
      assert.equal(server.url, `unix:${path}`);
      assert.equal((await rawRequest({ path }, SCRAPE)).status, 200);
    });
    assert.equal(existsSync(path), false);
  }));

test("Server.listen() closes when the owner of a net.Server closes it", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner }, async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    assert.equal((await connection.response()).status, 200);
    owner.close();
    // The connection is idle, and would be kept for more than a minute.
    await server.closed;
    assert.equal(await connection.closed(), "");
  });
});

test("Server.listen() stops using a net.Server once it is closed", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner }, ({ server }) => server.close());
  assert.equal(owner.listenerCount("connection"), 1);
  assert.equal(owner.listenerCount("error"), 0);
});

test("the server logs an error of a net.Server and still listens", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner }, async ({ log, port }) => {
    owner.emit("error", new Error("accept EMFILE"));
    assert.equal(log.length, 1);
    assert.match(log[0] ?? "", /^error promhttp: Server error; still listening: Error: accept/);
    assert.equal((await rawRequest(port, SCRAPE)).status, 200);
  });
});

test("a net.Server that does not listen is rejected before anything else happens", async () => {
  await assert.rejects(Server.listen(countingGatherer(), createServer()), { name: "TypeError" });
});
