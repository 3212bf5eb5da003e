// Throws bytes at a server. By hand, for long:
//
//   PROMHTTP_TEST_RUNS_FACTOR=30 npm test -- test/fault/fuzz.test.ts
//
// A failure prints the seed and the shrunken request. Under CI the seed is always the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseResponse } from "../helpers/http/parse-response.ts";
import { rawRequest, request } from "../helpers/http/raw-request.ts";
import { type TestServer, withServer } from "../helpers/http/with-server.ts";
import { scaleRuns } from "../helpers/scale-runs.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { assertHonest, readAnswer } from "./answer.ts";
import { assertServes } from "./fault.ts";
import { longSource } from "./long-source.ts";
import { IN_THREAD, THE_SERVER, WHERE } from "./thread-mode.ts";

/** In a thread, what is beyond the application is as it is without. */
const RUNS = scaleRuns(IN_THREAD ? 300 : 3_000);
const PARAMETERS = {
  numRuns: RUNS,
  ...(process.env["CI"] && { seed: 20_260_101 }),
  // Shrinking what hangs would never end.
  interruptAfterTimeLimit: Math.max(60_000, RUNS * 20),
};

/** The statuses of a server whose metrics are in order. */
const STATUSES = [200, 204, 400, 403, 404, 405, 408, 413, 414, 417, 431, 501, 503];

const REQUESTS = [
  request("/metrics"),
  request("/metrics?name[]=long&name[]=up", { headers: ["Accept-Encoding: gzip"] }),
  request("/metrics", {
    headers: [
      "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5",
      "X-Prometheus-Scrape-Timeout-Seconds: 10",
    ],
  }),
  request("/", { method: "OPTIONS", headers: ["Connection: close"] }),
  `${request("/metrics", { headers: ["Transfer-Encoding: chunked"] })}5\r\nhello\r\n0\r\n\r\n`,
  `${request("/-/ready", { method: "PUT", headers: ["Content-Length: 5"] })}hello`,
  "GET /metrics HTTP/1.0\r\n\r\n",
];

/** What HTTP gives a meaning to, and what it forbids. */
const PIECES = [
  ..."\r\n\0\t :;,=/?%#*\x7f\xff\"'[]",
  "\r\n",
  "\r\n\r\n",
  "\r\n ",
  "%ff",
  "http://",
  "//",
  "Host: x\r\n",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Expect: 100-continue\r\n",
  "Connection: Upgrade\r\nUpgrade: h2c\r\n",
  "HTTP/1.1",
  "HTTP/2.0",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  "x".repeat(9_000),
];

const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)) });
const edit = fc.record({
  at: fc.nat(400),
  remove: fc.nat(8),
  insert: fc.oneof(fc.constantFrom(...PIECES), bytes),
});
const mutated = fc
  .tuple(fc.constantFrom(...REQUESTS), fc.array(edit, { minLength: 1, maxLength: 4 }))
  .map(([start, edits]) =>
    edits.reduce((text, { at, remove, insert }) => {
      const position = at % (text.length + 1);
      return text.slice(0, position) + insert + text.slice(position + remove);
    }, start),
  );
const spliced = fc
  .array(fc.constantFrom(...PIECES, ...REQUESTS), { maxLength: 8 })
  .map((parts) => parts.join(""));

/** Runs a property against one server, and asserts that it is as good as new in the end. */
async function fuzz<T>(
  input: fc.Arbitrary<T>,
  check: (server: TestServer, value: T) => Promise<void>,
): Promise<void> {
  const options = {
    ...WHERE,
    source: longSource(() => 3),
    headersTimeoutMs: scaleWait(5_000),
    logger: false,
  } as const;
  await withServer(options, async (server) => {
    const property = fc.asyncProperty(input, (value) => check(server, value));
    await fc.assert(property, PARAMETERS);
    await assertServes(server);
  });
}

test(`${THE_SERVER} survives any bytes, and answers only HTTP`, () =>
  fuzz(fc.oneof(mutated, spliced, bytes), async ({ connect, port }, sent) => {
    const connection = await connect();
    void connection.send(sent).catch(() => {});
    // By the time that others are answered, so are these bytes, if they ever are.
    for (let round = 0; round < 2; round++) {
      assert.equal((await rawRequest(port, request("/-/healthy"))).status, 200);
    }
    connection.socket.destroy();
    assertAnswers(await connection.closed(), !/HEAD/.test(sent));
  }));

/** Asserts that what was received are responses, the last of them perhaps cut off by ourselves. */
function assertAnswers(received: string, hasBodies: boolean): void {
  for (let rest = received; rest !== ""; ) {
    assert.ok(rest.startsWith("HTTP/1.1 ".slice(0, rest.length)), rest.slice(0, 100));
    if (rest.startsWith("HTTP/1.1 100 Continue\r\n\r\n")) assert.fail("a body is asked for");
    const answer = parseResponse(rest);
    if (answer === undefined || !hasBodies) return;
    assert.ok(STATUSES.includes(answer.status), answer.head);
    const { status, headers, body } = answer;
    const isScrape = status === 200 && headers["vary"] !== undefined;
    if (isScrape && headers["content-encoding"] === undefined) {
      const contentType = headers["content-type"] ?? "";
      assertHonest({ status, contentType, body: Buffer.from(body, "latin1") });
    }
    rest = answer.rest;
  }
}

/** Any value of a header: what Node's own client would refuse to send is covered above. */
const headerValue = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) }),
  fc
    .array(
      fc.constantFrom(
        ...[",", ";", "=", " ", "\t", '"', "\\", "*", "/", "*/*", "q=", "q=0", "q=1", "0.5", "-1"],
        ...[
          "text/plain",
          "application/openmetrics-text",
          "version=",
          "1.0.0",
          "0.0.4",
          "escaping=",
        ],
        ...["allow-utf-8", "underscores", "application/vnd.google.protobuf", "encoding=delimited"],
        ...["proto=io.prometheus.client.MetricFamily", "gzip", "zstd", "identity", "x-gzip", "br"],
        ...["1e999", "NaN", "\x80", "\xff"],
      ),
      { maxLength: 16 },
    )
    .map((parts) => parts.join("")),
);
const query = fc
  .array(fc.constantFrom(..."&=+%?/#[]", "name[]=", "name%5B%5D=", "long", "up", "%41", "%e2%82"), {
    maxLength: 12,
  })
  .map((parts) => parts.join("").replaceAll("#", "%23"));

test(`${THE_SERVER} serves a sound exposition whatever headers and query a scraper sends`, () =>
  fuzz(
    fc.record({
      accept: headerValue,
      encoding: headerValue,
      timeout: fc.oneof(fc.double().map(String), headerValue),
      query,
    }),
    async ({ connect }, { accept, encoding, timeout, query }) => {
      const connection = await connect();
      const headers = [
        `Accept: ${accept}`,
        `Accept-Encoding: ${encoding}`,
        `X-Prometheus-Scrape-Timeout-Seconds: ${timeout}`,
        "Connection: close",
      ];
      await connection.send(request(`/metrics?${query}`, { headers }));
      const answer = readAnswer(await connection.closed());
      // A broken escape is 400, a timeout near zero 503.
      assert.ok(answer && [200, 400, 503].includes(answer.status), String(answer?.status));
      assertHonest(answer);
    },
  ));
