import assert from "node:assert/strict";
import { createServer, type Server as NetServer } from "node:net";
import { test } from "node:test";
import { Server } from "../../src/index.ts";
import { createClosing } from "../../src/server/closing.ts";
import { blockingGatherer } from "../helpers/gatherers.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { mockClock } from "../helpers/mock-clock.ts";
import { tick } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";

const SCRAPE = request("/metrics");
const READY = request("/-/ready");

/** A delay that no test waits for. */
const LONG_MS = 600_000;

test("createClosing() drains after the delay", async (t) => {
  const clock = mockClock(t);
  const events: string[] = [];
  const closing = createClosing({ shutdownDelayMs: 5_000, unref: false }, async () => {
    events.push("drain");
  });
  assert.deepEqual([closing.hasBegun(), closing.isDraining()], [false, false]);
  const closed = closing.close().then(() => events.push("closed"));
  assert.deepEqual([closing.hasBegun(), closing.isDraining()], [true, false]);
  clock.tick(4_999);
  await tick();
  assert.deepEqual(events, []);
  clock.tick(1);
  await closed;
  assert.deepEqual(events, ["drain", "closed"]);
  assert.equal(closing.isDraining(), true);
});

test("createClosing() drains at once without a delay", () => {
  let drained = 0;
  const drain = async () => void drained++;
  const closing = createClosing({ shutdownDelayMs: 0, unref: false }, drain);
  assert.equal(closing.close(), closing.close());
  assert.equal(drained, 1);
});

for (const again of ["close", "closeNow"] as const) {
  test(`${again}() ends the delay of a close() before it`, async () => {
    let drained = 0;
    const drain = async () => void drained++;
    const closing = createClosing({ shutdownDelayMs: LONG_MS, unref: false }, drain);
    const closed = closing.close();
    assert.equal(drained, 0);
    assert.equal(closing[again](), closed);
    await closed;
    assert.equal(drained, 1);
  });
}

for (const mayExit of [false, true]) {
  test(`the delay ${mayExit ? "does not keep" : "keeps"} the process alive with unref: ${mayExit}`, () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const closing = createClosing({ shutdownDelayMs: LONG_MS, unref: mayExit }, async () => {});
    void closing.close();
    const now = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    assert.equal(now - before, mayExit ? 0 : 1);
    void closing.closeNow();
  });
}

test("during the delay the server says that it is not ready, and works", async () => {
  await withServer({ shutdownDelayMs: LONG_MS }, async ({ server, port, connect }) => {
    const kept = await connect();
    await kept.send(SCRAPE);
    assert.equal((await kept.response()).status, 200);
    let isClosed = false;
    const closed = server.close().then(() => {
      isClosed = true;
    });
    // A new connection, twice, and one that was open before.
    for (let round = 0; round < 2; round++) {
      const ready = await rawRequest(port, READY);
      assert.deepEqual([ready.status, ready.body], [503, "Shutting down.\n"]);
      assert.equal((await rawRequest(port, SCRAPE)).status, 200);
      assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
      await kept.send(SCRAPE);
      const { status, headers } = await kept.response();
      assert.deepEqual([status, headers["connection"]], [200, "keep-alive"]);
      // It cannot be made ready any more.
      server.setReady(true);
    }
    assert.deepEqual([isClosed, kept.isClosed], [false, false]);
    await within("the second close()", server.close());
    await closed;
    assert.equal(await kept.closed(), "");
    await assert.rejects(rawRequest(port, READY));
  });
});

test("after the delay a scrape that runs is drained, with Connection: close", async () => {
  const source = blockingGatherer();
  await withServer({ source, shutdownDelayMs: LONG_MS }, async ({ server, connect }) => {
    const connection = await connect();
    void server.close();
    await connection.send(SCRAPE);
    await source.started();
    void server.close();
    source.release();
    assert.equal((await connection.response()).status, 200);
    assert.equal(await connection.closed(), "");
  });
});

test("run() shuts down with a delay when its signal aborts, and without one when it is closed", async () => {
  const shutdown = new AbortController();
  const owner: NetServer = createServer();
  await new Promise<void>((resolve) => owner.listen(0, "127.0.0.1", resolve));
  const { port } = owner.address() as { port: number };
  const source = { gather: () => ({ families: [] }) };
  const options = { logger: false, shutdownDelayMs: LONG_MS } as const;
  const ran = Server.run(source, owner, shutdown.signal, options);
  await tick();
  shutdown.abort();
  await tick();
  assert.equal((await rawRequest(port, READY)).status, 503);
  owner.close();
  await within("run()", ran);
});

test("an `await using` block waits for the delay", async (t) => {
  const server = await Server.listen({ gather: () => ({ families: [] }) }, "127.0.0.1:0", {
    logger: false,
    shutdownDelayMs: 20,
  });
  const timers = t.mock.method(globalThis, "setTimeout");
  await server[Symbol.asyncDispose]();
  assert.ok(timers.mock.calls.some(({ arguments: [, delay] }) => delay === 20));
});
