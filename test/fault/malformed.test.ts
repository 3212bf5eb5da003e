import assert from "node:assert/strict";
import { rawExchange, request } from "../helpers/http/raw-request.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { SCRAPE, testFault } from "./fault.ts";

// What is not a request, or not one that a scraper would send. An answer of 200 means that the request is
// understood; everything else is refused, and nothing of it is echoed.

/** What to send, and the status of the answer; "closed" where none is due. */
const REQUESTS: Readonly<Record<string, readonly [bytes: string, status: number | "closed"]>> = {
  "the target //": [close("//"), 404],
  "the target ///": [close("///"), 404],
  "the target //metrics": [close("//metrics"), 404],
  "the target http://": [close("http://"), 400],
  "the target http://[": [close("http://["), 400],
  "an absolute target": [close("http://test/metrics"), 200],
  "a target with a bad port": [close("http://test:99999/metrics"), 200],
  "the target *": [close("*"), 400],
  "OPTIONS *": [request("*", { method: "OPTIONS", headers: ["Connection: close"] }), 204],
  "a target without a slash": [close("metrics"), 400],
  "an authority as the target": [request("test:80", { method: "CONNECT" }), 405],
  "an upgrade": [
    request("/metrics", {
      headers: ["Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Key: x"],
    }),
    200,
  ],
  "%ff in the path": [close("/%ff"), 404],
  "%ff in the query": [close("/metrics?name[]=%ff"), 400],
  "a lone % in the query": [close("/metrics?%"), 400],
  "%00 in the path": [close("/metrics%00"), 404],
  "a NUL in the path": [close("/metrics\0"), 400],
  "a NUL in a header": [close("/metrics", "X: a\0b"), 400],
  "raw bytes in the path": [close("/\xff\xfe"), 400],
  "a URL of 64 KiB": [close(`/${"x".repeat(65_536)}`), 414],
  "a query of 7 KiB": [close(`/metrics?${"x".repeat(7_000)}`), 200],
  "path traversal": [close("/../../etc/passwd"), 404],
  "the host a b": [close("/metrics", "Host: a b"), 400],
  "the host [": [close("/metrics", "Host: ["), 400],
  "an empty host": [close("/metrics", "Host:"), 200],
  "two blanks before the version": [close("/metrics").replace(" HTTP", "  HTTP"), 200],
  "two hosts": [close("/metrics", "Host: a\r\nHost: b"), 400],
  "no host": ["GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  "a lower-case method": [request("/metrics", { method: "get" }), 501],
  "an unknown method": [request("/metrics", { method: "BREW" }), 501],
  "a method without a target": ["GET\r\n\r\n", 400],
  "an empty target": ["GET  HTTP/1.1\r\nHost: test\r\n\r\n", 400],
  "a request line without a version": ["GET /metrics\r\n\r\n", 400],
  "HTTP/0.9": ["GET /metrics\r\n", "closed"],
  "HTTP/1.0": ["GET /metrics HTTP/1.0\r\n\r\n", 200],
  "HTTP/1.2": ["GET /metrics HTTP/1.2\r\nHost: test\r\n\r\n", 400],
  "HTTP/9.9": ["GET /metrics HTTP/9.9\r\nHost: test\r\n\r\n", 400],
  "a lower-case protocol": ["GET /metrics http/1.1\r\nHost: test\r\n\r\n", 400],
  "another protocol": ["GET /metrics ICE/1.0\r\nHost: test\r\n\r\n", 400],
  "the preface of HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "the hello of SSH": ["SSH-2.0-OpenSSH_9.2\r\n", 400],
  "the PROXY protocol": [`PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n${SCRAPE}`, 400],
  "a Redis command": ["*1\r\n$4\r\nPING\r\n", 400],
  "empty lines": ["\r\n".repeat(10) + close("/metrics"), 200],
  "100,000 NULs": ["\0".repeat(100_000), 400],
  "100,000 line ends": ["\r\n".repeat(50_000), "closed"],
  "a header without a colon": [close("/metrics", "nonsense"), 400],
  "a header without a name": [close("/metrics", ": x"), 400],
  "a header name with a blank": [close("/metrics", "a b: x"), 400],
  "a header name of raw bytes": [close("/metrics", "\xff: x"), 400],
  "a deadline that is not a number": [
    close("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: soon"),
    200,
  ],
  "a deadline below zero": [close("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: -1"), 200],
  "an endless deadline": [close("/metrics", "X-Prometheus-Scrape-Timeout-Seconds: 1e999"), 200],
  "an Accept of 7 KiB": [close("/metrics", `Accept: ${"a/b;q=0.1,".repeat(700)}`), 200],
  "a nonsensical Accept": [close("/metrics", 'Accept: ;;,"\\,/;q=,=;*'), 200],
  "a nonsensical Accept-Encoding": [close("/metrics", "Accept-Encoding: gzip;q=;;,=,*;q=9"), 200],
};

/** A request after which the server closes the connection. */
function close(target: string, ...headers: readonly string[]): string {
  return request(target, { headers: [...headers, "Connection: close"] });
}

for (const [what, [bytes, status]] of Object.entries(REQUESTS)) {
  testFault({
    name: what,
    // What waits for more is given up.
    server: () => ({ headersTimeoutMs: scaleWait(500) }),
    inflict: async ({ port, log }) => {
      const received = await rawExchange(port, bytes);
      if (status === "closed") assert.match(received, /^$|^HTTP\/1\.1 408 /);
      else assert.match(received, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(received.split("HTTP/1.1 ").length - 1 <= 1, true, "more than one answer");
      if (status !== 200) assert.doesNotMatch(received, /passwd|xxx|nonsense|%ff/);
      assert.deepEqual(log, []);
    },
  });
}
