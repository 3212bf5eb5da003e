import assert from "node:assert/strict";
import { connect } from "node:net";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import type { TestServer } from "../helpers/http/with-server.ts";
import { turnsUntil } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { readAnswer } from "./answer.ts";
import { SCRAPE, testFault } from "./fault.ts";
import { longSource } from "./long-source.ts";

// Clients that disconnect, stall, drip and flood.

/** How a client can leave. */
const LEAVINGS: Readonly<Record<string, (connection: RawConnection) => unknown>> = {
  closes: ({ socket }) => socket.destroy(),
  "closes its side": ({ socket }) => socket.end(),
  "resets the connection": ({ socket }) => socket.resetAndDestroy(),
};

const BODY_METRICS = 3_000;
/** Endless, as far as a test is concerned: some 100 GB. */
const ENDLESS = 1e8;

for (const [how, leave] of Object.entries(LEAVINGS)) {
  testFault({
    name: `a client that ${how} before its request`,
    inflict: async (server) => leave(await server.connect()),
  });
  testFault({
    name: `a client that ${how} in the middle of its request`,
    inflict: async (server) => {
      const connection = await server.connect();
      await connection.send(SCRAPE.slice(0, -5));
      leave(connection);
    },
  });
  const blocked = blockingGatherer();
  testFault({
    name: `a client that ${how} while collectors run`,
    server: () => ({ source: blocked }),
    inflict: async (server) => {
      const connection = await server.connect();
      await connection.send(SCRAPE);
      const signal = await blocked.started();
      leave(connection);
      await turnsUntil("the abort", () => signal.aborted);
      blocked.release();
    },
  });
  for (const bytes of [1, 100_000]) {
    let metrics = ENDLESS;
    const source = longSource(() => metrics);
    testFault({
      name: `a client that ${how} after ${bytes} bytes`,
      // What crosses to a thread must have an end.
      inThread: "never",
      server: () => ({ source }),
      inflict: async (server) => {
        const connection = await server.connect();
        await connection.send(SCRAPE);
        await connection.until("bytes", () => connection.received.length >= bytes);
        metrics = 1;
        leave(connection);
        await turnsUntil("the encoding to stop", () => source.stopped === 1);
      },
    });
  }
}

let metrics = ENDLESS;
testFault({
  name: "a client that reads nothing",
  inThread: "never",
  server: () => ({ source: longSource(() => metrics), timeoutMs: scaleWait(1_000) }),
  inflict: async (server) => {
    const connection = await server.connect();
    connection.socket.pause();
    await connection.send(SCRAPE);
    await turnsUntil("the timeout", () => server.log.length > 0);
    connection.socket.resume();
    assert.equal(readAnswer(await connection.closed()), undefined);
    metrics = 1;
  },
});

let endless = ENDLESS;
const endlessSource = longSource(() => endless);
testFault({
  name: "metrics that never end",
  server: () => ({ source: endlessSource, timeoutMs: 200 }),
  inflict: async ({ connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    const answer = readAnswer(await connection.closed(), connection.errorCode !== undefined);
    assert.notEqual(answer?.status, 200);
    await turnsUntil("the reading to stop", () => endlessSource.stopped === 1);
    endless = 1;
  },
});

testFault({
  name: "a client that reads a little at a time",
  server: () => ({ source: longSource(() => BODY_METRICS) }),
  inflict: async ({ connect }) => {
    const connection = await connect();
    connection.socket.on("data", () => {
      connection.socket.pause();
      setImmediate(() => connection.socket.resume());
    });
    await connection.send(SCRAPE);
    const { body } = await connection.response();
    assert.equal(body.match(/^long\{/gm)?.length, BODY_METRICS);
  },
});

testFault({
  name: "a client that sends its head one byte at a time",
  server: () => ({ headersTimeoutMs: scaleWait(500) }),
  inflict: async ({ connect }) => {
    const connection = await connect();
    connection.socket.setNoDelay();
    const timer = setInterval(() => connection.socket.write("x"), 20);
    try {
      await connection.send("GET /metrics HTTP/1.1\r\nHost: test\r\nX-Long: ");
      assert.match(await connection.closed(), /^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(timer);
    }
  },
});

testFault({
  name: "a client that connects and sends nothing",
  server: () => ({ headersTimeoutMs: scaleWait(500) }),
  inflict: async ({ connect }) => {
    const connection = await connect();
    await connection.closed();
  },
});

for (const [what, head] of Object.entries({
  "one header of 1 MB": `X-Huge: ${"x".repeat(1_000_000)}`,
  "100,000 headers": Array.from({ length: 100_000 }, (_, index) => `X-${index}: 1`).join("\r\n"),
  "a header name of 1 MB": `${"x".repeat(1_000_000)}: 1`,
})) {
  testFault({
    name: `a head with ${what}`,
    inflict: async ({ port }) => {
      const { status } = await rawRequest(port, request("/metrics", { headers: [head] }));
      assert.equal(status, 431);
    },
  });
}

testFault({
  name: "1,000 short headers, of which Node drops some",
  inflict: async ({ port }) => {
    const headers = Array.from({ length: 1_000 }, () => "A: 1");
    assert.equal((await rawRequest(port, request("/metrics", { headers }))).status, 200);
  },
});

for (const path of ["/-/healthy", "/metrics", "/nothing"]) {
  const source = countingGatherer();
  testFault({
    name: `10,000 requests of ${path} in one write`,
    server: () => ({ source }),
    inflict: async ({ connect }) => {
      const connection = await connect();
      const last = request(path, { headers: ["Connection: close"] });
      void connection.send(request(path).repeat(9_999) + last);
      const answers = (await connection.closed()).split("HTTP/1.1 ").slice(1);
      // It need not answer all, but what it answers is whole.
      assert.ok(answers.length <= 10_000);
      for (const answer of answers) assert.match(answer, /^(?:200|404|503) /);
    },
  });
}

testFault({
  name: "10,000 requests in one write of a client that disconnects",
  server: () => ({ source: longSource(() => 500) }),
  inflict: async ({ connect, port }) => {
    const connection = await connect();
    void connection.send(SCRAPE.repeat(10_000)).catch(() => {});
    await connection.until("an answer", () => connection.received.length > 100_000);
    connection.socket.resetAndDestroy();
    // Until the server has seen the end, it is busy with the first of them.
    const isFree = async () => (await rawRequest(port, SCRAPE)).status === 200;
    for (let tries = 0; !(await isFree()); tries++) assert.ok(tries < 100);
  },
});

testFault({
  name: "1,000 connections at once",
  inflict: async ({ server, port }) => {
    const connections = Array.from({ length: 1_000 }, () => new RawConnection(port));
    for (const connection of connections) void connection.send(SCRAPE).catch(() => {});
    await Promise.all(
      connections.map((connection) =>
        connection.until("an answer or the end", () => connection.received.includes("\r\n\r\n")),
      ),
    );
    // 256 at most are open; of those that are answered some are told that there are too many.
    const answered = connections.filter(({ received }) => received !== "");
    assert.ok(answered.length > 0 && answered.length <= 256, String(answered.length));
    for (const { received } of answered) assert.match(received, /^HTTP\/1\.1 (?:200|503) /);
    for (const { socket } of connections) socket.destroy();
    await Promise.all(connections.map((connection) => connection.closed()));
    assert.ok(server.address !== null);
  },
});

testFault({
  name: "1,000 connections one after the other, each reset",
  inflict: async ({ port }) => {
    for (let count = 0; count < 1_000; count++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ port, host: "127.0.0.1" }, () => socket.resetAndDestroy());
        socket.once("close", () => resolve()).on("error", () => {});
        socket.write(SCRAPE);
      });
    }
  },
});

testFault({
  name: "the close of a server in the middle of everything",
  inThread: "never",
  server: () => ({ source: longSource(() => ENDLESS), drainTimeoutMs: 50 }),
  inflict: async (server: TestServer) => {
    const connections = await Promise.all(Array.from({ length: 8 }, () => server.connect()));
    for (const connection of connections) await connection.send(SCRAPE);
    await connections[0]?.until("bytes", () => connections[0]?.received !== "");
    for (const { socket } of connections) socket.pause();
    await Promise.all([server.server.close(), server.server.close()]);
    for (const connection of connections) {
      connection.socket.resume();
      assert.equal(readAnswer(await connection.closed()), undefined);
    }
  },
  next: "closed",
});
