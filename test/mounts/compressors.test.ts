import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import compression from "compression";
import express from "express";
import { Hono } from "hono";
import { compress } from "hono/compress";
import type { HandlerOptions } from "../../src/index.ts";
import { noise } from "../exposition/compression/helpers.ts";
import { countingGatherer, UP_TEXT } from "../helpers/counting-gatherer.ts";
import { type HttpAnswer, httpGet } from "../helpers/http-get.ts";
import { longGatherer } from "../helpers/long-gatherer.ts";
import { rawRequest, request } from "../helpers/raw-request.ts";
import { turns, turnsUntil } from "../helpers/turns.ts";
import { listen, type Mount, withMount } from "../helpers/with-mount.ts";
import { serveFetch } from "./mounts.ts";

/** Before Node 24, `CompressionStream` takes 16,384 chunks, however slowly they are read. */
const IS_BOUNDED = Number(process.versions.node.split(".")[0]) >= 24;

/** Servers that compress what their handlers send. */
const COMPRESSORS: Readonly<Record<string, Mount>> = {
  "compression on Express": (handler) =>
    listen(createServer(express().use(compression()).all("/metrics", handler))),

  "compression on Express, of the smallest bodies": (handler) =>
    listen(
      createServer(
        express()
          .use(compression({ threshold: 0 }))
          .all("/metrics", handler),
      ),
    ),

  "compress() of Hono": (handler) =>
    serveFetch(new Hono().use(compress()).all("/metrics", (c) => handler.fetch(c.req.raw)).fetch),
};

/** For ever, as far as a test is concerned. */
const ENDLESS = 1e8;

/** More than any compressor looks back. */
const PADDINGS = Array.from({ length: 400 }, (_, i) =>
  Buffer.from(noise(750, i + 1)).toString("base64"),
);
const paddingOf = (read: number): string => PADDINGS[read % PADDINGS.length] ?? "";

/** 300 kB: more than is sent as a whole. */
const LINES = 300;

const LONG_TEXT = Array.from(
  { length: LINES },
  (_, value) => `long{padding="${paddingOf(value)}"} ${value}\n`,
);

function decode({ headers, body }: HttpAnswer): string {
  const encoding = headers["content-encoding"];
  if (encoding === "gzip") return gunzipSync(body).toString();
  if (encoding === "br") return brotliDecompressSync(body).toString();
  if (encoding === "deflate") return inflateSync(body).toString();
  assert.equal(encoding, undefined);
  return body.toString();
}

/** Which encodings a scraper may get that asks for these. */
const ACCEPTED: Readonly<Record<string, readonly (string | undefined)[]>> = {
  gzip: ["gzip", undefined],
  "gzip, deflate, br": ["gzip", "br", undefined],
  "deflate;q=1, gzip;q=0.1": ["deflate", "gzip", undefined],
  br: ["br", undefined],
  identity: [undefined],
  "gzip;q=0, *;q=0": [undefined],
};

const SETTINGS: readonly HandlerOptions[] = [{}, { compression: false }];

for (const [name, mount] of Object.entries(COMPRESSORS)) {
  for (const options of SETTINGS) {
    const title = `${name}, with ${JSON.stringify(options)}`;

    test(`A scraper gets one layer of encoding that it accepts: ${title}`, async () => {
      const source = [countingGatherer(), longGatherer(LINES, undefined, paddingOf)];
      await withMount({ mount, source, selfMetrics: false, ...options }, async ({ port, log }) => {
        for (const [accepted, legal] of Object.entries(ACCEPTED)) {
          for (const [query, expected] of [
            ["?name[]=up", UP_TEXT],
            ["?name[]=long", `# TYPE long gauge\n${LONG_TEXT.join("")}`],
          ] as const) {
            const url = `http://127.0.0.1:${port}/metrics${query}`;
            const answer = await httpGet(url, { "accept-encoding": accepted });
            const { "content-encoding": encoding, "content-length": length } = answer.headers;
            assert.equal(answer.status, 200);
            assert.ok(legal.includes(encoding), `${encoding} for ${accepted}`);
            assert.ok(length === undefined || Number(length) === answer.body.length);
            assert.ok(decode(answer) === expected, accepted);
          }
        }
        assert.deepEqual(log, []);
      });
    });

    test(`A compressed scrape is read no faster than the client reads it: ${title}`, async () => {
      const isBounded = options.compression !== false || !name.includes("Hono") || IS_BOUNDED;
      const source = longGatherer(ENDLESS, undefined, paddingOf);
      await withMount({ mount, source, ...options }, async ({ connect, log }) => {
        const connection = await connect();
        await connection.send(request("/metrics", { headers: ["Accept-Encoding: gzip"] }));
        await connection.until("some of the body", () => connection.received.length > 1_000_000);
        connection.socket.pause();
        const from = source.read;
        for (
          let idle = 0, read = -1;
          isBounded && idle < 500;
          idle = source.read === read ? idle + 1 : 0
        ) {
          read = source.read;
          await turns(1);
          assert.ok(read - from < 50_000, "50 MB were read for a client that reads nothing");
        }
        connection.socket.destroy();
        await source.stopped();
        assert.deepEqual(log, []);
      });
    });

    test(`A compressed scrape that fails is cut off: ${title}`, async () => {
      const onRead = (read: number) => {
        if (read === 500) throw new Error("the password is 1234");
      };
      const source = longGatherer(ENDLESS, onRead, paddingOf);
      await withMount({ mount, source, ...options }, async ({ connect, port, log }) => {
        const connection = await connect();
        await connection.send(request("/metrics", { headers: ["Accept-Encoding: gzip"] }));
        const text = await connection.closed();
        assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
        assert.match(text, /^content-encoding: gzip\r$/im);
        assert.ok(!text.endsWith("\r\n0\r\n\r\n"));
        await turnsUntil("the log", () => log.length > 0);
        assert.match(log.join("\n"), /^error promhttp: The scrape failed: Error: the password/);
        assert.equal((await rawRequest(port, request("/metrics", { method: "HEAD" }))).status, 200);
      });
    });
  }
}

test("A response that says how it is encoded is not compressed again", async () => {
  const mount: Mount = (handler) =>
    listen(
      createServer((request, response: ServerResponse) => {
        response.setHeader("Content-Encoding", "br");
        response.setHeader("Content-Length", "7");
        handler(request, response);
      }),
    );
  const source = longGatherer(LINES, undefined, paddingOf);
  await withMount({ mount, source, selfMetrics: false }, async ({ port }) => {
    const url = `http://127.0.0.1:${port}/metrics`;
    const { headers, body } = await httpGet(url, { "accept-encoding": "gzip" });
    // What stands in for the outer handler here sends the bytes as they are.
    assert.equal(headers["content-encoding"], "br");
    assert.equal(headers["content-length"], undefined);
    assert.ok(body.toString() === `# TYPE long gauge\n${LONG_TEXT.join("")}`);
  });
});
