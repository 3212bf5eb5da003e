import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, clientErrorAnswer } from "../../src/server/client-error.ts";
import { rawExchange, rawRequest, request } from "../helpers/http/raw-request.ts";
import { refusal, withoutDate } from "../helpers/http/refusal.ts";
import { withServer } from "../helpers/http/with-server.ts";
import { turns } from "../helpers/turns.ts";

const HEALTHY = request("/-/healthy");

const BAD_REQUEST = refusal("400 Bad Request", "Bad request.\n");
const NOT_IMPLEMENTED = refusal("501 Not Implemented", "This method is not implemented.\n");

const MALFORMED: readonly [name: string, bytes: string][] = [
  ["garbage", "\x17\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["an empty method", " /metrics HTTP/1.1\r\n\r\n"],
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
      assert.equal(withoutDate(await rawExchange(port, bytes)), BAD_REQUEST);
      assert.equal((await rawRequest(port, HEALTHY)).status, 200);
      assert.deepEqual(log, []);
    }));
}

const UNKNOWN_METHODS: readonly [name: string, bytes: string][] = [
  ["an unknown method", request("/metrics", { method: "FOO" })],
  ["a method that begins like a known one", request("/metrics", { method: "GETS" })],
  ["a method in lower case", request("/metrics", { method: "get" })],
  ["a method of another protocol", request("/metrics", { method: "DESCRIBE" })],
  ["a method of odd characters", request("/metrics", { method: "!#$%&'*+.^_`|~9" })],
  ["an unknown method of an unknown path", request("/nothing", { method: "BREW" })],
  ["an unknown method in HTTP/1.0", "FOO /metrics HTTP/1.0\r\n\r\n"],
  ["an unknown method before a target that is not whole", "FOO /met"],
  ["an unknown method before a version that is not whole", "FOO /metrics HTTP/"],
  ["an unknown method behind empty lines", `\r\n\r\n${request("/metrics", { method: "FOO" })}`],
];

for (const [name, bytes] of UNKNOWN_METHODS) {
  test(`the server answers 501 to ${name}`, () =>
    withServer({}, async ({ port, log }) => {
      assert.equal(withoutDate(await rawExchange(port, bytes)), NOT_IMPLEMENTED);
      assert.deepEqual(log, []);
    }));
}

const NOT_ALLOWED = refusal(
  "405 Method Not Allowed",
  "Method not allowed.\n",
  "Allow: GET, HEAD, OPTIONS",
);

for (const [name, rest] of [
  ["CONNECT", "\r\n"],
  ["CONNECT and what is to be passed on", "\r\nhello"],
  ["CONNECT with a length", "Content-Length: 5\r\n\r\n"],
] as const) {
  test(`the server answers 405 to ${name}`, () =>
    withServer({}, async ({ port, log }) => {
      const bytes = `CONNECT test:80 HTTP/1.1\r\nHost: test\r\n${rest}`;
      assert.equal(withoutDate(await rawExchange(port, bytes)), NOT_ALLOWED);
      assert.deepEqual(log, []);
    }));
}

for (const method of ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "PURGE", "M-SEARCH"]) {
  test(`the server answers 405 to ${method}, and keeps the connection`, () =>
    withServer({}, async ({ connect }) => {
      const connection = await connect();
      await connection.send(request("/metrics", { method }));
      const { status, headers } = await connection.response();
      assert.equal(status, 405);
      assert.equal(headers["allow"], "GET, HEAD, OPTIONS");
      await connection.send(HEALTHY);
      assert.equal((await connection.response()).status, 200);
    }));
}

test("the server answers 400 to a request without a host", () =>
  withServer({}, async ({ port }) => {
    const bytes = "GET /metrics HTTP/1.1\r\n\r\n";
    assert.equal(withoutDate(await rawExchange(port, bytes)), BAD_REQUEST);
  }));

test("the server answers 417 to an expectation that it does not support", () =>
  withServer({}, async ({ port }) => {
    const response = await rawRequest(port, request("/metrics", { headers: ["Expect: tea"] }));
    assert.equal(response.status, 417);
    assert.equal(response.headers["x-content-type-options"], "nosniff");
    assert.equal(response.body, "This expectation is not supported.\n");
  }));

const LIMIT = "than 16384 bytes, the limit of the option maxHeaderBytes.\n";
const URI_TOO_LONG = refusal("414 URI Too Long", `The request target is longer ${LIMIT}`);
const HEADERS_TOO_LARGE = refusal(
  "431 Request Header Fields Too Large",
  `The request headers are longer ${LIMIT}`,
);

const LONG = "x".repeat(20_000);

const TOO_LARGE: readonly [name: string, bytes: string, answer: string][] = [
  ["target", request(`/metrics?${LONG}`), URI_TOO_LONG],
  ["target that does not end", `GET /${LONG}`, URI_TOO_LONG],
  ["target of 1 MB", request(`/${"x".repeat(1_000_000)}`), URI_TOO_LONG],
  ["target behind empty lines", `\r\n\r\nGET /${LONG}`, URI_TOO_LONG],
  ["target and a header", request(`/${LONG}`, { headers: [`X: ${LONG}`] }), URI_TOO_LONG],
  ["header", request("/metrics", { headers: [`X: ${LONG}`] }), HEADERS_TOO_LARGE],
  [
    "header with a target in it",
    request("/metrics", { headers: [`X: GET /${LONG}`] }),
    HEADERS_TOO_LARGE,
  ],
  ["header name", request("/metrics", { headers: [`${LONG}: x`] }), HEADERS_TOO_LARGE],
  ["header of 1 MB", request("/", { headers: [`X: ${"x".repeat(1e6)}`] }), HEADERS_TOO_LARGE],
  [
    "number of headers",
    request("/metrics", { headers: Array(3_000).fill("X-Y: abcd") }),
    HEADERS_TOO_LARGE,
  ],
];

for (const [name, bytes, answer] of TOO_LARGE) {
  test(`the server refuses a ${name} that is too large, and says which limit`, () =>
    withServer({}, async ({ port }) => {
      assert.equal(withoutDate(await rawExchange(port, bytes)), answer);
      assert.equal((await rawRequest(port, HEALTHY)).status, 200);
    }));
}

test("the server refuses a target that is too large on a kept connection", () =>
  withServer({}, async ({ connect }) => {
    const connection = await connect();
    await connection.send(HEALTHY);
    await connection.response();
    await connection.send(request(`/${LONG}`));
    assert.equal(withoutDate(await connection.closed()), URI_TOO_LONG);
  }));

/** Pieces of a head, as a network delivers them. */
const PIECES: readonly [name: string, first: string, then: string, answer: string][] = [
  ["query", "GET /metrics?", "name[]=up&", URI_TOO_LONG],
  ["cookie", "GET / HTTP/1.1\r\nHost: test\r\nCookie: ", "name=value; ", HEADERS_TOO_LARGE],
  ["token", "GET / HTTP/1.1\r\nHost: test\r\nAuthorization: ", "YWJj", HEADERS_TOO_LARGE],
  ["number of headers", "GET / HTTP/1.1\r\n", "Name: value\r\n", HEADERS_TOO_LARGE],
];

for (const [name, first, then, answer] of PIECES) {
  test(`the server refuses a ${name} that is too large and comes in pieces`, () =>
    withServer({}, async ({ connect }) => {
      const connection = await connect();
      connection.socket.setNoDelay();
      await connection.send(first);
      while (!connection.isClosed && connection.received === "") {
        await connection.send(then.repeat(100));
        await turns(2);
      }
      assert.equal(withoutDate(await connection.closed()), answer);
    }));
}

test("the server accepts a head up to the size of the option", async () => {
  const healthyOf = (bytes: number) => request(`/-/healthy?${"x".repeat(bytes)}`);
  await withServer({}, async ({ port }) => {
    assert.equal((await rawRequest(port, healthyOf(16_000))).status, 200);
  });
  await withServer({ maxHeaderBytes: 20_000 }, async ({ port }) => {
    assert.equal((await rawRequest(port, healthyOf(19_000))).status, 200);
    const { status, body } = await rawRequest(port, healthyOf(20_000));
    assert.equal(status, 414);
    assert.match(body, / 20000 bytes/);
  });
});

test("clientErrorAnswer() answers an error without any details", () => {
  const answer = clientErrorAnswer(new Error("broken"), 1_024);
  assert.equal(withoutDate(bytesOf(answer)), BAD_REQUEST);
});
