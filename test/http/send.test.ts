import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { blockingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

const SCRAPE = request("/metrics");
/** For ever, as far as a test is concerned: some 100 GB. */
const ENDLESS = 1e8;

test("a long body comes whole to a client that speaks HTTP/1.0", () =>
  withServer({ source: longGatherer(5_000) }, async ({ connect }) => {
    const connection = await connect();
    await connection.send("GET /metrics HTTP/1.0\r\n\r\n");
    const text = await connection.closed();
    assert.equal(text.match(/^long\{index="\d+",padding="x{1000}"\} \d+\n/gm)?.length, 5_000);
    assert.doesNotMatch(text, /transfer-encoding/i);
    assert.match(text, /\npromhttp_connections_open 1\n$/);
    assert.equal(connection.errorCode, undefined);
  }));

for (const failing of [0, 70, 120]) {
  test(`a failure before the first byte, at metric ${failing}, is answered with 500`, async () => {
    const source = longGatherer(ENDLESS, (read) => {
      if (read === failing) throw new Error("the password is s3cr3t");
    });
    await withServer({ source }, async ({ port, log }) => {
      const { status, body, headers } = await rawRequest(port, SCRAPE);
      assert.equal(status, 500);
      assert.equal(body, "The metrics could not be gathered. See the process log.\n");
      assert.equal(headers["connection"], "keep-alive");
      assert.equal(log.length, 1);
      assert.match(
        log[0] ?? "",
        /^error promhttp: The scrape failed: Error: the password is s3cr3t/,
      );
    });
  });
}

function failingLate() {
  return longGatherer(ENDLESS, (read) => {
    if (read === 5_000) throw new Error("the password is s3cr3t");
  });
}

test("a failure after the first byte destroys the socket, and never ends the chunks", () =>
  withServer({ source: failingLate() }, async ({ connect, port, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE + SCRAPE);
    const text = await connection.closed();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(text, /\r\n0\r\n|password|HTTP\/1\.1 500/);
    assert.match(log[0] ?? "", /^error promhttp: The scrape failed: Error: the password is s3cr3t/);
    assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
  }));

// It is seen at the server's end: libuv may report a reset to the client as an orderly end.
test("a failure after the first byte resets a connection that speaks HTTP/1.0", async (t) => {
  const { server: owner, lastSocket } = await netServer();
  await withServer({ source: failingLate(), address: owner }, async ({ connect }) => {
    const connection = await connect();
    const reset = t.mock.method(await lastSocket(), "resetAndDestroy");
    await connection.send("GET /metrics HTTP/1.0\r\n\r\n");
    await connection.closed();
    // RFC 9112 §6.3: the body ends with the connection, so a plain close would look complete.
    assert.equal(reset.mock.callCount(), 1);
  });
});

test("a failure after the first byte closes a unix socket", async () => {
  const path = `${process.env["TMPDIR"] ?? "/tmp"}/promhttp-send-${process.pid}.sock`;
  await withServer({ source: failingLate(), address: { path } }, async ({ connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    assert.doesNotMatch(await connection.closed(), /\r\n0\r\n/);
  });
});

test("a client that never reads costs bounded memory, and cannot delay the shutdown", async () => {
  const { server: owner, lastSocket } = await netServer();
  let socket: Socket | undefined;
  let maxBuffered = 0;
  const source = longGatherer(ENDLESS, () => {
    maxBuffered = Math.max(maxBuffered, socket?.writableLength ?? 0);
  });
  const options = { source, address: owner, drainTimeoutMs: 20 };
  await withServer(options, async ({ connect, server, log }) => {
    const connection = await connect();
    socket = await lastSocket();
    connection.socket.pause();
    await connection.send(SCRAPE);
    // It goes on until the kernel is full, and then stands still.
    for (let idle = 0, read = -1; idle < 200; ) {
      read = source.read;
      await turns(1);
      idle = source.read === read && socket.writableLength > 0 ? idle + 1 : 0;
      assert.ok(read < 200_000, "200 MB were written to a client that reads nothing");
    }
    assert.ok(socket.writableLength > 0);
    assert.ok(maxBuffered < 512 * 1_024, `${maxBuffered} bytes were buffered`);
    await within("the shutdown", server.close());
    await source.stopped();
    assert.deepEqual(log, []);
  });
});

const LEAVINGS = {
  closes: (socket: { destroy(): void }) => socket.destroy(),
  "closes its side": (socket: { end(): void }) => socket.end(),
  "resets the connection": (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy(),
};

for (const [name, leave] of Object.entries(LEAVINGS)) {
  test(`a client that ${name} in the middle of a body stops the encoding`, async () => {
    const source = longGatherer(ENDLESS);
    await withServer({ source }, async ({ connect, port, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE);
      await connection.until("some of the body", () => connection.received.length > 100_000);
      leave(connection.socket);
      const read = await source.stopped();
      await turns(10);
      assert.equal(source.read, read);
      assert.deepEqual(log, []);
      assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
    });
  });

  test(`a client that ${name} while its metrics are gathered stops the gathering`, async () => {
    const source = blockingGatherer();
    await withServer({ source }, async ({ connect, log }) => {
      const connection = await connect();
      // Only the first is being answered; the others wait for it.
      await connection.send(SCRAPE.repeat(3));
      const signal = await source.started();
      leave(connection.socket);
      await connection.closed();
      await turnsUntil("the abort", () => signal.aborted);
      source.release();
      // The counter of running scrapes tells those that were never ended.
      const next = await connect();
      await next.send(SCRAPE);
      assert.match((await next.response()).body, /_requests_in_flight 1\n/);
      assert.deepEqual(log, []);
    });
  });
}

test("a connection that is half-closed in the middle of a body is reset", async (t) => {
  const { server: owner, lastSocket } = await netServer();
  const source = longGatherer(ENDLESS);
  await withServer({ source, address: owner }, async ({ connect }) => {
    const connection = await connect();
    await connection.send("GET /metrics HTTP/1.0\r\n\r\n");
    await connection.until("some of the body", () => connection.received.length > 100_000);
    const reset = t.mock.method(await lastSocket(), "resetAndDestroy");
    connection.socket.end();
    await connection.closed();
    assert.equal(reset.mock.callCount(), 1);
  });
});

test("a scrape that is queued behind another ends at its own timeout", () =>
  withServer({ source: longGatherer(20_000) }, async ({ connect, log }) => {
    const connection = await connect();
    connection.socket.pause();
    const headers = ["X-Prometheus-Scrape-Timeout-Seconds: 0.05"];
    await connection.send(SCRAPE + request("/metrics", { headers }));
    await turnsUntil("the timeout", () => log.length > 0);
    connection.socket.resume();
    assert.equal((await connection.response()).status, 200);
    // On a busy machine its time is over before its body begins: then it is answered.
    const isAnswered = () => connection.received.endsWith("See the process log.\n");
    await connection.until("the end of the second", isAnswered);
    assert.match(connection.received, /^$|^HTTP\/1\.1 503 /);
    assert.match(String(log[0]), /^error promhttp: The scrape failed: ScrapeTimeoutError: /);
  }));
