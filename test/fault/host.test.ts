import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../../src/index.ts";
import type { ThreadedSettings } from "../fixtures/threaded-application.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { forkFixture } from "../helpers/processes/fork-fixture.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { withTempDir } from "../helpers/with-temp-dir.ts";
import { within } from "../helpers/within.ts";
import { SCRAPE, testFault } from "./fault.ts";

// What the host and the application do to the server: no files left, no port, and the end at any time.

test("the server survives running out of file descriptors, and does not spin", async () => {
  const child = forkFixture("few-files.ts");
  const { port } = JSON.parse(await child.line("listening "));
  assert.equal((await rawRequest(port, SCRAPE)).status, 200);
  child.tell("cpu");
  const before = Number(await child.line("cpu 1 "));

  const connections = Array.from({ length: 100 }, () => new RawConnection(port));
  for (const connection of connections) void connection.send(request("/-/healthy")).catch(() => {});
  // Long enough for a loop that spins to be seen; the rest of the machine has no part in it.
  await sleep(2_000);
  for (const { socket } of connections) socket.destroy();
  await Promise.all(connections.map((connection) => connection.closed()));
  const answered = connections.filter(({ received }) => received !== "");
  assert.ok(answered.length > 0 && answered.length < 40, `${answered.length} were served`);

  assert.equal((await rawRequest(port, SCRAPE)).status, 200);
  child.tell("cpu");
  const usedMs = Number(await child.line("cpu 2 ")) - before;
  assert.ok(usedMs < 1_000, `${usedMs} ms of CPU time in 2 s`);
  const { code, stderr } = await child.exit();
  assert.equal(code, 0, stderr);
  // It may say what happened, but not a thousand times.
  assert.ok(stderr.length < 10_000, stderr.slice(0, 1_000));
});

/** Runs a test of a server that cannot listen; nothing may reach the process. */
function testListenFailure(name: string, listen: () => Promise<unknown>): void {
  test(`a server that cannot listen rejects, and nothing else fails: ${name}`, async () => {
    const errors = captureProcessErrors();
    const before = process.getActiveResourcesInfo().length;
    await assert.rejects(listen(), { code: "ERR_PROMHTTP_LISTEN" });
    await turnsUntil(
      "its handle to be closed",
      () => process.getActiveResourcesInfo().length <= before,
    );
    await errors.assertNone();
  });
}

test("a server that can have no thread runs in that of its application, and says so once", async () => {
  const settings: ThreadedSettings = { hasNoThreads: true };
  const child = forkFixture("threaded-application.ts", [JSON.stringify(settings)]);
  const { port } = JSON.parse(await child.line("listening "));
  assert.equal((await rawRequest(port, SCRAPE)).status, 200);
  child.tell("close");
  const { code, stderr } = await child.exit();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^promhttp: Cannot start a thread for the server; it runs in .*EAGAIN\n$/);
});

test("a server that cannot listen rejects, and nothing else fails: a busy port", async () => {
  const errors = captureProcessErrors();
  const { server: owner } = await netServer();
  const address = owner.address();
  assert.ok(typeof address === "object" && address !== null);
  const listen = () => Server.listen(countingGatherer(), { host: "127.0.0.1", port: address.port });
  for (let tries = 0; tries < 20; tries++) {
    await assert.rejects(listen(), { code: "ERR_PROMHTTP_LISTEN" });
  }
  await new Promise((resolve) => owner.close(resolve));
  await (await listen()).close();
  await errors.assertNone();
});

testListenFailure("a host of somebody else", () =>
  Server.listen(countingGatherer(), "192.0.2.1:9464"),
);
testListenFailure("a directory that is not there", () =>
  Server.listen(countingGatherer(), "unix:/nowhere/app.sock"),
);
testListenFailure("a file descriptor that is not open", () =>
  Server.listen(countingGatherer(), { fd: 999_999 }),
);

test("a server that cannot listen rejects, and nothing else fails: the path of a file", () =>
  withTempDir(async (directory) => {
    const path = join(directory, "data");
    await writeFile(path, "precious");
    await assert.rejects(Server.listen(countingGatherer(), { path }), {
      code: "ERR_PROMHTTP_LISTEN",
    });
    await assert.rejects(Server.run(countingGatherer(), { path }), { code: "ERR_PROMHTTP_LISTEN" });
  }));

test("a server can be closed while it starts to listen", async () => {
  const errors = captureProcessErrors();
  const shutdown = new AbortController();
  const running = Server.run(countingGatherer(), "127.0.0.1:0", shutdown.signal);
  shutdown.abort();
  await within("the end", running);
  const opening = Server.listen(countingGatherer(), "127.0.0.1:0");
  const server = await opening;
  await within("two closes", Promise.all([server.close(), server.close()]));
  await server.close();
  await errors.assertNone();
});

const blocked = blockingGatherer();
testFault({
  name: "a close during a scrape, twice",
  server: () => ({ source: blocked, drainTimeoutMs: 50 }),
  inflict: async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await blocked.started();
    await Promise.all([server.close(), server.close()]);
    assert.equal(await connection.closed(), "");
    blocked.release();
  },
  next: "closed",
});

testFault({
  name: "a scrape that closes the server itself",
  server: () => ({
    source: {
      async gather() {
        for (const server of running) void server.close();
        return { families: [] };
      },
    },
  }),
  inflict: async ({ server, connect }) => {
    running.add(server);
    const connection = await connect();
    await connection.send(SCRAPE);
    assert.match(await connection.closed(), /^HTTP\/1\.1 200 /);
    await server.closed;
  },
  next: "closed",
});
const running = new Set<Server>();

test("the server survives an error of the net.Server that it was given", async () => {
  const errors = captureProcessErrors();
  const owner = createServer();
  await new Promise<void>((resolve) => owner.listen(0, "127.0.0.1", resolve));
  const server = await Server.listen(countingGatherer(), owner, { logger: false });
  owner.emit("error", new Error("accept EMFILE"));
  assert.ok(typeof server.address === "object");
  assert.equal((await rawRequest(server.address.port, SCRAPE)).status, 200);
  await server.close();
  await errors.assertNone();
});
