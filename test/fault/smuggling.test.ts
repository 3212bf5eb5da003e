import assert from "node:assert/strict";
import { rawExchange } from "../helpers/http/raw-request.ts";
import { testFault } from "./fault.ts";

// Requests that two parsers may read in two ways: what a proxy takes for a body, a server may take
// for the next request (RFC 9112 §11.2). They are refused, and nothing behind them is answered.

const START = "POST /metrics HTTP/1.1\r\nHost: test\r\n";
const GET_START = "GET /metrics HTTP/1.1\r\nHost: test\r\n";
/** What must never be answered. */
const SMUGGLED = "GET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

const REQUESTS: Readonly<Record<string, string>> = {
  "both Content-Length and Transfer-Encoding": `${START}Content-Length: 4\r\n${CHUNKED}\r\n0\r\n\r\n`,
  "both Transfer-Encoding and Content-Length": `${START}${CHUNKED}Content-Length: 4\r\n\r\n0\r\n\r\n`,
  "both, in a GET": `${GET_START}Content-Length: 4\r\n${CHUNKED}\r\n0\r\n\r\n`,
  "two Content-Length that differ": `${START}Content-Length: 0\r\nContent-Length: 5\r\n\r\n`,
  "two Content-Length that are equal": `${START}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
  "a list as Content-Length": `${START}Content-Length: 0, 0\r\n\r\n`,
  "a signed Content-Length": `${START}Content-Length: +0\r\n\r\n`,
  "a negative Content-Length": `${START}Content-Length: -1\r\n\r\n`,
  "a hexadecimal Content-Length": `${START}Content-Length: 0x0\r\n\r\n`,
  "an empty Content-Length": `${START}Content-Length:\r\n\r\n`,
  "a huge Content-Length": `${START}Content-Length: 99999999999999999999\r\n\r\n`,
  "a Content-Length with a blank": `${START}Content-Length: 1 0\r\n\r\n`,
  "a body that has a length": `${GET_START}Content-Length: 5\r\n\r\nhello`,
  "a body in chunks": `${GET_START}${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`,
  "Transfer-Encoding: xchunked": `${START}Transfer-Encoding: xchunked\r\n\r\n`,
  "Transfer-Encoding: identity": `${START}Transfer-Encoding: identity\r\n\r\n`,
  "Transfer-Encoding: chunked, identity": `${START}Transfer-Encoding: chunked, identity\r\n\r\n`,
  "two Transfer-Encoding": `${START}${CHUNKED}Transfer-Encoding: x\r\n\r\n0\r\n\r\n`,
  "an empty Transfer-Encoding": `${START}Transfer-Encoding:\r\n\r\n`,
  "a Transfer-Encoding behind a vertical tab": `${START}Transfer-Encoding: \vchunked\r\n\r\n`,
  "a blank before a colon": `${START}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  "a blank before the first header": "GET /metrics HTTP/1.1\r\n Host: test\r\n\r\n",
  "an obsolete line folding": `${GET_START}X: a\r\n b\r\n\r\n`,
  "a folded Transfer-Encoding": `${START}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  "a bare CR in a header": `${GET_START}X: a\rTransfer-Encoding: chunked\r\n\r\n`,
  "bare CRs for line ends": "GET /metrics HTTP/1.1\rHost: test\r\r",
  "a bare LF in a header": `${GET_START}X: a\nContent-Length: 5\r\n\r\n`,
  "bare LFs for line ends": "GET /metrics HTTP/1.1\nHost: test\n\n",
  "a bare LF before the body": `${START}Content-Length: 5\r\n\n`,
  "a chunk with an odd extension": `${START}${CHUNKED}\r\n0;\x01=\n\r\n\r\n`,
  "a chunk whose extension holds a line feed": `${START}${CHUNKED}\r\n2;\nxx\r\n0\r\n\r\n`,
  "a chunk with a signed length": `${START}${CHUNKED}\r\n+0\r\n\r\n`,
  "a chunk with a huge length": `${START}${CHUNKED}\r\nfffffffffffffffff\r\n`,
  "chunks without an end of line": `${START}${CHUNKED}\r\n1\r\nZZ0\r\n\r\n`,
  "an expectation": `${START}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
  "a blank behind the version": "GET /metrics HTTP/1.1 \r\nHost: test\r\n\r\n",
};

for (const [what, bytes] of Object.entries(REQUESTS)) {
  testFault({
    name: what,
    inflict: async ({ port, log }) => {
      const received = await rawExchange(port, bytes + SMUGGLED);
      assert.match(received, /^HTTP\/1\.1 (?:4\d\d|501) /);
      assert.equal(received.split("HTTP/1.1 ").length, 2, "what stands behind it is answered");
      assert.doesNotMatch(received, /Healthy/);
      assert.deepEqual(log, []);
    },
  });
}
