// The end of the thread of a server, which its application survives.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { Server } from "../../src/index.ts";
import { captureProcessErrors } from "../helpers/capture-process-errors.ts";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { targetOf } from "../helpers/http/with-server.ts";
import { poll } from "../helpers/poll.ts";
import { createRecorder } from "../helpers/scraping/recorder.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { within } from "../helpers/within.ts";
import { readAnswer } from "./answer.ts";
import { metricOf } from "./configured.ts";
import { SCRAPE, testFault } from "./fault.ts";
import { longSource } from "./long-source.ts";
import { TRANSPORTS } from "./transports.ts";

/** Kills the thread that was started last. */
async function kill(): Promise<void> {
  await threads.at(-1)?.terminate();
}

const threads: Worker[] = [];
process.on("worker", (thread) => threads.push(thread));

const IN_THREAD = { thread: true } as const;
const RESTARTS = "promhttp_thread_restarts_total";

/** Waits until the server listens again. */
function untilBack(server: Server): Promise<void> {
  return poll("the server to be back", async () => {
    const socket = connect(targetOf(server));
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  });
}

// A port that the system has chosen, and a path; with certificates and without.
for (const transport of [TRANSPORTS.at(1), TRANSPORTS.at(-2)]) {
  if (transport === undefined) continue;
  test(`over ${transport.name}, a thread that is killed is replaced at the same address`, () =>
    transport.withServer(IN_THREAD, async ({ server, request, log }) => {
      const { url } = server;
      server.setFailing("broken");
      await kill();
      await untilBack(server);
      assert.equal(server.url, url);
      assert.equal((await request()).status, 500);
      server.setOk();
      await poll("an answer", async () => (await request()).status === 200);
      assert.equal(metricOf(await request(), RESTARTS), 1);
      assert.equal(log.filter((line) => line.includes("has died")).length, 1, log.join("\n"));
    }));
}

for (const count of [1, 2]) {
  testFault({
    name: `its thread that is killed ${count} times`,
    server: () => IN_THREAD,
    inflict: async ({ server, port }) => {
      for (let turn = 0; turn < count; turn++) {
        await kill();
        await untilBack(server);
      }
      assert.equal(metricOf(await rawRequest(port, SCRAPE), RESTARTS), count);
    },
  });
}

testFault({
  name: "its thread that is killed while collectors run",
  server: () => ({ ...IN_THREAD, source: blocked }),
  inflict: async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    const signal = await blocked.started();
    await kill();
    assert.equal(await connection.closed(), "");
    await turnsUntil("the abort", () => signal.aborted);
    blocked.release();
    await untilBack(server);
  },
});
const blocked = blockingGatherer();

testFault({
  name: "its thread that is killed in the middle of a body",
  server: () => ({ ...IN_THREAD, source: longSource(() => 20_000) }),
  inflict: async ({ server, connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE);
    await connection.until("some bytes", () => connection.received.length > 1_000);
    connection.socket.pause();
    await kill();
    connection.socket.resume();
    assert.equal(readAnswer(await connection.closed(), true), undefined);
    await untilBack(server);
  },
});

testFault({
  name: "its thread that is killed, and a port that somebody else has taken meanwhile",
  server: () => IN_THREAD,
  inflict: async ({ server, port, log }) => {
    await kill();
    const other = createServer((socket) => socket.destroy());
    other.listen(port, "127.0.0.1");
    await once(other, "listening");
    await turnsUntil("a failed start", () =>
      log.some((line) => line.includes("Cannot start the thread of the server again")),
    );
    await new Promise((resolve) => other.close(resolve));
    await untilBack(server);
  },
});

testFault({
  name: "a close while its thread starts again",
  server: () => IN_THREAD,
  inflict: async ({ server }) => {
    await kill();
    await within("the end", Promise.all([server.close(), server.closed]));
  },
  next: "closed",
});

testFault({
  name: "all that its application may do while there is no thread",
  server: () => IN_THREAD,
  inflict: async ({ server, port }) => {
    await kill();
    await within(
      "an update",
      server.update(() => {}),
    );
    await within("a reload", server.reload());
    server.setReady(false);
    await untilBack(server);
    assert.equal((await rawRequest(port, request("/-/ready"))).status, 503);
    server.setReady(true);
    await poll("readiness", async () => {
      return (await rawRequest(port, request("/-/ready"))).status === 200;
    });
  },
});

testFault({
  name: "what its application declares while another thread starts",
  server: () => IN_THREAD,
  inflict: async ({ server, port }) => {
    const started = once(process, "worker");
    await kill();
    await started;
    server.setReady(false);
    await untilBack(server);
    await poll("what was declared", async () => {
      return (await rawRequest(port, request("/-/ready"))).status === 503;
    });
    server.setReady(true);
  },
});

test("a thread that never starts leaves the server to the application, which says so once", async () => {
  const errors = captureProcessErrors();
  const { lines, ...logger } = createRecorder();
  const end = (thread: Worker) => void thread.terminate();
  process.once("worker", end);
  const server = await Server.listen(countingGatherer(), "127.0.0.1:0", { ...IN_THREAD, logger });
  assert.equal((await rawRequest(targetOf(server), SCRAPE)).status, 200);
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /^warn promhttp: Cannot start a thread for the server/);
  await server.close();
  await errors.assertNone();
});

test("a close while the thread starts rejects nothing, and leaves nothing", async () => {
  const errors = captureProcessErrors();
  const shutdown = new AbortController();
  const running = Server.run(countingGatherer(), "127.0.0.1:0", shutdown.signal, IN_THREAD);
  shutdown.abort();
  await within("the end", running);
  await errors.assertNone();
});
