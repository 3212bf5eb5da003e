import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import compression from "compression";
import express from "express";
import { Hono } from "hono";
import { compress } from "hono/compress";
import type { HandlerOptions } from "../../src/index.ts";
import { noise } from "../exposition/compression/helpers.ts";
import { UP_TEXT } from "../helpers/families.ts";
import { countingGatherer, longGatherer } from "../helpers/gatherers.ts";
import { type HttpAnswer, httpGet } from "../helpers/http/http-get.ts";
import { listen, type Mount, withMount } from "../helpers/http/with-mount.ts";
import { checksNamed } from "./contract.ts";
import { serveFetch } from "./frameworks.ts";
import { mountWay } from "./node-ways.ts";
import { testContract } from "./test-contract.ts";
import type { Way } from "./way.ts";

/** Servers that compress what their handlers send. */
const COMPRESSORS: Readonly<Record<string, Mount>> = {
  "compression()": (handler) =>
    listen(createServer(express().use(compression()).all("/metrics", handler))),

  "compression(0)": (handler) =>
    listen(
      createServer(
        express()
          .use(compression({ threshold: 0 }))
          .all("/metrics", handler),
      ),
    ),

  "Hono's compress()": (handler) =>
    serveFetch(new Hono().use(compress()).all("/metrics", (c) => handler.fetch(c.req.raw)).fetch),
};

const IS_BOUNDED = Number(process.versions.node.split(".")[0]) >= 24;
const UNBOUNDED = {
  "reads no faster than the client: gzip":
    "Before Node 24, CompressionStream takes 16,384 chunks, however slowly they are read.",
};

/** More than any compressor looks back. */
const PADDINGS = Array.from({ length: 400 }, (_, i) =>
  Buffer.from(noise(750, i + 1)).toString("base64"),
);
const paddingOf = (read: number): string => PADDINGS[read % PADDINGS.length] ?? "";

/** 300 kB: more than is sent as a whole. */
const LINES = 300;

const LONG_TEXT = Array.from(
  { length: LINES },
  (_, value) => `long{index="${value}",padding="${paddingOf(value)}"} ${value}\n`,
);

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
    const title = options.compression === false ? `${name}, ours off,` : name;
    const { start } = mountWay(title, mount);
    const way: Way = {
      name: title,
      start: (setup) => start({ ...setup, options: { ...setup.options, ...options } }),
      ...(title === "Hono's compress(), ours off," && !IS_BOUNDED && { cannot: UNBOUNDED }),
    };
    testContract([way], checksNamed(/: gzip$/));

    test(`${title} encodes once, as the scraper accepts`, async () => {
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
  }
}

function decode({ headers, body }: HttpAnswer): string {
  const encoding = headers["content-encoding"];
  if (encoding === "gzip") return gunzipSync(body).toString();
  if (encoding === "br") return brotliDecompressSync(body).toString();
  if (encoding === "deflate") return inflateSync(body).toString();
  assert.equal(encoding, undefined);
  return body.toString();
}

test("a response that says how it is encoded is not compressed again", async () => {
  const mount: Mount = (handler) =>
    listen(
      createServer((request, response) => {
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
