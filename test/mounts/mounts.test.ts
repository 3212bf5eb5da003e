import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { render } from "../../src/index.ts";
import { blockingGatherer } from "../helpers/blocking-gatherer.ts";
import { countingGatherer, UP_TEXT } from "../helpers/counting-gatherer.ts";
import { httpGet } from "../helpers/http-get.ts";
import { createLargeRegistry } from "../helpers/large-registry.ts";
import { longGatherer } from "../helpers/long-gatherer.ts";
import { rawRequest, request } from "../helpers/raw-request.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { scaleWait } from "../helpers/wait-factor.ts";
import { withMount } from "../helpers/with-mount.ts";
import { MOUNTS } from "./mounts.ts";

const SCRAPE = request("/metrics");
/** For ever, as far as a test is concerned: some 100 GB. */
const ENDLESS = 1e8;

const FORMATS = {
  "text/plain;version=0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  "application/openmetrics-text;version=1.0.0":
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited":
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

const large = createLargeRegistry();
const largeText = Buffer.from((await render(large)).body).toString("latin1");
assert.ok(largeText.length > 4_000_000);

for (const [name, mount] of Object.entries(MOUNTS)) {
  test(`${name} serves the format and the families that a scraper asks for`, () =>
    withMount({ mount }, async ({ port, log }) => {
      for (const [accept, contentType] of Object.entries(FORMATS)) {
        const url = `http://127.0.0.1:${port}/metrics?name[]=up`;
        const response = await httpGet(url, { accept });
        assert.equal(response.status, 200);
        assert.equal(response.headers["content-type"], contentType);
        assert.equal(response.headers["content-length"], String(response.body.length));
        assert.equal(response.headers["x-content-type-options"], "nosniff");
        assert.equal(response.headers["cache-control"], "no-store, no-transform");
        if (accept.startsWith("text/plain")) assert.equal(`${response.body}`, UP_TEXT);
      }
      assert.deepEqual(log, []);
    }));

  test(`${name} answers HEAD without gathering, and keeps the connection`, async () => {
    const source = countingGatherer();
    await withMount({ mount, source, selfMetrics: false }, async ({ connect }) => {
      const connection = await connect();
      await connection.send(request("/metrics", { method: "HEAD" }));
      const head = await connection.response({ isHead: true });
      assert.equal(head.status, 200);
      assert.equal(head.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
      assert.equal(head.headers["content-length"], undefined);
      assert.equal(source.calls, 0);
      await connection.send(SCRAPE);
      assert.equal((await connection.response()).body, UP_TEXT);
    });
  });

  test(`${name} refuses other methods`, () =>
    withMount({ mount }, async ({ port }) => {
      for (const method of ["POST", "PUT", "DELETE"]) {
        const headers = ["Content-Length: 0"];
        const response = await rawRequest(port, request("/metrics", { method, headers }));
        assert.equal(response.status, 405);
        assert.equal(response.headers["allow"], "GET, HEAD, OPTIONS");
        assert.equal(response.body, "Method not allowed.\n");
      }
      const { status, headers } = await rawRequest(
        port,
        request("/metrics", { method: "OPTIONS" }),
      );
      assert.equal(status, 204);
      assert.equal(headers["allow"], "GET, HEAD, OPTIONS");
    }));

  for (const encoding of ["identity", "gzip"]) {
    test(`${name} streams a large body whole: ${encoding}`, () =>
      withMount({ mount, source: large, selfMetrics: false }, async ({ connect, log }) => {
        const connection = await connect();
        for (let scrape = 0; scrape < 2; scrape++) {
          await connection.send(request("/metrics", { headers: [`Accept-Encoding: ${encoding}`] }));
          const { headers, body } = await connection.response();
          assert.equal(headers["transfer-encoding"], "chunked");
          assert.equal(headers["content-length"], undefined);
          const isGzip = encoding === "gzip";
          assert.equal(headers["content-encoding"], isGzip ? "gzip" : undefined);
          const text = isGzip ? gunzipSync(Buffer.from(body, "latin1")).toString("latin1") : body;
          assert.ok(text === largeText);
        }
        assert.deepEqual(log, []);
      }));
  }

  test(`${name} answers 500 with a fixed text when a collector throws`, async () => {
    const source = {
      gather: () => {
        throw new Error("the password is 1234");
      },
    };
    await withMount({ mount, source }, async ({ port, log }) => {
      const { status, body } = await rawRequest(port, SCRAPE);
      assert.equal(status, 500);
      assert.equal(body, "The metrics could not be gathered. See the process log.\n");
      assert.equal(log.length, 1);
    });
  });

  for (const encoding of ["identity", "gzip"]) {
    test(`${name} cuts off a body that fails after its first byte: ${encoding}`, async () => {
      const source = longGatherer(ENDLESS, (read) => {
        if (read === 20_000) throw new Error("the password is 1234");
      });
      await withMount({ mount, source }, async ({ connect, port, log }) => {
        const connection = await connect();
        await connection.send(request("/metrics", { headers: [`Accept-Encoding: ${encoding}`] }));
        const text = await connection.closed();
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.doesNotMatch(text, /\r\n0\r\n|password|HTTP\/1\.1 500/);
        await turnsUntil("the log", () => log.length > 0);
        assert.match(log.join("\n"), /^error promhttp: The scrape failed: Error: the password/);
        assert.equal((await rawRequest(port, request("/metrics", { method: "HEAD" }))).status, 200);
      });
    });
  }

  test(`${name} stops gathering when the client leaves`, async () => {
    const source = blockingGatherer();
    await withMount({ mount, source }, async ({ connect, log }) => {
      const connection = await connect();
      await connection.send(SCRAPE);
      const signal = await source.started();
      connection.socket.destroy();
      await turnsUntil("the abort", () => signal.aborted);
      source.release();
      const next = await connect();
      await next.send(SCRAPE);
      const { body } = await next.response();
      assert.match(body, /_requests_in_flight 1\n/);
      assert.match(body, /\{event="aborted"\} 1\n/);
      assert.deepEqual(log, []);
    });
  });

  test(`${name} reads no faster than the client, and stops when it leaves`, async () => {
    const source = longGatherer(ENDLESS);
    await withMount({ mount, source }, async ({ connect, port, log }) => {
      const connection = await connect();
      connection.socket.pause();
      await connection.send(SCRAPE);
      // It goes on until the kernel is full, and then stands still.
      for (let idle = 0, read = 0; idle < 200; idle = source.read === read ? idle + 1 : 0) {
        read = source.read;
        await (read === 0 ? turnsUntil("the first metric", () => source.read > 0) : turns(1));
        assert.ok(read < 200_000, "200 MB were written to a client that reads nothing");
      }
      connection.socket.destroy();
      await source.stopped();
      assert.deepEqual(log, []);
      assert.equal((await rawRequest(port, request("/metrics", { method: "HEAD" }))).status, 200);
    });
  });

  test(`${name} cuts off a client that takes longer than a scrape may`, () =>
    withMount(
      { mount, source: longGatherer(ENDLESS), timeoutMs: scaleWait(1_000) },
      async ({ connect, log }) => {
        const connection = await connect();
        connection.socket.pause();
        await connection.send(SCRAPE);
        await turnsUntil("the time-out", () => log.length > 0);
        assert.match(log[0] ?? "", /^error promhttp: The scrape failed: ScrapeTimeoutError: /);
        connection.socket.resume();
        assert.doesNotMatch(await connection.closed(), /\r\n0\r\n|Error/);
        assert.equal(log.length, 1);
      },
    ));
}
