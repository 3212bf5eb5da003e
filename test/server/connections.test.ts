import assert from "node:assert/strict";
import { test } from "node:test";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { netServer } from "../helpers/http/net-server.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";

const SCRAPE = request("/metrics");
const HEALTHY = request("/-/healthy");

const refusal = (status: string) =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
const BAD_REQUEST = refusal("400 Bad Request");

const MALFORMED: readonly [name: string, bytes: string][] = [
  ["garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["an empty method", " /metrics HTTP/1.1\r\n\r\n"],
  ["an unknown method", request("/metrics", { method: "GETS" })],
  ["a method in lower case", request("/metrics", { method: "get" })],
  ["CONNECT", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n"],
  ["CONNECT and a body", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\nhello"],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["an HTTP version that is none", "GET /metrics HTTP/9.9\r\nHost: test\r\n\r\n"],
  ["no path", "GET  HTTP/1.1\r\nHost: test\r\n\r\n"],
  ["a path without a slash", request("metrics")],
  ["a space in the path", request("/met rics")],
  ["NUL in the path", request("/\0")],
  ["NUL in a header", request("/metrics", { headers: ["X: a\0b"] })],
  ["a header without a name", request("/metrics", { headers: [": value"] })],
  ["a space before the colon", request("/metrics", { headers: ["Content-Length : 5"] })],
  ["a folded header", request("/metrics", { headers: ["X: a", "\tb: c", "é: d"] })],
  ["a length that is none", request("/metrics", { headers: ["Content-Length: -1"] })],
  ["two lengths", request("/metrics", { headers: ["Content-Length: 0", "Content-Length: 5"] })],
  [
    "a length and chunks",
    request("/metrics", { headers: ["Content-Length: 5", "Transfer-Encoding: chunked"] }),
  ],
  ["bare line feeds and a bare return", "GET /metrics HTTP/1.1\nHost: test\r\r\n\n"],
];

for (const [name, bytes] of MALFORMED) {
  test(`the server answers 400 to ${name}`, () =>
    withServer({}, async ({ port, log }) => {
      assert.equal(await rawExchange(port, bytes), BAD_REQUEST);
      assert.equal((await rawRequest(port, HEALTHY)).status, 200);
      assert.deepEqual(log, []);
    }));
}

test("the server answers 400 to a request without a host", () =>
  withServer({}, async ({ port }) => {
    const text = await rawExchange(port, "GET /metrics HTTP/1.1\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assert.match(text, /\r\nConnection: close\r\n/);
  }));

test("the server answers 417 to an expectation that it does not support", () =>
  withServer({}, async ({ port }) => {
    const response = await rawRequest(port, request("/metrics", { headers: ["Expect: tea"] }));
    assert.equal(response.status, 417);
  }));

const TOO_LARGE: readonly [name: string, bytes: string][] = [
  ["URL", request(`/metrics?${"x".repeat(9_000)}`)],
  ["header", request("/metrics", { headers: [`X: ${"x".repeat(9_000)}`] })],
  ["number of headers", request("/metrics", { headers: Array(1_500).fill("X-Y: abcd") })],
];

for (const [name, bytes] of TOO_LARGE) {
  test(`the server answers 431 to a ${name} that is too large`, () =>
    withServer({}, async ({ port }) => {
      assert.equal(await rawExchange(port, bytes), refusal("431 Request Header Fields Too Large"));
      assert.equal((await rawRequest(port, HEALTHY)).status, 200);
    }));
}

test("the server accepts headers up to the size of the option", () =>
  withServer({ maxHeaderBytes: 20_000 }, async ({ port }) => {
    const url = `/-/healthy?${"x".repeat(19_000)}`;
    assert.equal((await rawRequest(port, request(url))).status, 200);
  }));

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
  ["sends nothing", "", refusal("408 Request Timeout")],
  ["stops in the middle of the head", "GET /metrics HT", refusal("408 Request Timeout")],
];

for (const [name, bytes, answer] of SLOW_HEADS) {
  test(`the server closes the connection of a client that ${name}`, () =>
    withServer({ headersTimeoutMs: 20 }, async ({ connect, log }) => {
      const connection = await connect();
      if (bytes !== "") await connection.send(bytes);
      assert.equal(await connection.closed(), answer);
      assert.deepEqual(log, []);
    }));
}

test("the server closes the connection of a client that drips its head", () =>
  withServer({ headersTimeoutMs: 100 }, async ({ connect }) => {
    const connection = await connect();
    await connection.send("GET /metrics HTTP/1.1\r\n");
    const dripping = setInterval(() => connection.socket.write("X: y\r\n"), 10);
    try {
      assert.equal(await connection.closed(), refusal("408 Request Timeout"));
    } finally {
      clearInterval(dripping);
    }
  }));

test("the server closes slow connections also when it was given a net.Server", async () => {
  const { server: owner } = await netServer();
  await withServer({ address: owner, headersTimeoutMs: 20 }, async ({ connect }) => {
    assert.equal(await (await connect()).closed(), refusal("408 Request Timeout"));
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

test("the server resets a connection that is flooded with pipelined requests", async () => {
  let asked = 0;
  const onScrape = () => {
    asked++;
  };
  await withServer({ onScrape }, async ({ connect, port, log }) => {
    const connection = await connect();
    await connection.send(SCRAPE.repeat(1_000));
    assert.equal(await connection.closed(), "");
    assert.ok(asked <= 1, `${asked} gatherings`);
    // None of them is left; they end a few turns after their connection.
    let body = "";
    for (let times = 0; times < 20 && !/_requests_in_flight 1\n/.test(body); times++) {
      ({ body } = await rawRequest(port, SCRAPE));
    }
    assert.match(body, /^promhttp_metric_handler_requests_in_flight 1$/m);
    assert.match(body, /^promhttp_metric_handler_requests_total\{code="503"\} 0$/m);
    assert.deepEqual(log, []);
  });
});

for (const [name, bytes] of [
  ["garbage", "\0\0\0\0"],
  ["CONNECT", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n"],
] as const) {
  test(`the server puts no answer to ${name} before the answer to a running scrape`, async () => {
    const source = blockingGatherer();
    await withServer({ source }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE + SCRAPE + bytes);
      assert.equal(await connection.closed(), "");
      source.release();
      await turns(3);
      assert.deepEqual(log, []);
    });
  });

  test(`the server puts no answer to ${name} into a body`, async () => {
    const source = longGatherer(1e8);
    await withServer({ source }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE);
      await connection.until("some of the body", () => connection.received.length > 100_000);
      await connection.send(bytes);
      assert.doesNotMatch(await connection.closed(), /HTTP\/1\.1 [45]|\r\n0\r\n/);
      await source.stopped();
      assert.deepEqual(log, []);
    });
  });
}

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
