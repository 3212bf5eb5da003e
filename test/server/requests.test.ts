import assert from "node:assert/strict";
import { test } from "node:test";
import { UP_TEXT } from "../helpers/families.ts";
import { blockingGatherer, countingGatherer } from "../helpers/gatherers.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";

const ALLOW = "GET, HEAD, OPTIONS";

interface Case {
  readonly target: string;
  readonly method?: string;
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PLAIN = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };

const ANSWERS: readonly Case[] = [
  { target: "/-/healthy", status: 200, body: "Healthy.\n", headers: PLAIN },
  { target: "/-/ready", status: 200, body: "Ready.\n", headers: PLAIN },
  { target: "/favicon.ico", status: 204, body: "" },
  { target: "/other", status: 404, body: "Not found.\n", headers: PLAIN },
  { target: "/-/targets", status: 404, body: "Not found.\n", headers: PLAIN },
  { target: "/metrics/", status: 404, body: "Not found.\n" },
  { target: "//", status: 404, body: "Not found.\n" },
  { target: "/%ff", status: 404, body: "Not found.\n" },
  { target: "/other", method: "POST", status: 404, body: "Not found.\n" },
  { target: "/metrics", method: "OPTIONS", status: 204, body: "", headers: { allow: ALLOW } },
  { target: "/", method: "OPTIONS", status: 204, body: "", headers: { allow: ALLOW } },
  ...["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"].map((method) => ({
    target: "/metrics",
    method,
    status: 405,
    body: "Method not allowed.\n",
    headers: { ...PLAIN, allow: ALLOW },
  })),
  { target: "*", method: "OPTIONS", status: 204, body: "", headers: { allow: ALLOW } },
  { target: "http://x", method: "OPTIONS", status: 204, body: "", headers: { allow: ALLOW } },
  { target: "http://x/-/healthy", status: 200, body: "Healthy.\n" },
  { target: "HTTPS://[::1]:9464/-/healthy?a", status: 200, body: "Healthy.\n" },
  { target: "http://x/other", status: 404, body: "Not found.\n" },
  ...[
    ...["http://u@x/metrics", "http://x:y/metrics", "http:///metrics", "http://x/metrics#"],
    ...["http://[/metrics", "ftp://x/metrics", "*", "/metrics#x", "/metrics?a#x"],
  ].map((target) => ({
    target,
    status: 400,
    body: "Bad request.\n",
    headers: { ...PLAIN, connection: "close" },
  })),
];

for (const { target, method = "GET", status, body, headers = {} } of ANSWERS) {
  test(`the server answers ${method} ${target} with ${status}`, () =>
    withServer({}, async ({ port, log }) => {
      const response = await rawRequest(port, request(target, { method }));
      assert.equal(response.status, status);
      assert.equal(response.body, body);
      assert.deepEqual({ ...response.headers, ...headers }, response.headers);
      assert.equal(response.rest, "");
      assert.deepEqual(log, []);
    }));
}

test("the server answers GET /metrics, whatever the query", () =>
  withServer({ selfMetrics: false }, async ({ port }) => {
    for (const query of ["", "?", "?a=b", "?/metrics", "?%c3%bf"]) {
      const response = await rawRequest(port, request(`/metrics${query}`));
      assert.equal(response.status, 200);
      assert.equal(response.body, UP_TEXT);
      assert.equal(response.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.equal(response.headers["content-length"], String(UP_TEXT.length));
      assert.equal(response.headers["x-content-type-options"], "nosniff");
    }
  }));

test("the server answers HEAD /metrics without gathering or a length", async () => {
  const gatherer = countingGatherer();
  await withServer({ source: gatherer }, async ({ connect }) => {
    const connection = await connect();
    await connection.send(request("/metrics", { method: "HEAD" }) + request("/-/healthy"));
    const head = await connection.response({ isHead: true });
    assert.equal(head.status, 200);
    assert.equal(head.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    // RFC 9110 §8.6: a Content-Length must be that of the response to a GET, or absent.
    assert.equal(head.headers["content-length"], undefined);
    assert.equal((await connection.response()).body, "Healthy.\n");
    assert.equal(gatherer.calls, 0);
  });
});

for (const target of ["/-/healthy", "/-/ready", "/favicon.ico", "/other"]) {
  test(`the server answers HEAD ${target} as GET, without the body`, () =>
    withServer({}, async ({ port }) => {
      const get = await rawRequest(port, request(target));
      const head = await rawRequest(port, request(target, { method: "HEAD" }));
      const { date: _, ...headers } = head.headers;
      const { date: __, ...expected } = get.headers;
      assert.equal(head.status, get.status);
      assert.deepEqual(headers, expected);
      assert.equal(head.rest, "");
    }));
}

test("the server serves a landing page that links to the metrics", () =>
  withServer({ path: "/my'metrics" }, async ({ port }) => {
    const { status, headers, body } = await rawRequest(port, request("/"));
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(body, /<a href="\.\/my&#39;metrics">/);
    assert.equal((await rawRequest(port, request("/my'metrics"))).status, 200);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 404);
  }));

test("the server serves no landing page when it is turned off", () =>
  withServer({ landingPage: false }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/"))).status, 404);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
  }));

test('The server serves metrics at the path "/"', () =>
  withServer({ path: "/", selfMetrics: false }, async ({ port }) => {
    assert.equal((await rawRequest(port, request("/"))).body, UP_TEXT);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 404);
  }));

test("the server answers 500 with a fixed text, and logs why", async () => {
  const source = {
    gather: () => {
      throw new Error("the password is s3cr3t");
    },
  };
  await withServer({ source }, async ({ port, log }) => {
    const response = await rawRequest(port, request("/metrics"));
    assert.equal(response.status, 500);
    assert.equal(response.body, "The metrics could not be gathered. See the process log.\n");
    assert.equal(response.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(log.length, 1);
    assert.match(
      log[0] ?? "",
      /^error promhttp: Collector "gatherer 1" failed; .*: Error: the password is s3cr3t$/,
    );
    assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
  });
});

test("the server takes the timeout from the scraper's header", async () => {
  const gatherer = blockingGatherer();
  await withServer({ source: gatherer, timeoutOffsetMs: 0 }, async ({ port, log }) => {
    const headers = ["X-Prometheus-Scrape-Timeout-Seconds: 0.05"];
    const response = await rawRequest(port, request("/metrics", { headers }));
    assert.equal(response.status, 503);
    assert.equal(log.length, 1);
    gatherer.release();
  });
});

test("the server ignores a timeout header that is sent twice", () =>
  withServer({}, async ({ port }) => {
    const headers = Array(2).fill("X-Prometheus-Scrape-Timeout-Seconds: 10");
    assert.equal((await rawRequest(port, request("/metrics", { headers }))).status, 200);
  }));

const BODIES: readonly [name: string, header: string, body: string][] = [
  ["a length", "Content-Length: 5", "hello"],
  ["a length, and does not send it", "Content-Length: 5000000", ""],
  ["chunks", "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
  ["a length and Expect", "Expect: 100-continue\r\nContent-Length: 5", ""],
];

for (const [name, header, body] of BODIES) {
  test(`the server answers 413 and closes when a request has a body with ${name}`, async () => {
    const gatherer = countingGatherer();
    await withServer({ source: gatherer }, async ({ port }) => {
      const text = await rawExchange(port, request("/metrics", { headers: [header] }) + body);
      assert.match(text, /^HTTP\/1\.1 413 Payload Too Large\r\n/);
      assert.match(text, /\r\nConnection: close\r\n/);
      assert.match(text, /\r\n\r\nA request must not have a body\.\n$/);
      assert.equal(gatherer.calls, 0);
    });
  });
}

const SCRAPES: readonly [name: string, headers: readonly string[]][] = [
  ["an empty body", ["Content-Length: 0"]],
  ["an empty body in more digits", ["Content-Length: 000"]],
  ["Expect: 100-continue and no body", ["Expect: 100-continue"]],
  [
    "an upgrade to HTTP/2",
    ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: "],
  ],
  ["an upgrade to a WebSocket", ["Connection: Upgrade", "Upgrade: websocket"]],
  ["an empty Host", ["Host:"]],
  ["many headers", Array(100).fill("X: y")],
];

for (const [name, headers] of SCRAPES) {
  test(`the server serves a scrape with ${name}`, () =>
    withServer({ selfMetrics: false }, async ({ port }) => {
      const response = await rawRequest(port, request("/metrics", { headers }));
      assert.equal(response.status, 200);
      assert.equal(response.body, UP_TEXT);
    }));
}

for (const host of ["a b", "a/b", "u@h", "[::1", "h:abc", "a, b", "http://a", "<script>"]) {
  test(`the server rejects a request for the host "${host}", whatever its target`, async () => {
    const gatherer = countingGatherer();
    await withServer({ source: gatherer }, async ({ port }) => {
      for (const target of ["/metrics", "/-/healthy", "/other", "http://x/metrics"]) {
        const answer = await rawRequest(port, request(target, { headers: [`Host: ${host}`] }));
        assert.equal(answer.status, 400);
        assert.equal(answer.body, "Bad request.\n");
        assert.equal(answer.headers["connection"], "close");
      }
      assert.equal(gatherer.calls, 0);
    });
  });
}

test("the server answers OPTIONS * that names no host, and nothing else without one", () =>
  withServer({}, async ({ port }) => {
    const check = "OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n";
    assert.match(await rawExchange(port, check), /^HTTP\/1\.1 204 No Content\r\n/);
    for (const line of ["OPTIONS /metrics", "GET *", "GET /metrics", "OPTIONS http://x"]) {
      const text = await rawExchange(port, `${line} HTTP/1.1\r\nConnection: close\r\n\r\n`);
      assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/, line);
    }
  }));

const CHUNKED = "Transfer-Encoding: chunked";

test("the server serves a request in chunks when its end shows that there are none", () =>
  withServer({ selfMetrics: false }, async ({ connect, log }) => {
    const connection = await connect();
    for (const [target, end] of [
      ["/metrics", "0\r\n\r\n"],
      ["/metrics", "000;a=b\r\nTrailer: x\r\n\r\n"],
      ["/-/healthy", "0\r\n\r\n"],
    ] as const) {
      await connection.send(request(target, { headers: [CHUNKED] }));
      await turns(3);
      assert.equal(connection.received, "");
      await connection.send(end);
      const { status, headers } = await connection.response();
      assert.equal(status, 200);
      assert.equal(headers["connection"], "keep-alive");
    }
    assert.deepEqual(log, []);
  }));

test("the server rejects a request in chunks at its first byte of content", async () => {
  const gatherer = countingGatherer();
  await withServer({ source: gatherer }, async ({ port }) => {
    for (const target of ["/metrics", "/other"]) {
      const text = await rawExchange(port, `${request(target, { headers: [CHUNKED] })}5\r\nh`);
      assert.match(text, /^HTTP\/1\.1 413 Payload Too Large\r\n/);
      assert.match(text, /\r\nConnection: close\r\n/);
    }
    assert.equal(gatherer.calls, 0);
  });
});

test("the server does not wait longer for the end of a request than for its headers", () =>
  withServer({ headersTimeoutMs: 50 }, async ({ port, log }) => {
    const text = await rawExchange(port, request("/metrics", { headers: [CHUNKED] }));
    assert.match(text, /^(HTTP\/1\.1 408 Request Timeout\r\n|$)/);
    assert.deepEqual(log, []);
  }));

test("the server survives a client that disconnects before the end of its request", () =>
  withServer({}, async ({ connect, port, log }) => {
    const connection = await connect();
    await connection.send(request("/metrics", { headers: [CHUNKED] }));
    await turns(3);
    connection.socket.destroy();
    await turns(3);
    assert.equal((await rawRequest(port, request("/metrics"))).status, 200);
    assert.deepEqual(log, []);
  }));

for (const coding of ["xchunked", "identity", "gzip, chunked"]) {
  test(`the server answers 501 and closes for the transfer coding ${coding}`, () =>
    withServer({}, async ({ port }) => {
      const headers = [`Transfer-Encoding: ${coding}`];
      const text = await rawExchange(port, `${request("/metrics", { headers })}0\r\n\r\n`);
      assert.match(text, /^HTTP\/1\.1 501 Not Implemented\r\n/);
      assert.match(text, /\r\nConnection: close\r\n/);
    }));
}

test("the server rejects HTTP/1.0 with a transfer coding", () =>
  withServer({}, async ({ port }) => {
    const text = await rawExchange(port, `GET /metrics HTTP/1.0\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  }));

test("the server sends how long it keeps a connection", () =>
  withServer({}, async ({ connect }) => {
    const connection = await connect();
    for (let scrape = 0; scrape < 3; scrape++) {
      await connection.send(request("/metrics"));
      const { headers } = await connection.response();
      assert.equal(headers["connection"], "keep-alive");
      assert.equal(headers["keep-alive"], "timeout=75");
    }
  }));

test("the server closes the connection when the client asks for it", () =>
  withServer({ selfMetrics: false }, async ({ port }) => {
    const text = await rawExchange(port, request("/metrics", { headers: ["Connection: close"] }));
    assert.ok(text.endsWith(`\r\n\r\n${UP_TEXT}`));
  }));

test("the server speaks HTTP/1.0", () =>
  withServer({ selfMetrics: false }, async ({ port }) => {
    const text = await rawExchange(port, "GET /metrics HTTP/1.0\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(text.endsWith(`\r\n\r\n${UP_TEXT}`));
  }));

for (const [host, status] of [
  ["metrics.example.com", 200],
  ["METRICS.example.com:9464", 200],
  ["[::1]:9464", 200],
  ["evil.example.com", 403],
  ["metrics.example.com.evil.example.com", 403],
  ["", 403],
] as const) {
  test(`with allowedHosts the server answers a request to "${host}" with ${status}`, () =>
    withServer({ allowedHosts: ["metrics.example.com", "[::1]"] }, async ({ port }) => {
      for (const target of ["/metrics", "/-/healthy"]) {
        const response = await rawRequest(port, request(target, { headers: [`Host: ${host}`] }));
        assert.equal(response.status, status);
        if (host === "") continue;
        // RFC 9112 §3.2.2: the host of the target counts, not the header.
        for (const header of ["metrics.example.com", "evil.example.com"]) {
          const headers = [`Host: ${header}`];
          const absolute = await rawRequest(port, request(`http://${host}${target}`, { headers }));
          assert.equal(absolute.status, status);
        }
      }
    }));
}
