import assert from "node:assert/strict";
import { test } from "node:test";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import type { RawConnection } from "../helpers/http/raw-connection.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { refusal, withoutDate } from "../helpers/http/refusal.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";

const SCRAPE = request("/metrics");
const HEALTHY = request("/-/healthy");

const TIMEOUT = refusal("408 Request Timeout", "The request took too long.\n");

test("the server reads a head that comes byte by byte", () =>
  withServer({ selfMetrics: false }, async ({ connect }) => {
    const connection = await connect();
    connection.socket.setNoDelay(true);
    for (const byte of SCRAPE) {
      await connection.send(byte);
      await turns(1);
    }
    assert.equal((await connection.response()).body, UP_TEXT);
  }));

const SLOW_HEADS: readonly [name: string, bytes: string, answer: string][] = [
  ["sends nothing", "", TIMEOUT],
  ["stops in the middle of the head", "GET /metrics HT", TIMEOUT],
];

for (const [name, bytes, answer] of SLOW_HEADS) {
  test(`the server closes the connection of a client that ${name}`, () =>
    withServer({ headersTimeoutMs: 20 }, async ({ connect, log }) => {
      const connection = await connect();
      if (bytes !== "") await connection.send(bytes);
      assert.equal(withoutDate(await connection.closed()), answer);
      assert.deepEqual(log, []);
    }));
}

test("the server closes the connection of a client that drips its head", () =>
  withServer({ headersTimeoutMs: 100 }, async ({ connect }) => {
    const connection = await connect();
    await connection.send("GET /metrics HTTP/1.1\r\n");
    const dripping = setInterval(() => connection.socket.write("X: y\r\n"), 10);
    try {
      assert.equal(withoutDate(await connection.closed()), TIMEOUT);
    } finally {
      clearInterval(dripping);
    }
  }));

test("the server closes slow connections also when it was given a net.Server", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner, headersTimeoutMs: 20 }, async ({ connect }) => {
    assert.equal(withoutDate(await (await connect()).closed()), TIMEOUT);
  });
});

test("the server closes a connection that is idle for too long", () =>
  withServer({ keepAliveTimeoutMs: 30 }, async ({ connect }) => {
    const connection = await connect();
    await connection.send(HEALTHY);
    assert.equal((await connection.response()).status, 200);
    assert.equal(await connection.closed(), "");
  }));

test("the server closes a connection above the limit, and serves the others", () =>
  withServer({ maxConnections: 2 }, async ({ connect, port }) => {
    const first = await connect();
    const second = await connect();
    for (let times = 0; times < 3; times++) assert.equal(await (await connect()).closed(), "");
    for (const connection of [first, second]) {
      await connection.send(HEALTHY);
      assert.equal((await connection.response()).body, "Healthy.\n");
    }
    first.socket.destroy();
    await first.closed();
    await turns(3);
    assert.equal((await rawRequest(port, HEALTHY)).status, 200);
  }));

test("the server answers pipelined requests in their order", async () => {
  const source = blockingGatherer();
  await withServer({ source, selfMetrics: false }, async ({ connect }) => {
    const connection = await connect();
    await connection.send(SCRAPE + HEALTHY + request("/x") + SCRAPE);
    await source.started();
    source.release();
    const bodies: string[] = [];
    while (bodies.length < 4) bodies.push((await connection.response()).body);
    assert.deepEqual(bodies, [UP_TEXT, "Healthy.\n", "Not found.\n", UP_TEXT]);
  });
});

test("the server answers up to eight pipelined requests", () =>
  withServer({}, async ({ connect }) => {
    const connection = await connect();
    await connection.send(HEALTHY.repeat(8));
    for (let times = 0; times < 8; times++) {
      assert.equal((await connection.response()).body, "Healthy.\n");
    }
    await connection.send(HEALTHY);
    assert.equal((await connection.response()).body, "Healthy.\n");
  }));

for (const count of [9, 12, 1_000]) {
  test(`the server answers the first eight of ${count} pipelined requests, and closes`, async () => {
    const source = blockingGatherer();
    await withServer({ source }, async ({ connect, port, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + HEALTHY.repeat(count - 1));
      await source.started();
      await turns(3);
      source.release();
      assert.equal((await connection.response()).status, 200);
      for (let times = 1; times < 8; times++) {
        assert.equal((await connection.response()).body, "Healthy.\n");
      }
      assert.equal(await connection.closed(), "");
      assert.equal(connection.errorCode, undefined);
      // None of them is left.
      const { body } = await rawRequest(port, SCRAPE);
      assert.match(body, /^promhttp_metric_handler_requests_in_flight 1$/m);
      assert.deepEqual(log, []);
    });
  });
}

const CHUNKED = "Transfer-Encoding: chunked";

/** What ends a connection, and the answer to it, which must be the last. */
const LAST_REQUESTS: readonly [name: string, bytes: string, status: number][] = [
  ["garbage", "\0\0\0\0", 400],
  ["text", "junk\r\n", 400],
  ["a header without a name", request("/metrics", { headers: [": x"] }), 400],
  ["an unknown method", request("/metrics", { method: "BREW" }), 501],
  ["a target that is too long", request(`/${"x".repeat(20_000)}`), 414],
  ["a broken chunk", `${request("/metrics", { headers: [CHUNKED] })}zz\r\n`, 400],
  ["a body", `${request("/metrics", { headers: ["Content-Length: 5"] })}hello`, 413],
  ["CONNECT", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n", 405],
];

for (const [name, bytes, status] of LAST_REQUESTS) {
  const assertLast = async (connection: RawConnection) => {
    const last = await connection.closed();
    assert.match(last, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(last.split("HTTP/1.1 ").length, 2);
    assert.equal(connection.errorCode, undefined);
  };

  test(`the server answers the requests before ${name} first`, () =>
    withServer({ selfMetrics: false }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + HEALTHY + bytes + HEALTHY);
      assert.equal((await connection.response()).body, UP_TEXT);
      assert.equal((await connection.response()).body, "Healthy.\n");
      await assertLast(connection);
      assert.deepEqual(log, []);
    }));

  test(`the server lets running scrapes finish before it answers ${name}`, async () => {
    const source = blockingGatherer();
    await withServer({ source, selfMetrics: false }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + SCRAPE + bytes);
      await source.started();
      await connection.send(HEALTHY.repeat(20) + bytes);
      await turns(3);
      assert.equal(connection.received, "");
      source.release();
      assert.equal((await connection.response()).body, UP_TEXT);
      assert.equal((await connection.response()).body, UP_TEXT);
      await assertLast(connection);
      assert.deepEqual(log, []);
    });
  });

  test(`the server sends a long body whole before it answers ${name}`, async () => {
    const source = longGatherer(5_000);
    await withServer({ source }, async ({ connect, log }) => {
      const connection = await connect();
      connection.socket.pause();
      await connection.send(SCRAPE);
      await turnsUntil("some of the body", () => source.read > 100);
      await connection.send(bytes);
      await turns(3);
      connection.socket.resume();
      const { body } = await connection.response();
      assert.equal(body.match(/^long\{/gm)?.length, 5_000);
      await assertLast(connection);
      assert.deepEqual(log, []);
    });
  });
}

for (const [name, bytes] of [
  ["half a head", "GET /metrics HT"],
  ["chunks without an end", request("/metrics", { headers: [CHUNKED] })],
] as const) {
  test(`${name} behind a slow scrape costs only itself`, async () => {
    const source = blockingGatherer();
    const options = { source, selfMetrics: false, headersTimeoutMs: 20 };
    await withServer(options, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + bytes);
      await source.started();
      // Node looks once a second for requests that are late.
      const late = await connect();
      assert.equal(withoutDate(await late.closed()), TIMEOUT);
      source.release();
      assert.equal((await connection.response()).body, UP_TEXT);
      const last = await connection.closed();
      assert.match(last, /^HTTP\/1\.1 408 /);
      assert.equal(last.split("HTTP/1.1 ").length, 2);
      assert.deepEqual(log, []);
    });
  });
}

const IN_CHUNKS = `${request("/metrics", { headers: [CHUNKED] })}0\r\n\r\n`;

for (const [name, bytes] of [
  ["a scrape", SCRAPE],
  ["a scrape in chunks", IN_CHUNKS],
  ["a scrape before CONNECT", SCRAPE + request("test:80", { method: "CONNECT" })],
] as const) {
  test(`${name} that is queued behind another is aborted when its client disconnects`, async () => {
    const source = blockingGatherer();
    await withServer({ source }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + bytes);
      const signal = await source.started();
      await turns(5);
      connection.socket.destroy();
      // It aborts when the last scrape does.
      await turnsUntil("the gathering to be aborted", () => signal.aborted);
      assert.deepEqual(log, []);
    });
  });
}

test("the server closes a connection with an error although its client goes on sending", () =>
  withServer({}, async ({ connect }) => {
    const connection = await connect();
    connection.socket.allowHalfOpen = true;
    await connection.send("\0");
    await connection.until("the answer", () => connection.received.endsWith("Bad request.\n"));
    const sending = setInterval(() => connection.socket.write(HEALTHY), 10);
    try {
      assert.match(await connection.closed(), /^HTTP\/1\.1 400 .*\n\r\nBad request\.\n$/s);
    } finally {
      clearInterval(sending);
    }
  }));

const MARKER = "m4rk3r";

const ECHOES: readonly [place: string, bytes: string][] = [
  ["the path", request(`/${MARKER}`)],
  ["the query", request(`/metrics?${MARKER}`)],
  ["the target", request(MARKER)],
  ["the URL", request(`http://${MARKER}/metrics`)],
  ["the method", request("/metrics", { method: MARKER })],
  ["the version", `GET /metrics HTTP/${MARKER}\r\n\r\n`],
  ["the host", request("/", { headers: [`Host: ${MARKER}`] })],
  ["a header", request("/", { headers: [`${MARKER}: ${MARKER}`] })],
  ["the origin", request("/", { headers: [`Origin: http://${MARKER}`] })],
  [
    "the timeout",
    request("/metrics", {
      headers: [`X-Prometheus-Scrape-Timeout-Seconds: ${MARKER}`],
    }),
  ],
  ["Accept", request("/metrics", { headers: [`Accept: ${MARKER}`, `Accept-Encoding: ${MARKER}`] })],
  ["Expect", request("/metrics", { headers: [`Expect: ${MARKER}`] })],
  ["Connection", request("/metrics", { headers: [`Connection: ${MARKER}`, `Upgrade: ${MARKER}`] })],
  ["a header that is too large", request("/metrics", { headers: [MARKER.repeat(2_000)] })],
  ["the body", `${request("/metrics", { headers: ["Content-Length: 6"] })}${MARKER}`],
  ["CONNECT", `CONNECT ${MARKER}:80 HTTP/1.1\r\nHost: ${MARKER}\r\n\r\n`],
  [
    "OPTIONS",
    request("/metrics", {
      method: "OPTIONS",
      headers: [`Access-Control-Request-Method: ${MARKER}`],
    }),
  ],
  ["a TRACE", request("/metrics", { method: "TRACE", headers: [`X: ${MARKER}`] })],
];

for (const [place, bytes] of ECHOES) {
  test(`the server echoes nothing of ${place}`, () =>
    withServer({}, async ({ connect, log }) => {
      const connection = await connect();
      // The second one ends the connection, where the first has not.
      await connection.send(bytes);
      await connection.until("an answer", () => connection.received.includes("\r\n\r\n"));
      connection.socket.end(request("/", { headers: ["Connection: close"] }));
      const text = await connection.closed();
      assert.match(text, /^HTTP\/1\.1 \d{3} /);
      assert.ok(!text.includes(MARKER));
      assert.deepEqual(log, []);
    }));
}
