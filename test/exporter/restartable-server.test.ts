import assert from "node:assert/strict";
import { test } from "node:test";
import { RestartableServer } from "../../src/exporter/restartable-server.ts";
import { Server } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { countingGatherer } from "../helpers/gatherers.ts";
import { turns } from "../helpers/turns.ts";

const listen = () => Server.listen(countingGatherer(), "127.0.0.1:0", { logger: false });

test("start() gives one promise until the server is stopped", async () => {
  let count = 0;
  const server = new RestartableServer(() => {
    count++;
    return listen();
  });
  assert.equal(server.current, undefined);
  const started = server.start();
  assert.equal(server.start(), started);
  await started;
  assert.equal(server.start(), started);
  assert.equal(count, 1);
  const { closed } = server.current ?? assert.fail();
  await server.stop();
  assert.equal(server.current, undefined);
  await closed;
});

test("start() opens the server again after stop(), when its port is free", async () => {
  let port = 0;
  const server = new RestartableServer(async () => {
    const opened = await Server.listen(countingGatherer(), { host: "127.0.0.1", port });
    assert.ok(typeof opened.address === "object");
    port = opened.address.port;
    return opened;
  });
  await server.start();
  void server.stop();
  await server.start();
  const stopped = server.stop();
  assert.equal(server.stop(), stopped);
  await stopped;
});

test("stop() closes a server that is being started", async () => {
  const server = new RestartableServer(listen);
  const started = server.start();
  await server.stop();
  await started;
  assert.equal(server.current, undefined);
});

test("start() rejects when the server cannot be opened, and tries again", async () => {
  const errors = captureProcessErrors();
  let isBroken = true;
  const server = new RestartableServer(() =>
    isBroken ? Promise.reject(new Error("broken")) : listen(),
  );
  // Nobody handles this one.
  void server.start();
  await turns(2);
  await assert.rejects(server.start(), { message: "broken" });
  void server.start();
  await server.stop();
  isBroken = false;
  await server.start();
  await server.stop();
  await errors.assertNone();
});

test("stop() resolves without a server", async () => {
  await new RestartableServer(listen).stop();
});
